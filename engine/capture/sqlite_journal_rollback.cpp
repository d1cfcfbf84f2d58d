// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/sqlite_journal_rollback.h"

#include <algorithm>
#include <utility>

#include "engine/base/ensure.h"

namespace engine {

VirtualRollback::VirtualRollback(std::unique_ptr<SourceFile> journal,
                                 const FileFacts& facts,
                                 std::uint32_t databasePageSize)
    : m_journal(std::move(journal))
    , m_facts(facts)
    , m_parser(facts.size, databasePageSize) {}

Result<bool> VirtualRollback::parse(const std::function<bool()>& goOn) {
    while (const auto range = m_parser.wanted()) {
        m_buffer.resize(range->length);
        ENGINE_TRY_ASSIGN(const bool whole, readWhole(*m_journal, range->offset, m_buffer));
        if (!whole) {
            break;  // cut since it was measured: the comparison after the scan fails
        }
        if (const auto record = m_parser.take(m_buffer)) {
            m_records.push_back(*record);
        }
        if (!goOn()) {
            return false;
        }
    }
    if (!m_parsed) {
        ENGINE_TRY(readTail());
        sortRecords();
        m_parsed = true;
    }
    return true;
}

Status VirtualRollback::readTail() {
    Buffer tail(std::min(m_facts.size, kSuperJournalTailBytes));
    ENGINE_TRY_ASSIGN(const bool whole, readWhole(*m_journal, m_facts.size - tail.size(), tail));
    m_superJournal = whole && superJournalName(tail).has_value();
    return {};
}

void VirtualRollback::sortRecords() {
    const auto byPage = [](const JournalRecord& a, const JournalRecord& b) {
        return a.page != b.page ? a.page < b.page : a.offset > b.offset;
    };
    const auto samePage = [](const JournalRecord& a, const JournalRecord& b) {
        return a.page == b.page;
    };
    // Of two records of a page SQLite restores both, so the later one stays.
    std::sort(m_records.begin(), m_records.end(), byPage);
    m_records.erase(std::unique(m_records.begin(), m_records.end(), samePage), m_records.end());
}

const JournalRecord* VirtualRollback::find(std::uint64_t page) const {
    ENSURE(m_parsed);
    const auto below = [](const JournalRecord& record, std::uint64_t wanted) {
        return record.page < wanted;
    };
    const auto at = std::lower_bound(m_records.begin(), m_records.end(), page, below);
    return at != m_records.end() && at->page == page ? &*at : nullptr;
}

Result<bool> VirtualRollback::read(std::uint64_t page, MutableBytes into) const {
    const JournalRecord* record = find(page);
    ENSURE(record != nullptr && into.size() <= header()->pageSize);
    return readWhole(*m_journal, record->offset, into);
}

}  // namespace engine
