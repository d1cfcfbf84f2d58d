// SPDX-License-Identifier: Apache-2.0
#include "engine/format/sqlite_layout.h"

#include <algorithm>
#include <string_view>

#include "engine/base/ensure.h"

namespace engine {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kMagic = "SQLite format 3\0"sv;
constexpr std::uint32_t kWalMagic = 0x377f0682;
constexpr std::uint32_t kWalVersion = 3007000;

std::uint32_t be32(ByteView bytes, std::size_t at) noexcept {
    return loadBe<std::uint32_t>(bytes.data() + at);
}

std::uint32_t native32(ByteView bytes, std::size_t at) noexcept {
    return loadNative<std::uint32_t>(bytes.data() + at);
}

std::uint8_t byteAt(ByteView bytes, std::size_t at) noexcept {
    return std::to_integer<std::uint8_t>(bytes[at]);
}

/// Two bytes stand for 512..65536: 65536 is written as 1.
std::uint32_t widePageSize(std::uint16_t stored) noexcept {
    return stored == 1 ? 65536u : stored;
}

bool startsWith(ByteView bytes, std::string_view text) noexcept {
    return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

Error corrupt(std::string message) {
    return Error{ErrorCode::Corruption, std::move(message)};
}

template <bool kSwap>
WalChecksum sumWords(WalChecksum pair, const std::byte* at, const std::byte* end) noexcept {
    std::uint32_t first = pair.first;
    std::uint32_t second = pair.second;
    for (; at != end; at += 8) {
        std::uint32_t words[2];
        std::memcpy(words, at, sizeof(words));
        if constexpr (kSwap) {
            words[0] = detail::swapBytes(words[0]);
            words[1] = detail::swapBytes(words[1]);
        }
        // Each word meets the sum that is ready first: two additions a turn stay on the chain.
        first = (first + words[0]) + second;
        second = (second + words[1]) + first;
    }
    return {first, second};
}

}  // namespace

std::uint64_t SqliteHeader::pagesAtRest(std::uint64_t fileBytes) const noexcept {
    return pageCountValid() && fitsInto(fileBytes) ? pageCount : fileBytes / pageSize;
}

bool SqliteHeader::fitsInto(std::uint64_t fileBytes) const noexcept {
    return !pageCountValid() || std::uint64_t{pageCount} * pageSize <= fileBytes;
}

Result<SqliteHeader> SqliteHeader::parse(ByteView bytes) {
    if (bytes.size() < kSqliteHeaderBytes) {
        return corrupt("too short for a SQLite header");
    }
    if (!startsWith(bytes, kMagic)) {
        return corrupt("no SQLite header");
    }
    SqliteHeader header;
    header.pageSize = widePageSize(loadBe<std::uint16_t>(bytes.data() + 16));
    if (!isSqlitePageSize(header.pageSize)) {
        return corrupt("SQLite header with an impossible page size");
    }
    header.writeVersion = byteAt(bytes, 18);
    header.readVersion = byteAt(bytes, 19);
    header.reservedBytes = byteAt(bytes, 20);
    header.changeCounter = be32(bytes, 24);
    header.pageCount = be32(bytes, 28);
    header.versionValidFor = be32(bytes, 92);
    return header;
}

WalChecksum walChecksum(WalChecksum from, ByteView bytes, bool bigEndianWords) noexcept {
    ENSURE(bytes.size() % 8 == 0);
    const std::byte* end = bytes.data() + bytes.size();
    const bool swap = bigEndianWords == detail::kLittleEndian;
    return swap ? sumWords<true>(from, bytes.data(), end)
                : sumWords<false>(from, bytes.data(), end);
}

Result<WalHeader> WalHeader::parse(ByteView bytes) {
    if (bytes.size() < kWalHeaderBytes) {
        return corrupt("too short for a WAL header");
    }
    if ((be32(bytes, 0) & ~1u) != kWalMagic || be32(bytes, 4) != kWalVersion) {
        return corrupt("no WAL header");
    }
    WalHeader header;
    header.bigEndianWords = (be32(bytes, 0) & 1u) != 0;
    header.pageSize = be32(bytes, 8);
    header.checkpoints = be32(bytes, 12);
    header.salts = {be32(bytes, 16), be32(bytes, 20)};
    header.checksum = walChecksum({}, bytes.first(24), header.bigEndianWords);
    if (header.checksum != WalChecksum{be32(bytes, 24), be32(bytes, 28)}) {
        return corrupt("WAL header with a wrong checksum");
    }
    if (!isSqlitePageSize(header.pageSize)) {
        return corrupt("WAL header with an impossible page size");
    }
    return header;
}

WalFrameHeader WalFrameHeader::load(ByteView bytes) noexcept {
    ENSURE(bytes.size() >= kWalFrameHeaderBytes);
    WalFrameHeader header;
    header.page = be32(bytes, 0);
    header.pageCount = be32(bytes, 4);
    header.salts = {be32(bytes, 8), be32(bytes, 12)};
    header.checksum = {be32(bytes, 16), be32(bytes, 20)};
    return header;
}

std::uint64_t walFrameCount(std::uint64_t walBytes, std::uint32_t pageSize) noexcept {
    if (walBytes < kWalHeaderBytes) {
        return 0;
    }
    return (walBytes - kWalHeaderBytes) / (kWalFrameHeaderBytes + std::uint64_t{pageSize});
}

WalChecksum walFrameChecksum(WalChecksum before,
                             ByteView header,
                             ByteView page,
                             bool bigEndianWords) noexcept {
    ENSURE(header.size() >= kWalFrameHeaderBytes);
    return walChecksum(walChecksum(before, header.first(8), bigEndianWords), page, bigEndianWords);
}

Result<WalIndexHeader> WalIndexHeader::parse(ByteView header, ByteView copy) {
    if (header.size() < kWalIndexHeaderBytes || copy.size() < kWalIndexHeaderBytes) {
        return corrupt("too short for a wal-index header");
    }
    header = header.first(kWalIndexHeaderBytes);
    if (std::memcmp(header.data(), copy.data(), kWalIndexHeaderBytes) != 0) {
        return corrupt("wal-index header is being written");
    }
    const WalChecksum stored{native32(header, 40), native32(header, 44)};
    if (native32(header, 0) != kWalVersion || byteAt(header, 12) != 1 ||
        walChecksum({}, header.first(40), !detail::kLittleEndian) != stored) {
        return corrupt("wal-index header is not valid");
    }
    WalIndexHeader index;
    index.changes = native32(header, 8);
    index.bigEndianWords = byteAt(header, 13) != 0;
    index.pageSize = widePageSize(loadNative<std::uint16_t>(header.data() + 14));
    index.frames = native32(header, 16);
    index.pageCount = native32(header, 20);
    index.frameChecksum = {native32(header, 24), native32(header, 28)};
    // Copied from the WAL as bytes, so big-endian here too.
    index.salts = {be32(header, 32), be32(header, 36)};
    // An index that was built over an empty WAL does not know the page size yet.
    const bool unknownYet = index.pageSize == 0 && index.frames == 0;
    if (!isSqlitePageSize(index.pageSize) && !unknownYet) {
        return corrupt("wal-index header with an impossible page size");
    }
    return index;
}

}  // namespace engine
