// SPDX-License-Identifier: Apache-2.0
// The bytes of a SQLite rollback journal: what the next opener would put back.
//
// A journal is a header on a sector boundary, records from the next sector, and so on; it may be
// as large as the database, so it is parsed as a stream: the parser says what to read, takes the
// bytes, and gives a record or asks for more. It follows SQLite's own playback step by step,
// including where that stops without an error. No I/O, no memory but its own fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/bytes.h"

namespace engine {

inline constexpr std::uint64_t kJournalHeaderBytes = 28;
/// SQLite looks for a super-journal name of up to 512 bytes in front of 16 fixed ones.
inline constexpr std::uint64_t kSuperJournalTailBytes = 16 + 512;

/// A journal that is not empty and whose header was not zeroed. Whether it must be rolled back
/// depends on the locks, too.
constexpr bool isHotJournal(std::uint64_t journalBytes, std::byte firstByte) noexcept {
    return journalBytes >= kJournalHeaderBytes && firstByte != std::byte{0};
}

struct JournalHeader {
    std::uint32_t recordCount = 0;  // all ones: up to the end of the file
    std::uint32_t nonce = 0;
    std::uint32_t pageCount = 0;  // of the database before the transaction
    std::uint32_t sectorSize = 0;
    std::uint32_t pageSize = 0;
};

/// The sum over a page that SQLite puts behind each record.
std::uint32_t journalChecksum(std::uint32_t nonce, ByteView page) noexcept;

/// The super-journal that decides about this journal, from its last bytes (up to
/// kSuperJournalTailBytes; all of a shorter file). Empty: there is none.
std::optional<std::string> superJournalName(ByteView tail);

struct JournalRecord {
    std::uint32_t page = 0;
    std::uint64_t offset = 0;  // of the page bytes in the journal
};

class JournalParser {
public:
    /// databasePageSize: what a header without page size (before SQLite 3.5.8) stands for.
    JournalParser(std::uint64_t journalBytes, std::uint32_t databasePageSize) noexcept
        : m_journalBytes(journalBytes)
        , m_databasePageSize(databasePageSize) {}

    struct Range {
        std::uint64_t offset = 0;
        std::uint32_t length = 0;
    };

    /// What to read next; always inside the journal. Empty: the playback ends here.
    std::optional<Range> wanted() const noexcept;
    /// Exactly the bytes of wanted() (ENSURE). Gives the record that they are, if it counts: a
    /// page above the old page count does not. A page that comes twice is restored twice.
    std::optional<JournalRecord> take(ByteView bytes) noexcept;

    /// The first header. Empty at the end: nothing is rolled back, the file stands as it is.
    const std::optional<JournalHeader>& header() const noexcept { return m_first; }

private:
    void takeHeader(ByteView bytes) noexcept;
    std::optional<JournalRecord> takeRecord(ByteView bytes) noexcept;
    void endOfRecords() noexcept;

    std::uint32_t recordBytes() const noexcept { return m_first->pageSize + 8; }

    /// What a header needs to have behind it: a sector, of which the first is still unknown.
    std::uint64_t headerRoom() const noexcept { return m_first ? m_first->sectorSize : 512; }

    std::uint64_t m_journalBytes;
    std::uint32_t m_databasePageSize;
    std::optional<JournalHeader> m_first;
    std::uint64_t m_offset = 0;
    std::uint32_t m_nonce = 0;
    std::uint64_t m_recordsLeft = 0;
    bool m_ended = false;
};

}  // namespace engine
