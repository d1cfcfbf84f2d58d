// SPDX-License-Identifier: Apache-2.0
// What the journal and the locks of a SQLite database say about its file at one moment: the table
// of the design (capture.md part 4). Asks only, never takes a lock.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/capture/source_file.h"

namespace engine {

enum class JournalRow : std::uint8_t {
    Committed,                // no hot journal, no EXCLUSIVE
    WriterFillsJournal,       // hot, RESERVED held: the file is untouched
    Crashed,                  // hot, nobody holds a writer's lock
    Committing,               // hot and EXCLUSIVE: the file is being written
    ExclusiveAtRest,          // EXCLUSIVE, a journal that is empty or zeroed
    ExclusiveWithoutJournal,  // EXCLUSIVE: the file may be written at any time without a sign
    Changing,                 // two answers did not fit together: ask again
    NotAllowed,               // the journal cannot be read or the locks cannot be asked about
};

struct JournalSight {
    JournalRow row = JournalRow::Changing;
    std::optional<FileFacts> hotJournal;  // Crashed: which journal it was

    /// The file is what the last commit left; Crashed: together with the journal.
    bool readable() const noexcept {
        return row == JournalRow::Committed || row == JournalRow::WriterFillsJournal ||
               row == JournalRow::Crashed || row == JournalRow::ExclusiveAtRest;
    }

    /// Whoever holds the file for itself need not count its commits.
    bool exclusiveApp() const noexcept {
        return row == JournalRow::ExclusiveAtRest || row == JournalRow::ExclusiveWithoutJournal;
    }
};

/// facts: of the database, taken before. Errors: I/O of the source.
Result<JournalSight> lookAtJournal(SourceFolder& folder,
                                   const SourceFile& database,
                                   const FileFacts& facts);

}  // namespace engine
