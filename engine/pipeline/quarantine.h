// SPDX-License-Identifier: Apache-2.0
// Notices that the program crashed while it was handling one database at its start. At two crashes
// in a row the database is left alone, so that the others start; a person's retry or a change of
// the file gives it another try. To be killed from outside is no crash: whoever is killed twice
// within the first second must not stop recording for it.
//
// A small file in the database's state folder, written without fsync: it has to survive the end of
// the process, not that of the machine. Errors of the file are ignored: it protects, nothing
// depends on it. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/crash_note.h"

namespace engine {

class Quarantine {
public:
    Quarantine(std::string markerPath, std::string databasePath);

    bool holds() const noexcept { return m_crashes >= kCrashesMax; }

    /// Begins and ends the handling of the database.
    void enter();
    void leave();
    /// The start is over, all went well: forgets everything.
    void passed();

    /// The database file is another one than when it was last handled.
    bool fileChanged() const;
    void releaseByPerson();
    /// One more crash and it is held again.
    void releaseByChange();

private:
    static constexpr std::uint64_t kCrashesMax = 2;

    std::string fingerprint() const;
    void load();
    Result<File> store();

    const std::string m_markerPath;
    const std::string m_databasePath;
    std::uint64_t m_crashes = 0;
    std::string m_fingerprint;  // when it was last handled
    bool m_stored = false;      // there is a file
    std::optional<CrashNote> m_note;
};

}  // namespace engine
