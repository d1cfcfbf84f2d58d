// SPDX-License-Identifier: Apache-2.0
// Notices that the program died while it was handling one database at its start. At two such ends
// in a row the database is left alone, so that the others start; a person's retry or a change of
// the file gives it another try.
//
// A small file in the database's state folder, written without fsync: it has to survive the end of
// the process, not that of the machine, and an innocent database must not be held for a power cut.
// Errors of the file are ignored: it protects, nothing depends on it. One thread at a time.
#pragma once

#include <cstdint>
#include <string>

namespace engine {

class Quarantine {
public:
    Quarantine(std::string markerPath, std::string databasePath);

    bool holds() const noexcept { return m_aborts >= kAbortsMax; }

    /// Begins and ends the handling of the database.
    void enter();
    void leave();
    /// The start is over, all went well: forgets everything.
    void passed();

    /// The database file is another one than when it was last handled.
    bool fileChanged() const;
    void releaseByPerson();
    /// One more end of the program and it is held again.
    void releaseByChange();

private:
    static constexpr std::uint64_t kAbortsMax = 2;

    std::string fingerprint() const;
    void load();
    void store(bool handling);

    const std::string m_markerPath;
    const std::string m_databasePath;
    std::uint64_t m_aborts = 0;
    std::string m_fingerprint;  // when it was last handled
    bool m_stored = false;      // there is a file
};

}  // namespace engine
