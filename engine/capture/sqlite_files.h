// SPDX-License-Identifier: Apache-2.0
// The open files of one SQLite database, and whether the paths still lead to them.
//
// A side file that was unlinked or replaced stays open until reopenSideFiles(): what it holds is
// still to be read (design: capture.md 3.6). Owned by one SqliteCapture; one thread at a time.
#pragma once

#include <memory>
#include <optional>

#include "engine/capture/source_file.h"
#include "engine/format/sqlite_layout.h"

namespace engine {

constexpr LockRange rangeOf(const SqliteLockRange& lock) noexcept {
    return LockRange{lock.offset, lock.length};
}

class SqliteFiles {
public:
    explicit SqliteFiles(std::unique_ptr<SourceFolder> folder)
        : m_folder(std::move(folder)) {}

    /// What the paths say against what is open.
    struct Look {
        bool databaseMissing = false;
        bool databaseReplaced = false;  // another file than the open one
        bool walChanged = false;        // held, and the path holds another file or none
        bool shmChanged = false;
        std::optional<Error> refused;  // no permission, or not a regular file

        bool sideFilesChanged() const noexcept { return walChanged || shmChanged; }
    };

    /// Opens what is there and was not open yet. Errors: I/O only.
    Result<Look> look();

    /// Takes up what the paths lead to now.
    void closeDatabase() noexcept { m_database = {}; }

    void closeSideFiles() noexcept;
    /// Nothing stays open between steps (removable media); the next look opens again.
    void closeAll() noexcept;

    SourceFolder& folder() noexcept { return *m_folder; }

    const SourceFile* database() const noexcept { return m_database.file.get(); }

    const SourceFile* wal() const noexcept { return m_wal.file.get(); }

    const SourceFile* shm() const noexcept { return m_shm.file.get(); }

    /// The WAL that we hold is the one at its path. Holding none: there is none.
    bool walInPlace() const;
    bool databaseInPlace() const;
    /// Byte 128 of the -shm that is at the path now. Free: nobody has the WAL open through shared
    /// memory. Another -shm than the held one counts as Unknown: look again.
    LockState attached();

private:
    struct Held {
        std::unique_ptr<SourceFile> file;
        FileFacts facts;
    };
    enum class Sight : std::uint8_t { Same, Missing, Other, Refused };

    Result<Sight> lookAt(SourceRole role, Held& held, Look& look);
    bool inPlace(SourceRole role, const Held& held) const;

    std::unique_ptr<SourceFolder> m_folder;
    Held m_database;
    Held m_wal;
    Held m_shm;
};

}  // namespace engine
