// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/sqlite_journal_scan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/ensure.h"

namespace engine {
namespace {

constexpr std::size_t kSliceBytes = 256u << 10;
constexpr std::uint64_t kPagesMax = 0xffff'fffe;

}  // namespace

Result<JournalScan::Progress> JournalScan::prepare(SourceFolder& folder,
                                                   const SourceFile& database,
                                                   const std::function<bool()>& goOn) {
    if (m_sight.row == JournalRow::Crashed && !m_rollback) {
        ENGINE_TRY_ASSIGN(const Progress opened, openRollback(folder, database));
        if (opened != Progress::Done) {
            return opened;
        }
    }
    if (m_rollback) {
        ENGINE_TRY_ASSIGN(const bool parsed, m_rollback->parse(goOn));
        if (!parsed) {
            return Progress::Paused;
        }
    }
    return makePlan(database);
}

Result<JournalScan::Progress> JournalScan::openRollback(SourceFolder& folder,
                                                        const SourceFile& database) {
    auto opened = folder.open(SourceRole::Journal);
    if (!opened.ok()) {
        if (opened.error().code == ErrorCode::NotFound) {
            return Progress::Changed;
        }
        return std::move(opened).error();
    }
    ENGINE_TRY_ASSIGN(const FileFacts facts, opened.value()->facts());
    if (!facts.sameFile(*m_sight.hotJournal) || !facts.sameStamp(*m_sight.hotJournal)) {
        return Progress::Changed;
    }
    std::array<std::byte, kSqliteHeaderBytes> bytes{};
    ENGINE_TRY_ASSIGN(const std::size_t count, database.readAt(0, bytes));
    const auto header = SqliteHeader::parse(ByteView(bytes).first(count));
    m_rollback.emplace(std::move(opened).value(), facts, header.ok() ? header.value().pageSize : 0);
    return Progress::Done;
}

bool JournalScan::journalCovers(const JournalHeader& header) const {
    const std::uint64_t inFile = m_stamp.size / header.pageSize;
    if (header.pageCount <= inFile) {
        return true;
    }
    if (header.pageCount - inFile > m_rollback->pages()) {
        return false;
    }
    for (std::uint64_t page = inFile + 1; page <= header.pageCount; ++page) {
        if (!m_rollback->contains(page)) {
            return false;
        }
    }
    return true;
}

Result<JournalScan::Progress> JournalScan::makePlan(const SourceFile& database) {
    if (m_rollback && m_rollback->hasSuperJournal()) {
        return Progress::HotJournal;
    }
    if (m_rollback && !m_rollback->header()) {
        m_rollback.reset();  // never synced, so the file was never touched for it
    }
    std::uint64_t bytes = m_stamp.size;
    if (m_rollback) {
        const JournalHeader& journal = *m_rollback->header();
        if (journal.pageCount == 0 || !journalCovers(journal)) {
            return Progress::HotJournal;
        }
        bytes = std::uint64_t{journal.pageCount} * journal.pageSize;
    }
    std::array<std::byte, kSqliteHeaderBytes> front{};
    const bool rolledBack = m_rollback && m_rollback->contains(1);
    ENGINE_TRY_ASSIGN(const bool whole,
                      rolledBack ? m_rollback->read(1, front) : readWhole(database, 0, front));
    if (!whole) {
        return Progress::Changed;
    }
    auto header = SqliteHeader::parse(front);
    if (!header.ok()) {
        return Progress::Short;
    }
    if (m_rollback && header.value().pageSize != m_rollback->header()->pageSize) {
        return Progress::HotJournal;
    }
    ScanPlan plan{header.value(), header.value().pagesAtRest(bytes)};
    if (!plan.header.fitsInto(bytes) || plan.pageCount == 0 || plan.pageCount > kPagesMax) {
        return Progress::Short;
    }
    m_plan = plan;
    return Progress::Done;
}

Result<JournalScan::Progress> JournalScan::run(const SourceFile& database,
                                               const Options& options,
                                               const std::function<bool()>& goOn) {
    ENSURE(m_plan.has_value());
    if (!m_pages) {
        m_buffer.emplace(kSliceBytes);
        m_pages =
            std::make_unique<PageSpill>(options.spillFolder, m_plan->header.pageSize, options.seed);
        if (options.map == nullptr) {
            m_fresh.emplace(m_plan->header.pageSize, 1, options.seed);
        }
    }
    while (m_next <= m_plan->pageCount) {
        ENGINE_TRY_ASSIGN(const Progress slice, readSlice(database, options));
        if (slice != Progress::Done) {
            return slice;
        }
        if (m_next <= m_plan->pageCount && !goOn()) {
            return Progress::Paused;
        }
    }
    return Progress::Done;
}

Result<JournalScan::Progress> JournalScan::readSlice(const SourceFile& database,
                                                     const Options& options) {
    const std::uint32_t pageSize = m_plan->header.pageSize;
    const std::uint64_t first = m_next;
    const std::uint64_t count =
        std::min<std::uint64_t>(kSliceBytes / pageSize, m_plan->pageCount - first + 1);
    const std::uint64_t inFile = m_stamp.size / pageSize;
    const std::uint64_t fromFile = inFile < first ? 0 : std::min(count, inFile - first + 1);

    const MutableBytes buffer = m_buffer->bytes();
    ENGINE_TRY_ASSIGN(
        const bool whole,
        readWhole(database, (first - 1) * pageSize, buffer.first(fromFile * pageSize)));
    if (!whole) {
        return Progress::Changed;
    }
    m_bytesRead += fromFile * pageSize;
    ENGINE_TRY_ASSIGN(const bool over, layOver(first, count, fromFile));
    if (!over) {
        return Progress::Changed;
    }
    if (m_fresh) {
        m_fresh->resize(first + count - 1);
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        ENGINE_TRY(takePage(first + i, buffer.subspan(i * pageSize, pageSize), options));
    }
    m_next = first + count;
    return Progress::Done;
}

Result<bool> JournalScan::layOver(std::uint64_t first,
                                  std::uint64_t count,
                                  std::uint64_t fromFile) {
    if (!m_rollback) {
        ENSURE(fromFile == count);
        return true;
    }
    const std::uint32_t pageSize = m_plan->header.pageSize;
    for (std::uint64_t i = 0; i < count; ++i) {
        if (!m_rollback->contains(first + i)) {
            ENSURE(i < fromFile);
            continue;
        }
        const MutableBytes page = m_buffer->bytes().subspan(i * pageSize, pageSize);
        ENGINE_TRY_ASSIGN(const bool whole, m_rollback->read(first + i, page));
        if (!whole) {
            return false;
        }
        m_bytesRead += pageSize;
    }
    return true;
}

Status JournalScan::takePage(std::uint64_t page, ByteView bytes, const Options& options) {
    const std::uint64_t h64 = pageHash(bytes, options.seed);
    if (m_fresh) {
        m_fresh->set(page, h64);
        return {};
    }
    if (options.map->equals(page, h64)) {
        return {};
    }
    return m_pages->append(page, h64, bytes);
}

}  // namespace engine
