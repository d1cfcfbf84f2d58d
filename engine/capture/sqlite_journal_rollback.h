// SPDX-License-Identifier: Apache-2.0
// The rollback that the next opener of a crashed database would do, as a view: which pages the
// journal would put back and how long the file would be. Nothing is written.
//
// Belongs to one scan; keeps the journal open while that runs. Memory: 16 bytes a record.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/capture/source_file.h"
#include "engine/format/sqlite_journal_layout.h"

namespace engine {

class VirtualRollback {
public:
    /// facts: of the journal, when its row was found. databasePageSize: 0 where the header of the
    /// database does not tell.
    VirtualRollback(std::unique_ptr<SourceFile> journal,
                    const FileFacts& facts,
                    std::uint32_t databasePageSize);

    /// Reads records until the end (true) or until goOn() says no (false: call again).
    Result<bool> parse(const std::function<bool()>& goOn);

    /// After parse. A super-journal decides about this one: not ours to know.
    bool hasSuperJournal() const noexcept { return m_superJournal; }

    /// Empty: the journal puts nothing back, the file stands as it is.
    const std::optional<JournalHeader>& header() const noexcept { return m_parser.header(); }

    const FileFacts& facts() const noexcept { return m_facts; }

    std::size_t pages() const noexcept { return m_records.size(); }

    bool contains(std::uint64_t page) const { return find(page) != nullptr; }

    /// into: a page or the beginning of one. False: the journal became shorter.
    Result<bool> read(std::uint64_t page, MutableBytes into) const;

private:
    const JournalRecord* find(std::uint64_t page) const;
    Status readTail();
    void sortRecords();

    std::unique_ptr<SourceFile> m_journal;
    FileFacts m_facts;
    JournalParser m_parser;
    Buffer m_buffer;
    std::vector<JournalRecord> m_records;  // after parse: by page, each page once
    bool m_superJournal = false;
    bool m_parsed = false;
};

}  // namespace engine
