// SPDX-License-Identifier: Apache-2.0
// What the files of a database looked like when a look left nothing to do. Events tell of the next
// change; the look that comes every half minute in case one was lost finds the same times in a few
// stat calls, where asking for locks and reading headers again costs ten times that. With hundreds
// of databases at rest that is what the recorder does all day.
//
// A commit writes the WAL, the journal or the file itself, so it moves the times of one of them.
// The exception is an app with a rollback journal that writes its file through mapped memory: the
// times follow when the system likes, so there the change counter is asked, too. Owned by one
// SqliteCapture; one thread at a time.
#pragma once

#include <array>
#include <optional>

#include "engine/base/clock.h"
#include "engine/capture/source_file.h"
#include "engine/capture/stamp_watch.h"

namespace engine {

class SettledLook {
public:
    /// Before a look: the facts from which it may be told later that nothing was written since.
    class Begun {
    public:
        /// counted: the open database where its change counter counts, else null.
        Begun(const SourceFolder& folder, const SourceFile* counted, const Clock& clock);

    private:
        friend class SettledLook;
        /// In the order of SourceRole; empty: no such file. No value at all: it could not be asked.
        using AllFacts = std::array<std::optional<FileFacts>, 4>;
        static std::optional<AllFacts> factsIn(const SourceFolder& folder);

        StampWatch m_watch;
        std::optional<AllFacts> m_facts;
        std::uint32_t m_counter = 0;
    };

    /// The look that began there ended with nothing to do.
    void settled(const Begun& begun, const Clock& clock);

    void forget() noexcept { m_facts.reset(); }

    /// Nothing was written since the last full look. Only for a look that nobody asked for: false
    /// right after the last one, where it comes from an event, and false after many minutes, so
    /// that no trust lasts for ever.
    bool stillHolds(const SourceFolder& folder,
                    const SourceFile* counted,
                    const Clock& clock) const;

private:
    std::optional<Begun::AllFacts> m_facts;
    std::uint32_t m_counter = 0;
    Steady m_at{};
};

}  // namespace engine
