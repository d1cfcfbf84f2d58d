// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/sqlite_journal_sight.h"

#include <array>

#include "engine/capture/mutation.h"
#include "engine/format/sqlite_journal_layout.h"
#include "engine/format/sqlite_layout.h"

namespace engine {
namespace {

struct JournalFile {
    bool there = false;
    bool readable = true;
    bool hot = false;
    FileFacts facts;
};

Result<JournalFile> readJournalFile(SourceFolder& folder) {
    JournalFile journal;
    auto opened = folder.open(SourceRole::Journal);
    if (!opened.ok()) {
        const ErrorCode code = opened.error().code;
        if (code == ErrorCode::NotFound) {
            return journal;
        }
        if (code != ErrorCode::PermissionDenied && code != ErrorCode::Unsupported) {
            return std::move(opened).error();
        }
        journal.there = true;
        journal.readable = false;
        return journal;
    }
    const SourceFile& file = *opened.value();
    ENGINE_TRY_ASSIGN(journal.facts, file.facts());
    std::array<std::byte, 1> first{};
    ENGINE_TRY_ASSIGN(const std::size_t count, file.readAt(0, first));
    journal.there = true;
    journal.hot = count == 1 && isHotJournal(journal.facts.size, first[0]);
    return journal;
}

LockState askExclusive(const SourceFile& database) {
    if (mutated(mutation::kJournalLocksIgnored)) {
        return LockState::Free;
    }
    return database.lockQuestion({kSharedLock.offset, kSharedLock.length});
}

LockState askReserved(const SourceFile& database) {
    return database.lockQuestion({kReservedLock.offset, kReservedLock.length});
}

JournalRow rowOfExclusive(const JournalFile& journal, const FileFacts& database) {
    if (journal.hot) {
        return JournalRow::Committing;
    }
    // A commit with a journal file ends in the journal. A file that is newer than its journal was
    // written without it: a journal left from before, and MEMORY or OFF now.
    const bool inUse = journal.there && journal.facts.mtimeNs >= database.mtimeNs;
    return inUse ? JournalRow::ExclusiveAtRest : JournalRow::ExclusiveWithoutJournal;
}

/// Hot and nobody writes: a crash, or a writer that began and ended between our questions. The
/// same answers a second time, about the same journal, leave the crash.
Result<JournalSight> askAgain(SourceFolder& folder,
                              const SourceFile& database,
                              const JournalFile& before) {
    const LockState exclusive = askExclusive(database);
    ENGINE_TRY_ASSIGN(const JournalFile journal, readJournalFile(folder));
    const LockState reserved = askReserved(database);
    const bool free = exclusive != LockState::Exclusive && exclusive != LockState::Unknown &&
                      reserved == LockState::Free;
    const bool same = journal.there && journal.hot && journal.facts.sameFile(before.facts) &&
                      journal.facts.sameStamp(before.facts);
    if (!free || !same) {
        return JournalSight{JournalRow::Changing, std::nullopt};
    }
    return JournalSight{JournalRow::Crashed, journal.facts};
}

}  // namespace

Result<JournalSight> lookAtJournal(SourceFolder& folder,
                                   const SourceFile& database,
                                   const FileFacts& facts) {
    const LockState exclusive = askExclusive(database);
    ENGINE_TRY_ASSIGN(const JournalFile journal, readJournalFile(folder));
    if (exclusive == LockState::Unknown || !journal.readable) {
        return JournalSight{JournalRow::NotAllowed, std::nullopt};
    }
    if (exclusive == LockState::Exclusive) {
        return JournalSight{rowOfExclusive(journal, facts), std::nullopt};
    }
    if (!journal.hot) {
        return JournalSight{JournalRow::Committed, std::nullopt};
    }
    switch (askReserved(database)) {
        case LockState::Unknown:
            return JournalSight{JournalRow::NotAllowed, std::nullopt};
        case LockState::Shared:
        case LockState::Exclusive:
            return JournalSight{JournalRow::WriterFillsJournal, std::nullopt};
        case LockState::Free:
            break;
    }
    return askAgain(folder, database, journal);
}

}  // namespace engine
