// SPDX-License-Identifier: Apache-2.0
// Capture's own words in Commit::origin: where in the source a captured state stands, with all
// that is needed to go on there after a restart.
#pragma once

#include <optional>

#include "engine/capture/source_file.h"
#include "engine/capture/sqlite_journal_reader.h"
#include "engine/capture/sqlite_wal_frames.h"

namespace engine {

struct SqliteOrigin {
    CaptureMode mode = CaptureMode::Unknown;
    std::optional<FileIdentity> file;      // of the database
    std::optional<WalPosition> wal;        // the WAL goes on from here
    std::optional<std::uint32_t> changes;  // iChange there; for people
    std::optional<FileFacts> rest;         // size and times at which the file was the state
    std::optional<std::uint32_t> counter;  // the header's change counter in the state
    std::optional<JournalPosition> journal;

    Attrs toAttrs() const;
    /// What cannot be read is left out: a sweep then finds out.
    static SqliteOrigin fromAttrs(const Attrs& attrs);
};

}  // namespace engine
