// SPDX-License-Identifier: Apache-2.0
// The bytes of a SQLite database, its WAL and its wal-index, and the ranges that SQLite locks.
// Rollback journals are in sqlite_journal_layout.h.
//
// Pure functions over bytes that nobody vouches for: what does not fit is Corruption, nothing is
// read past the view, no memory is taken. Everything is big-endian in the file except the
// wal-index, which is in the order of the machine that maps it.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace engine {

inline constexpr std::uint32_t kSqlitePageSizeMin = 512;
inline constexpr std::uint32_t kSqlitePageSizeMax = 65536;
inline constexpr std::size_t kSqliteHeaderBytes = 100;

constexpr bool isSqlitePageSize(std::uint64_t size) noexcept {
    return size >= kSqlitePageSizeMin && size <= kSqlitePageSizeMax && (size & (size - 1)) == 0;
}

/// A range of bytes that stands for a lock.
struct SqliteLockRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

// In the database file.
inline constexpr SqliteLockRange kPendingLock{0x4000'0000, 1};
inline constexpr SqliteLockRange kReservedLock{0x4000'0001, 1};
inline constexpr SqliteLockRange kSharedLock{0x4000'0002, 510};  // write-locked: EXCLUSIVE
// In -shm.
inline constexpr SqliteLockRange kShmWriteLock{120, 1};
inline constexpr SqliteLockRange kShmCheckpointLock{121, 1};
inline constexpr SqliteLockRange kShmRecoverLock{122, 1};
inline constexpr SqliteLockRange kShmReadLocks{123, 5};
inline constexpr SqliteLockRange kShmAttachedLock{128, 1};

/// The page that holds the lock bytes: never written, never in a WAL or a journal.
constexpr std::uint32_t lockBytePage(std::uint32_t pageSize) noexcept {
    return static_cast<std::uint32_t>(kPendingLock.offset / pageSize) + 1;
}

/// The first 100 bytes of a database.
struct SqliteHeader {
    std::uint32_t pageSize = 0;
    std::uint8_t writeVersion = 0;  // 1 rollback journal, 2 WAL
    std::uint8_t readVersion = 0;
    std::uint8_t reservedBytes = 0;  // at the end of each page
    std::uint32_t changeCounter = 0;
    std::uint32_t pageCount = 0;  // counts only while versionValidFor says so
    std::uint32_t versionValidFor = 0;

    bool usesWal() const noexcept { return readVersion == 2; }

    /// True where pageCount was written together with changeCounter.
    bool pageCountValid() const noexcept {
        return pageCount != 0 && changeCounter == versionValidFor;
    }

    /// The page count of a database at rest: the header's where it is valid and fits, else what
    /// the file holds (a file that grows in chunks is longer than its database).
    std::uint64_t pagesAtRest(std::uint64_t fileBytes) const noexcept;
    /// False where the header says more pages than the file has: torn, copied half, or cut.
    bool fitsInto(std::uint64_t fileBytes) const noexcept;

    /// Corruption where it is too short, not SQLite, or of an impossible page size.
    static Result<SqliteHeader> parse(ByteView bytes);
};

/// The running pair of the WAL's checksums.
struct WalChecksum {
    std::uint32_t first = 0;
    std::uint32_t second = 0;
    friend bool operator==(const WalChecksum&, const WalChecksum&) = default;
};

/// Goes on from a pair. The size is a multiple of 8 (ENSURE).
WalChecksum walChecksum(WalChecksum from, ByteView bytes, bool bigEndianWords) noexcept;

/// Drawn anew at each reset of the WAL; frames of older generations carry older salts.
struct WalSalts {
    std::uint32_t first = 0;
    std::uint32_t second = 0;
    friend bool operator==(const WalSalts&, const WalSalts&) = default;

    bool isZero() const noexcept { return first == 0 && second == 0; }
};

inline constexpr std::size_t kWalHeaderBytes = 32;
inline constexpr std::size_t kWalFrameHeaderBytes = 24;

struct WalHeader {
    bool bigEndianWords = false;  // of the checksums
    std::uint32_t pageSize = 0;
    std::uint32_t checkpoints = 0;  // nCkpt
    WalSalts salts;
    WalChecksum checksum;  // where the chain of the frames begins
    friend bool operator==(const WalHeader&, const WalHeader&) = default;
    /// Corruption where it is too short or not a valid header (checksum included).
    static Result<WalHeader> parse(ByteView bytes);
};

struct WalFrameHeader {
    std::uint32_t page = 0;
    std::uint32_t pageCount = 0;  // of the database after the commit; 0: not a commit frame
    WalSalts salts;
    WalChecksum checksum;

    bool isCommit() const noexcept { return pageCount != 0; }

    /// The view holds at least 24 bytes (ENSURE).
    static WalFrameHeader load(ByteView bytes) noexcept;
};

/// Frames count from 1. No frame number of 32 bits overflows.
constexpr std::uint64_t walFrameOffset(std::uint64_t frame, std::uint32_t pageSize) noexcept {
    return kWalHeaderBytes + (frame - 1) * (kWalFrameHeaderBytes + std::uint64_t{pageSize});
}

/// Whole frames that a WAL of this size has room for.
std::uint64_t walFrameCount(std::uint64_t walBytes, std::uint32_t pageSize) noexcept;
/// The pair after a frame: 24 bytes of header (of which 8 count), then the page.
WalChecksum walFrameChecksum(WalChecksum before,
                             ByteView header,
                             ByteView page,
                             bool bigEndianWords) noexcept;

inline constexpr std::size_t kWalIndexHeaderBytes = 48;  // at 0, its copy at 48

struct WalIndexHeader {
    std::uint32_t changes = 0;  // iChange: published commits since the index was built
    bool bigEndianWords = false;
    std::uint32_t pageSize = 0;   // 0 only while there is no frame
    std::uint32_t frames = 0;     // mxFrame: the last published frame, 0: none
    std::uint32_t pageCount = 0;  // of the database
    WalChecksum frameChecksum;    // of that frame
    WalSalts salts;
    friend bool operator==(const WalIndexHeader&, const WalIndexHeader&) = default;
    /// Corruption where the two copies differ or the header is not initialised, of another
    /// version or damaged: to be read again.
    static Result<WalIndexHeader> parse(ByteView header, ByteView copy);
};

}  // namespace engine
