// SPDX-License-Identifier: Apache-2.0
// SqliteCapture where a whole state is proved: sweeps, journal states, and single pages of the
// captured state.
#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/ensure.h"
#include "engine/base/log.h"
#include "engine/capture/sqlite_capture.h"
#include "engine/capture/sqlite_wal_index.h"

namespace engine {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFar{30'000};
constexpr milliseconds kModePause{10};
constexpr std::uint32_t kCounterBackwards = 0x8000'0000;

}  // namespace

Result<SqliteCapture::Turn> SqliteCapture::sweepTurn(Work& work) {
    const Steady now = m_options.clock->steady();
    m_pacing.wanted(now);
    if (now < m_pacing.notBefore()) {
        work.step.waiting = m_pacing.tooBusy() ? std::optional(Waiting::TooBusy) : std::nullopt;
        work.step.callAgain = m_pacing.notBefore();
        return Turn::Wait;
    }
    if (m_sweepIsDone) {
        return sweepDone(work);
    }
    if (!m_sweep || m_sweep->mode() != m_mode) {
        loseAnchor();
        noteDirty();
        m_pacing.begun(now);
        m_sweep = std::make_unique<SqliteSweep>(
            m_files, m_follower, m_options, m_haveMap ? &m_map : nullptr, m_mode);
    }
    const std::uint64_t before = m_sweep->bytesRead();
    ENGINE_TRY_ASSIGN(const SqliteSweep::Progress progress,
                      m_sweep->advance(work.until, work.stop));
    m_counters.bytesRead += m_sweep->bytesRead() - before;
    switch (progress) {
        case SqliteSweep::Progress::Reading:
            m_looksAgain = 0;
            return Turn::Again;
        case SqliteSweep::Progress::NotNow:
            if (!m_sweep->waiting() && m_sweep->pause() <= milliseconds{1}) {
                m_looksAgain += 1;
                return waitLonger(work);
            }
            return wait(work, m_sweep->waiting(), m_sweep->pause());
        case SqliteSweep::Progress::Lost:
            return sweepLost(work);
        case SqliteSweep::Progress::PageSizeChanged:
            return end(work,
                       m_otherFile ? Discontinuity::Replaced : Discontinuity::PageSizeChanged);
        case SqliteSweep::Progress::FormatChanged:
            return end(work, m_otherFile ? Discontinuity::Replaced : Discontinuity::FormatChanged);
        case SqliteSweep::Progress::Done:
            break;
    }
    m_counters.sweeps += 1;
    m_sweepIsDone = true;
    return sweepDone(work);
}

SqliteCapture::Turn SqliteCapture::sweepLost(Work& work) {
    const std::optional<Waiting> waiting = m_sweep->waiting();
    const milliseconds pause = m_sweep->pause();
    log::capture().debug("sweep lost path={} why={}", m_options.path, m_sweep->why());
    loseAnchor();
    if (pause.count() > 0) {
        return wait(work, waiting, pause);
    }
    const milliseconds longer = m_pacing.overtaken(m_options.clock->steady());
    if (longer.count() == 0) {
        return Turn::Again;
    }
    return wait(work, Waiting::TooBusy, longer);
}

Result<SqliteCapture::Turn> SqliteCapture::sweepDone(Work& work) {
    StateCollector& state = m_sweep->state();
    const std::uint32_t pageCount = m_sweep->pageCount();
    if (!m_haveMap) {
        m_map = state.takeFresh();
        m_haveMap = true;
    } else if (!state.differing().empty() || pageCount != m_map.pageCount()) {
        if (m_otherFile) {
            return end(work, Discontinuity::Replaced);
        }
        const bool atRest = m_sweep->mode() == CaptureMode::WalAtRest;
        if (atRest && m_counter && m_sweep->changeCounter() - *m_counter >= kCounterBackwards) {
            return end(work, Discontinuity::WentBack);
        }
        SqliteOrigin origin = originAt(m_follower.position());
        origin.rest = m_sweep->restStamp();
        origin.counter = m_sweep->changeCounter();
        Commit commit;
        commit.tx = m_tx.next();
        commit.seenAt = m_options.clock->now();
        commit.highWaterMark = pageCount;
        commit.catchUp = true;
        const MergedCount merged = m_follower.merged();
        commit.merged = merged.exact ? std::optional(merged.atLeast) : std::nullopt;
        commit.origin = origin.toAttrs();
        const PageFetch fetch = [&](const StagedPage& page) { return state.bytesOf(page); };
        ENGINE_TRY_ASSIGN(
            const HandOn done,
            handOn(*work.sink, m_map, std::move(commit), state.differing(), fetch, work.stop));
        if (done == HandOn::Stopped) {
            return Turn::Spent;
        }
        // What was spilled has its hash, or reading it back would have failed.
        ENSURE(done == HandOn::Done);
        work.bytes += state.differing().size() * std::uint64_t{m_map.pageSize()};
        work.step.commits += 1;
        m_counters.addCatchUp(merged.atLeast, merged.exact);
        m_tx = m_tx.next();
    }
    m_follower.arrived();
    m_rest = m_sweep->restStamp();
    m_counter = m_sweep->changeCounter();
    m_otherFile = false;
    ENGINE_TRY_ASSIGN(m_identity, m_files.database()->identity());
    m_frames.clear();
    m_framesSalts = m_follower.position() ? m_follower.position()->salts : WalSalts{};
    m_framesFrom = m_follower.position() ? m_follower.position()->frame : 0;
    m_sweepIsDone = false;
    m_sweep.reset();
    m_pacing.done(m_options.clock->steady());
    return Turn::Again;
}

Result<SqliteCapture::Turn> SqliteCapture::journalTurn(Work& work) {
    if (m_sweep) {
        loseAnchor();
    }
    m_follower.forget();
    m_rest.reset();
    JournalSource source{m_files.folder(), *m_files.database()};
    source.map = m_haveMap ? &m_map : nullptr;
    source.position = m_journalPosition && !m_otherFile ? &*m_journalPosition : nullptr;
    StepBudget budget = work.budget;
    budget.timeMax =
        std::max(milliseconds{1},
                 std::chrono::duration_cast<milliseconds>(work.until - m_options.clock->steady()));
    ENGINE_TRY_ASSIGN(JournalLook look, m_journal->look(source, budget, work.stop));
    m_counters.bytesRead += look.bytesRead;
    const bool locked = look.waiting == Waiting::AppHoldsLock;
    m_mode = locked ? CaptureMode::WhenClosed : CaptureMode::Journal;
    if (look.dirty) {
        noteDirty();
    }
    switch (look.kind) {
        case JournalLook::Kind::NothingNew:
            if (look.position) {
                takeJournalPosition(*look.position);
            }
            if (!look.dirty) {
                m_dirtySince.reset();
            }
            if (!look.dirty && !look.waiting && !look.callAgain) {
                return Turn::Done;
            }
            return wait(work, look.waiting, look.callAgain.value_or(kFar));
        case JournalLook::Kind::MoreToRead:
            return Turn::Again;
        case JournalLook::Kind::NotNow:
            return wait(work, look.waiting, look.callAgain.value_or(kFar));
        case JournalLook::Kind::OtherMode:
            // A crash between two modes: the journal of one lies beside a file of the other.
            return wait(work, Waiting::HotJournal, kModePause);
        case JournalLook::Kind::Discontinuity:
            return end(work, m_otherFile ? Discontinuity::Replaced : *look.discontinuity);
        case JournalLook::Kind::Difference:
            break;
    }
    return takeDifference(work, *look.difference);
}

void SqliteCapture::takeJournalPosition(const JournalPosition& position) {
    m_journalPosition = position;
    m_follower.arrived();
    m_counter = position.changeCounter;
    m_otherFile = false;
    const auto identity = m_files.database()->identity();
    if (identity.ok()) {
        m_identity = identity.value();
    }
}

Result<SqliteCapture::Turn> SqliteCapture::takeDifference(Work& work, StateDifference& difference) {
    if (!m_haveMap) {
        ENSURE(difference.fresh.has_value());
        m_map = std::move(*difference.fresh);
        m_haveMap = true;
        takeJournalPosition(difference.position);
        return Turn::Again;
    }
    const bool differs = difference.pages.count() != 0 || difference.pageCount != m_map.pageCount();
    if (differs && m_otherFile) {
        return end(work, Discontinuity::Replaced);
    }
    if (differs) {
        ENGINE_TRY_ASSIGN(const HandOn done, handOnDifference(work, difference));
        if (done != HandOn::Done) {
            m_journal->notTaken();
            return Turn::Spent;
        }
        m_tx = m_tx.next();
        work.step.commits += 1;
        work.bytes += difference.pages.count() * m_map.pageSize();
        if (difference.catchUp) {
            m_counters.addCatchUp(difference.merged.value_or(1), difference.merged.has_value());
        } else {
            m_counters.commitsAlone += 1;
        }
    }
    takeJournalPosition(difference.position);
    return Turn::Again;
}

Result<HandOn> SqliteCapture::handOnDifference(Work& work, StateDifference& difference) {
    std::vector<StagedPage> staged;
    staged.reserve(static_cast<std::size_t>(difference.pages.count()));
    difference.pages.rewind();
    while (true) {
        if (work.stop.stop_requested()) {
            return HandOn::Stopped;
        }
        ENGINE_TRY_ASSIGN(const auto page, difference.pages.next());
        if (!page) {
            break;
        }
        staged.push_back(StagedPage{static_cast<std::uint32_t>(page->page), 0, page->h64});
    }
    difference.pages.rewind();
    SqliteOrigin origin;
    origin.mode = m_mode;
    origin.file = m_identity;
    origin.counter = difference.position.changeCounter;
    origin.journal = difference.position;
    Commit commit;
    commit.tx = m_tx.next();
    commit.seenAt = difference.seenAt;
    commit.highWaterMark = difference.pageCount;
    commit.catchUp = difference.catchUp;
    commit.merged = difference.merged;
    commit.origin = origin.toAttrs();
    const PageFetch fetch = [&](const StagedPage&) -> Result<ByteView> {
        ENGINE_TRY_ASSIGN(const auto page, difference.pages.next());
        return page ? page->bytes : ByteView();
    };
    return handOn(*work.sink, m_map, std::move(commit), staged, fetch, work.stop);
}

/// Pages of the generation's older frames, by their headers: what they hold is told by the hash.
Status SqliteCapture::findFrames() {
    const std::uint32_t upTo = std::exchange(m_framesFrom, 0);
    FrameTable older;
    for (std::uint32_t frame = 1; frame <= upTo; ++frame) {
        std::array<std::byte, kWalFrameHeaderBytes> bytes;
        ENGINE_TRY_ASSIGN(
            const bool whole,
            readWhole(*m_files.wal(), walFrameOffset(frame, m_map.pageSize()), bytes));
        const std::uint32_t page = WalFrameHeader::load(bytes).page;
        if (!whole) {
            break;
        }
        if (page != 0) {
            older.set(page, frame);
        }
    }
    for (const std::uint64_t entry : m_frames.sorted()) {
        older.set(static_cast<std::uint32_t>(entry >> 32), static_cast<std::uint32_t>(entry));
    }
    m_frames = std::move(older);
    return {};
}

/// From the last frame of the page in the WAL. false: it has none, or another one by now.
Result<bool> SqliteCapture::readFromWal(std::uint64_t page, MutableBytes into) {
    if (m_files.wal() == nullptr) {
        return false;
    }
    if (m_framesFrom != 0) {
        ENGINE_TRY(findFrames());
    }
    const std::optional<std::uint32_t> frame = m_frames.find(static_cast<std::uint32_t>(page));
    if (!frame) {
        return false;
    }
    ENGINE_TRY_ASSIGN(const bool whole, readFramePage(*m_files.wal(), *frame, into));
    return whole && m_map.hashOf(into) == m_map.at(page);
}

/// Neighbours [first, end) of `pages` with one read; behind the end of the file a reader gets
/// zeros.
Status SqliteCapture::readFromDatabase(std::span<const std::uint64_t> run, MutableBytes into) {
    std::fill(into.begin(), into.end(), std::byte{0});
    ENGINE_TRY(m_files.database()->readAt((run.front() - 1) * m_map.pageSize(), into));
    return {};
}

Result<std::vector<bool>> SqliteCapture::readPages(std::span<const std::uint64_t> pages,
                                                   MutableBytes into) {
    std::vector<bool> matched(pages.size(), false);
    if (!m_haveMap) {
        return matched;
    }
    const std::size_t pageSize = m_map.pageSize();
    ENSURE(into.size() == pages.size() * pageSize);
    ENGINE_TRY_ASSIGN(const SqliteFiles::Look look, m_files.look());
    if (look.refused) {
        return matched;
    }
    const auto wanted = [&](std::size_t i) { return m_map.contains(pages[i]) && !matched[i]; };
    for (std::size_t i = 0; i < pages.size(); ++i) {
        if (wanted(i)) {
            ENGINE_TRY_ASSIGN(matched[i],
                              readFromWal(pages[i], into.subspan(i * pageSize, pageSize)));
        }
    }
    for (std::size_t i = 0; m_files.database() != nullptr && i < pages.size();) {
        std::size_t end = i;
        while (end < pages.size() && wanted(end) && pages[end] == pages[i] + (end - i)) {
            ++end;
        }
        if (end == i) {
            ++i;
            continue;
        }
        ENGINE_TRY(readFromDatabase(pages.subspan(i, end - i),
                                    into.subspan(i * pageSize, (end - i) * pageSize)));
        for (; i < end; ++i) {
            matched[i] = m_map.hashOf(into.subspan(i * pageSize, pageSize)) == m_map.at(pages[i]);
        }
    }
    return matched;
}

}  // namespace engine
