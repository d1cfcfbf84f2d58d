// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/sqlite_wal_index.h"

#include <array>
#include <atomic>

#include "engine/capture/mutation.h"
#include "engine/capture/sqlite_files.h"

namespace engine {
namespace {

// A writer stores both copies within some hundred nanoseconds; one read takes longer than that.
constexpr int kTries = 64;

}  // namespace

Result<std::optional<WalIndexHeader>> readWalIndexHeader(const SourceFile& shm) {
    std::array<std::byte, kWalIndexHeaderBytes> header;
    std::array<std::byte, kWalIndexHeaderBytes> copy;
    for (int attempt = 0; attempt < kTries; ++attempt) {
        ENGINE_TRY_ASSIGN(const bool first, readWhole(shm, 0, header));
        std::atomic_thread_fence(std::memory_order_seq_cst);
        ENGINE_TRY_ASSIGN(const bool second, readWhole(shm, kWalIndexHeaderBytes, copy));
        if (!first || !second) {
            return std::optional<WalIndexHeader>();
        }
        const bool once = mutated(mutation::kIndexHeaderReadOnce);
        auto parsed = WalIndexHeader::parse(header, once ? header : copy);
        if (parsed.ok()) {
            return std::optional(std::move(parsed).value());
        }
    }
    return std::optional<WalIndexHeader>();
}

bool walIsAtPeace(const SourceFile& shm) {
    return shm.lockQuestion(rangeOf(kShmWriteLock)) == LockState::Free &&
           shm.lockQuestion(rangeOf(kShmRecoverLock)) == LockState::Free;
}

Result<std::optional<WalHeader>> readWalHeader(const SourceFile& wal) {
    std::array<std::byte, kWalHeaderBytes> bytes;
    ENGINE_TRY_ASSIGN(const bool whole, readWhole(wal, 0, bytes));
    if (!whole) {
        return std::optional<WalHeader>();
    }
    auto parsed = WalHeader::parse(bytes);
    if (!parsed.ok()) {
        return std::optional<WalHeader>();
    }
    return std::optional(std::move(parsed).value());
}

}  // namespace engine
