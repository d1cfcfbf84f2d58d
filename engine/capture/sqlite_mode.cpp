// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/sqlite_mode.h"

#include <array>

#include "engine/capture/sqlite_journal_sight.h"
#include "engine/capture/sqlite_wal_index.h"

namespace engine {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSoon{1};
constexpr milliseconds kWhile{1000};
constexpr milliseconds kLong{30'000};

ModeLook waitIn(CaptureMode mode, std::optional<Waiting> waiting, milliseconds pause) {
    return ModeLook{mode, true, waiting, pause};
}

ModeLook follow(CaptureMode mode) {
    return ModeLook{mode, false, std::nullopt, {}};
}

/// Neither shared memory nor a valid WAL.
Result<ModeLook> withoutWal(SqliteFiles& files) {
    std::array<std::byte, kSqliteHeaderBytes> bytes;
    ENGINE_TRY_ASSIGN(const FileFacts facts, files.database()->facts());
    ENGINE_TRY_ASSIGN(const bool whole, readWhole(*files.database(), 0, bytes));
    if (!whole) {
        return waitIn(CaptureMode::Unknown, Waiting::NotADatabase, kWhile);
    }
    const auto header = SqliteHeader::parse(bytes);
    if (header.ok() && !header.value().usesWal()) {
        return follow(CaptureMode::Journal);
    }
    ENGINE_TRY_ASSIGN(const JournalSight sight,
                      lookAtJournal(files.folder(), *files.database(), facts));
    switch (sight.row) {
        case JournalRow::Committed:
            return follow(CaptureMode::WalAtRest);
        case JournalRow::ExclusiveAtRest:
        case JournalRow::ExclusiveWithoutJournal:
            // An app that holds a WAL database for itself writes to its WAL first.
            return files.wal() != nullptr
                       ? follow(CaptureMode::WalAtRest)
                       : waitIn(CaptureMode::WhenClosed, Waiting::AppHoldsLock, kWhile);
        case JournalRow::WriterFillsJournal:
        case JournalRow::Committing:
        case JournalRow::Crashed:
            return follow(CaptureMode::Journal);
        case JournalRow::Changing:
            return waitIn(CaptureMode::Unknown, std::nullopt, kSoon);
        case JournalRow::NotAllowed:
            return waitIn(CaptureMode::NotSupported, Waiting::NoPermission, kLong);
    }
    return waitIn(CaptureMode::Unknown, std::nullopt, kSoon);
}

}  // namespace

Result<ModeLook> lookAtMode(SqliteFiles& files) {
    const LockState attached = files.shm() != nullptr
                                   ? files.shm()->lockQuestion(rangeOf(kShmAttachedLock))
                                   : files.attached();
    switch (attached) {
        case LockState::Shared:
            return follow(CaptureMode::WalShared);
        case LockState::Exclusive:  // the first one is just attaching
            return waitIn(CaptureMode::WalShared, std::nullopt, kSoon);
        case LockState::Unknown:
            if (files.shm() == nullptr) {
                return waitIn(CaptureMode::Unknown, std::nullopt, kSoon);
            }
            return waitIn(CaptureMode::NotSupported, Waiting::NoPermission, kLong);
        case LockState::Free:
            break;
    }
    if (files.wal() != nullptr) {
        ENGINE_TRY_ASSIGN(const auto header, readWalHeader(*files.wal()));
        if (header) {
            return follow(CaptureMode::WalChain);
        }
    }
    return withoutWal(files);
}

}  // namespace engine
