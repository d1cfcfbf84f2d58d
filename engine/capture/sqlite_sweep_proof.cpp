// SPDX-License-Identifier: Apache-2.0
// The end of a sweep: everything is read; is it the state?
#include <array>
#include <limits>

#include "engine/capture/mutation.h"
#include "engine/capture/sqlite_journal_sight.h"
#include "engine/capture/sqlite_sweep.h"
#include "engine/capture/sqlite_wal_index.h"

namespace engine {
namespace {

constexpr std::chrono::milliseconds kTailPause{10};
constexpr std::chrono::milliseconds kWhile{1000};

}  // namespace

Result<SqliteSweep::Progress> SqliteSweep::finish() {
    for (const auto check :
         {&SqliteSweep::countPages, &SqliteSweep::fillAbsent, &SqliteSweep::checkSource}) {
        ENGINE_TRY_ASSIGN(const Halt halt, (this->*check)());
        if (halt) {
            return *halt;
        }
    }
    m_collector->finish(m_pageCount);
    if (!m_anyCommit) {
        ENGINE_TRY_ASSIGN(const bool same, stampIsSame());
        if (same && writeWouldShow()) {
            m_restStamp = m_stamp;
        }
    }
    return Progress::Done;
}

Result<SqliteSweep::Halt> SqliteSweep::countPages() {
    std::uint64_t count = target();
    if (!m_anyCommit) {
        ENGINE_TRY_ASSIGN(const FileFacts facts, m_files.database()->facts());
        if (m_fileHeader && !m_fileHeader->fitsInto(facts.size)) {
            return Halt(lostFor("shorter than its header says", Waiting::NotADatabase, kWhile));
        }
    }
    if (count == 0 || !plausible(count)) {
        return Halt(lost("no plausible page count"));
    }
    m_pageCount = static_cast<std::uint32_t>(count);
    return Halt();
}

Result<SqliteSweep::Halt> SqliteSweep::fillAbsent() {
    if (!m_fileEnded) {
        return Halt();
    }
    const std::uint64_t inFile =
        m_fileHeader && m_fileHeader->pageCountValid() ? m_fileHeader->pageCount : 0;
    for (std::uint64_t number = m_next; number <= m_pageCount; ++number) {
        const auto page = static_cast<std::uint32_t>(number);
        if (m_framed.contains(page)) {
            continue;
        }
        // Grown over without being written: a free page, or the lock bytes. A reader gets zeros.
        m_page.assign(m_pageSize, std::byte{0});
        ENGINE_TRY_ASSIGN(const std::size_t got,
                          m_files.database()->readAt((number - 1) * m_pageSize, m_page));
        if (got < m_pageSize && (number <= inFile || got != 0)) {
            return Halt(lostFor("shorter than its header says", Waiting::NotADatabase, kWhile));
        }
        ENGINE_TRY(m_collector->take(page, m_collector->hashOf(m_page), m_page));
    }
    return Halt();
}

Result<SqliteSweep::Halt> SqliteSweep::checkSource() {
    if (!m_files.databaseInPlace() || !m_files.walInPlace()) {
        return Halt(lost("a file was replaced"));
    }
    switch (m_mode) {
        case CaptureMode::WalChain:
            return checkChain();
        case CaptureMode::WalAtRest:
            return checkAtRest();
        case CaptureMode::WalShared:  // the header behind the last slice was the proof
        case CaptureMode::Unknown:
        case CaptureMode::Journal:
        case CaptureMode::WhenClosed:
        case CaptureMode::Bolt:
        case CaptureMode::Embedded:
        case CaptureMode::NotSupported:
            break;
    }
    return Halt();
}

Result<SqliteSweep::Halt> SqliteSweep::checkChain() {
    if (m_openTail) {
        return Halt(notNow(Waiting::TailUnreadable, kTailPause));
    }
    ENGINE_TRY_ASSIGN(const auto header, readWalHeader(*m_files.wal()));
    const auto& position = m_follower.position();
    const bool same =
        header && header->salts == position->salts && header->checkpoints == position->checkpoints;
    if (!same && !mutated(mutation::kChainScanHeaderOnce)) {
        return Halt(lost("reset behind the chain"));
    }
    if (m_files.attached() != LockState::Free) {
        return Halt(lost("attached meanwhile"));
    }
    if (m_anyCommit) {
        return Halt();
    }
    // Without a commit the file stands alone.
    ENGINE_TRY_ASSIGN(const bool stampSame, stampIsSame());
    return stampSame && writeWouldShow() ? Halt() : Halt(lost("the file was not quiet"));
}

Result<SqliteSweep::Halt> SqliteSweep::checkAtRest() {
    if (m_files.attached() != LockState::Free) {
        return Halt(lost("attached meanwhile"));
    }
    if (m_files.wal() != nullptr) {
        ENGINE_TRY_ASSIGN(const auto header, readWalHeader(*m_files.wal()));
        if (header) {
            return Halt(lost("a WAL began"));
        }
    }
    ENGINE_TRY_ASSIGN(const JournalSight sight,
                      lookAtJournal(m_files.folder(), *m_files.database(), m_stamp));
    if (!sight.readable() && sight.row != JournalRow::ExclusiveWithoutJournal) {
        return Halt(lost("a journal began"));
    }
    ENGINE_TRY_ASSIGN(const bool same, stampIsSame());
    return same && writeWouldShow() ? Halt() : Halt(lost("the file changed at rest"));
}

Result<bool> SqliteSweep::stampIsSame() {
    ENGINE_TRY_ASSIGN(const FileFacts facts, m_files.database()->facts());
    return facts.sameStamp(m_stamp);
}

bool SqliteSweep::writeWouldShow() const {
    return mutated(mutation::kQuietNotAsked) || m_watch->wouldShow(m_stamp);
}

}  // namespace engine
