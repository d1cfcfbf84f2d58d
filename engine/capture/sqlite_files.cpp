// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/sqlite_files.h"

#include <utility>

namespace engine {
namespace {

bool isRefusal(const Error& error) noexcept {
    return error.code == ErrorCode::PermissionDenied || error.code == ErrorCode::Unsupported;
}

}  // namespace

Result<SqliteFiles::Sight> SqliteFiles::lookAt(SourceRole role, Held& held, Look& look) {
    auto facts = m_folder->factsAt(role);
    if (!facts.ok() && facts.error().code == ErrorCode::NotFound) {
        return Sight::Missing;
    }
    if (facts.ok() && held.file != nullptr) {
        return held.facts.sameFile(facts.value()) ? Sight::Same : Sight::Other;
    }
    auto opened = facts.ok() ? m_folder->open(role)
                             : Result<std::unique_ptr<SourceFile>>(std::move(facts).error());
    if (!opened.ok() && opened.error().code == ErrorCode::NotFound) {
        return Sight::Missing;
    }
    if (!opened.ok() && isRefusal(opened.error())) {
        look.refused = std::move(opened).error();
        return Sight::Refused;
    }
    if (!opened.ok()) {
        return std::move(opened).error();
    }
    held.file = std::move(opened).value();
    ENGINE_TRY_ASSIGN(held.facts, held.file->facts());
    return Sight::Same;
}

Result<SqliteFiles::Look> SqliteFiles::look() {
    m_folder->refresh();
    Look look;
    ENGINE_TRY_ASSIGN(const Sight database, lookAt(SourceRole::Database, m_database, look));
    look.databaseMissing = database == Sight::Missing;
    look.databaseReplaced = database == Sight::Other;
    const bool hadWal = m_wal.file != nullptr;
    const bool hadShm = m_shm.file != nullptr;
    ENGINE_TRY_ASSIGN(const Sight wal, lookAt(SourceRole::Wal, m_wal, look));
    look.walChanged = hadWal && wal != Sight::Same;
    ENGINE_TRY_ASSIGN(const Sight shm, lookAt(SourceRole::Shm, m_shm, look));
    look.shmChanged = hadShm && shm != Sight::Same;
    return look;
}

void SqliteFiles::closeSideFiles() noexcept {
    m_wal = {};
    m_shm = {};
}

void SqliteFiles::closeAll() noexcept {
    closeDatabase();
    closeSideFiles();
}

bool SqliteFiles::inPlace(SourceRole role, const Held& held) const {
    auto facts = m_folder->factsAt(role);
    if (held.file == nullptr) {
        return !facts.ok() && facts.error().code == ErrorCode::NotFound;
    }
    return facts.ok() && held.facts.sameFile(facts.value());
}

bool SqliteFiles::walInPlace() const {
    return inPlace(SourceRole::Wal, m_wal);
}

bool SqliteFiles::databaseInPlace() const {
    return inPlace(SourceRole::Database, m_database);
}

LockState SqliteFiles::attached() {
    if (m_shm.file != nullptr) {
        return inPlace(SourceRole::Shm, m_shm) ? m_shm.file->lockQuestion(rangeOf(kShmAttachedLock))
                                               : LockState::Unknown;
    }
    return inPlace(SourceRole::Shm, m_shm) ? LockState::Free : LockState::Unknown;
}

}  // namespace engine
