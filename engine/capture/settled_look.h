// SPDX-License-Identifier: Apache-2.0
// What the files of a database looked like when a look left nothing to do. Events tell of the next
// change; the look that comes every half minute in case one was lost finds the same times in a few
// stat calls, where asking for locks and reading headers again costs ten times that. With hundreds
// of databases at rest that is what the recorder does all day.
//
// A commit writes the WAL, the journal or the file itself, so it moves the times of one of them.
// Owned by one SqliteCapture; one thread at a time.
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
        Begun(const SourceFolder& folder, const Clock& clock);

    private:
        friend class SettledLook;
        /// In the order of SourceRole; empty: no such file. No value at all: it could not be asked.
        using AllFacts = std::array<std::optional<FileFacts>, 4>;
        static std::optional<AllFacts> factsIn(const SourceFolder& folder);

        StampWatch m_watch;
        std::optional<AllFacts> m_facts;
    };

    /// The look that began there ended with nothing to do.
    void settled(const Begun& begun, const Clock& clock);

    void forget() noexcept { m_facts.reset(); }

    /// Nothing was written since the last full look. Only for a look that nobody asked for: false
    /// right after the last one, where it comes from an event, and false after many minutes, so
    /// that no trust lasts for ever.
    bool stillHolds(const SourceFolder& folder, const Clock& clock) const;

private:
    std::optional<Begun::AllFacts> m_facts;
    Steady m_at{};
};

}  // namespace engine
