// SPDX-License-Identifier: Apache-2.0
#include "engine/format/sqlite_journal_layout.h"

#include <array>

#include "engine/base/ensure.h"
#include "engine/format/sqlite_layout.h"

namespace engine {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
constexpr std::uint32_t kRecordsToTheEnd = 0xffff'ffff;
constexpr std::uint32_t kSectorSizeMin = 32;
constexpr std::uint32_t kSectorSizeMax = 65536;

bool isMagic(ByteView bytes) noexcept {
    return std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

std::uint32_t be32(ByteView bytes, std::size_t at) noexcept {
    return loadBe<std::uint32_t>(bytes.data() + at);
}

bool isSectorSize(std::uint32_t size) noexcept {
    return size >= kSectorSizeMin && size <= kSectorSizeMax && (size & (size - 1)) == 0;
}

}  // namespace

std::uint32_t journalChecksum(std::uint32_t nonce, ByteView page) noexcept {
    std::uint32_t sum = nonce;
    for (std::size_t at = page.size(); at > 200;) {
        at -= 200;
        sum += std::to_integer<std::uint32_t>(page[at]);
    }
    return sum;
}

std::optional<std::string> superJournalName(ByteView tail) {
    if (tail.size() < 16 || !isMagic(tail.last(8))) {
        return std::nullopt;
    }
    const ByteView fixed = tail.last(16);
    const std::uint32_t length = be32(fixed, 0);
    if (length == 0 || length > tail.size() - 16) {
        return std::nullopt;
    }
    const ByteView name = tail.subspan(tail.size() - 16 - length, length);
    std::uint32_t sum = 0;
    for (const std::byte byte : name) {
        // SQLite sums plain chars, which are signed on most machines.
        sum += static_cast<std::uint32_t>(static_cast<char>(byte));
    }
    if (sum != be32(fixed, 4) || name.front() == std::byte{0}) {
        return std::nullopt;
    }
    return textOf(name);
}

std::optional<JournalParser::Range> JournalParser::wanted() const noexcept {
    if (m_ended) {
        return std::nullopt;
    }
    const bool record = m_recordsLeft > 0;
    const std::uint64_t room = record ? recordBytes() : headerRoom();
    if (m_offset > m_journalBytes || m_journalBytes - m_offset < room) {
        return std::nullopt;
    }
    const std::uint64_t length = record ? room : kJournalHeaderBytes;
    return Range{m_offset, static_cast<std::uint32_t>(length)};
}

std::optional<JournalRecord> JournalParser::take(ByteView bytes) noexcept {
    const std::optional<Range> range = wanted();
    ENSURE(range.has_value() && bytes.size() == range->length);
    if (m_recordsLeft > 0) {
        return takeRecord(bytes);
    }
    takeHeader(bytes);
    return std::nullopt;
}

void JournalParser::takeHeader(ByteView bytes) noexcept {
    JournalHeader header;
    header.recordCount = be32(bytes, 8);
    header.nonce = be32(bytes, 12);
    header.pageCount = be32(bytes, 16);
    header.sectorSize = be32(bytes, 20);
    header.pageSize = be32(bytes, 24);
    if (header.pageSize == 0) {
        header.pageSize = m_databasePageSize;
    }
    if (!isMagic(bytes)) {
        m_ended = true;
        return;
    }
    // Only the first header's sizes count, and only they are checked.
    if (!m_first) {
        if (!isSectorSize(header.sectorSize) || !isSqlitePageSize(header.pageSize)) {
            m_ended = true;
            return;
        }
        m_first = header;
    }
    m_nonce = header.nonce;
    m_offset += m_first->sectorSize;
    m_recordsLeft = header.recordCount;
    if (header.recordCount == kRecordsToTheEnd) {
        const std::uint64_t left = m_offset < m_journalBytes ? m_journalBytes - m_offset : 0;
        m_recordsLeft = left / recordBytes();
        m_ended = m_recordsLeft == 0;
    }
    endOfRecords();
}

std::optional<JournalRecord> JournalParser::takeRecord(ByteView bytes) noexcept {
    const JournalRecord record{be32(bytes, 0), m_offset + 4};
    const std::uint32_t pageSize = m_first->pageSize;
    if (record.page == 0 || record.page == lockBytePage(pageSize)) {
        m_ended = true;  // a super-journal name, or nothing that SQLite wrote
        return std::nullopt;
    }
    const bool counts = record.page <= m_first->pageCount;
    const ByteView page = bytes.subspan(4, pageSize);
    if (counts && journalChecksum(m_nonce, page) != be32(bytes, pageSize + 4)) {
        m_ended = true;  // not synced before the crash, so the file was not touched for it
        return std::nullopt;
    }
    m_offset += recordBytes();
    m_recordsLeft -= 1;
    endOfRecords();
    return counts ? std::optional(record) : std::nullopt;
}

void JournalParser::endOfRecords() noexcept {
    if (m_recordsLeft == 0) {
        const std::uint64_t sector = m_first->sectorSize;
        m_offset = (m_offset + sector - 1) / sector * sector;
    }
}

}  // namespace engine
