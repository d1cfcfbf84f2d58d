// SPDX-License-Identifier: Apache-2.0
// SqliteCapture while the source is a WAL database and the captured state has an anchor.
#include <algorithm>
#include <utility>

#include "engine/base/ensure.h"
#include "engine/base/log.h"
#include "engine/capture/mutation.h"
#include "engine/capture/sqlite_capture.h"
#include "engine/capture/sqlite_wal_index.h"
#include "engine/capture/stamp_watch.h"

namespace engine {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kQuietMin{20};
constexpr milliseconds kSoon{1};
constexpr milliseconds kTailPatience{1000};
constexpr milliseconds kTailPause{10};
constexpr milliseconds kPauseMax{1000};
constexpr int kLooksAtOnce = 16;

}  // namespace

bool SqliteCapture::anchored() const {
    return m_haveMap && !m_otherFile && (m_follower.position() || m_rest);
}

void SqliteCapture::loseAnchor() noexcept {
    if (m_sweep) {
        m_follower.forget();  // its position is not that of the captured state
    } else {
        m_follower.leave();
    }
    m_rest.reset();
    m_journalPosition.reset();
    m_sweep.reset();
    m_sweepIsDone = false;
}

/// No WAL that counts: the file alone is the database.
Result<SqliteCapture::Turn> SqliteCapture::restTurn(Work& work) {
    if (m_rest) {
        ENGINE_TRY_ASSIGN(const FileFacts facts, m_files.database()->facts());
        if (facts.sameStamp(*m_rest)) {
            m_dirtySince.reset();
            return Turn::Done;
        }
    }
    loseAnchor();
    noteDirty();
    return sweepTurn(work);
}

/// The file alone was the state and has not been written since: whichever generation the WAL is
/// in now begins there. (Between two generations every frame is written to the file.) true: the
/// follower stands.
Result<bool> SqliteCapture::standOnRest() {
    if (!m_rest || (m_follower.position() && m_follower.position()->frame != 0)) {
        return m_follower.position().has_value();
    }
    WalPosition start;
    if (m_mode == CaptureMode::WalShared) {
        if (m_files.shm() == nullptr) {
            return m_follower.position().has_value();
        }
        ENGINE_TRY_ASSIGN(const auto index, readWalIndexHeader(*m_files.shm()));
        if (!index) {
            return m_follower.position().has_value();
        }
        start.salts = index->salts;
        start.pageSize = index->pageSize != 0 ? index->pageSize : m_map.pageSize();
    } else {
        ENGINE_TRY_ASSIGN(const auto header, readWalHeader(*m_files.wal()));
        if (!header) {
            return m_follower.position().has_value();
        }
        start = WalPosition::startOf(*header);
    }
    // Looked at after the generation: what came before it would have written the file.
    ENGINE_TRY_ASSIGN(const FileFacts facts, m_files.database()->facts());
    if (!facts.sameStamp(*m_rest) || start.pageSize != m_map.pageSize()) {
        m_rest.reset();
    } else if (!m_follower.position() || m_follower.position()->salts != start.salts) {
        start.pageCount = static_cast<std::uint32_t>(m_map.pageCount());
        m_follower.adopt(start);
    }
    return m_follower.position().has_value();
}

Result<SqliteCapture::Turn> SqliteCapture::followTurn(Work& work) {
    ENGINE_TRY_ASSIGN(const bool stands, standOnRest());
    if (!stands && m_rest) {  // the index is being built
        m_looksAgain += 1;
        return waitLonger(work);
    }
    if (!stands) {
        loseAnchor();
        noteDirty();
        return sweepTurn(work);
    }
    const StampWatch watch(*m_options.clock, kQuietMin);
    ENGINE_TRY_ASSIGN(const FileFacts before, m_files.database()->facts());
    ENGINE_TRY_ASSIGN(const WalLook look,
                      m_mode == CaptureMode::WalShared ? m_follower.lookShared(work.stop)
                                                       : m_follower.lookChain(work.stop));
    if (look.kind == WalLook::Kind::Nothing && look.end.frame == 0 && !look.openTail && !m_rest) {
        // Everything of older generations is in the file, and this one has nothing yet.
        ENGINE_TRY_ASSIGN(const FileFacts after, m_files.database()->facts());
        if (after.sameStamp(before) && watch.wouldShow(after)) {
            m_rest = after;
        }
    }
    return takeLook(work, look);
}

Result<SqliteCapture::Turn> SqliteCapture::takeLook(Work& work, const WalLook& look) {
    m_counters.bytesRead += look.bytesRead;
    switch (look.kind) {
        case WalLook::Kind::Nothing:
            return nothingNew(work, look);
        case WalLook::Kind::Proved:
            return handOnLook(work, look);
        case WalLook::Kind::Again:
            m_looksAgain += 1;
            return m_looksAgain < kLooksAtOnce ? Turn::Again : waitLonger(work);
        case WalLook::Kind::NotReady:
            m_looksAgain = std::max(m_looksAgain + 1, kLooksAtOnce);
            return waitLonger(work);
        case WalLook::Kind::Lost:
            break;
    }
    log::capture().debug("chain lost path={} why={}", m_options.path, look.why);
    loseAnchor();
    noteDirty();
    return Turn::Again;
}

/// The source moves each time that we look, or is left half done by a crash: ever less often.
SqliteCapture::Turn SqliteCapture::waitLonger(Work& work) {
    noteDirty();
    const int doublings = std::clamp(m_looksAgain - kLooksAtOnce, 0, 10);
    return wait(work, std::nullopt, std::min(kSoon * (1 << doublings), kPauseMax));
}

Result<SqliteCapture::Turn> SqliteCapture::nothingNew(Work& work, const WalLook& look) {
    m_looksAgain = 0;
    m_follower.tookAll(look);
    if (look.openTail) {
        // A commit in flight, or frames that SQLite left without checksums: those stay.
        const Steady now = m_options.clock->steady();
        if (!m_tailSince) {
            m_tailSince = now;
        }
        noteDirty();
        const bool lasts = now - *m_tailSince >= kTailPatience;
        return wait(
            work, lasts ? std::optional(Waiting::TailUnreadable) : std::nullopt, kTailPause);
    }
    m_tailSince.reset();
    m_dirtySince.reset();
    if (m_mode != CaptureMode::WalShared) {
        return Turn::Done;
    }
    return settle();
}

/// Publishing leaves no event. So it is over only if nobody is at work, and the header that was
/// read after that question is still the position.
Result<SqliteCapture::Turn> SqliteCapture::settle() {
    if (m_files.shm() == nullptr || !walIsAtPeace(*m_files.shm())) {
        return Turn::Restless;
    }
    ENGINE_TRY_ASSIGN(const auto index, readWalIndexHeader(*m_files.shm()));
    const auto& position = m_follower.position();
    const bool same = index && index->salts == position->salts && index->frames == position->frame;
    return same ? Turn::Done : Turn::Restless;
}

Result<SqliteCapture::Turn> SqliteCapture::handOnLook(Work& work, const WalLook& look) {
    m_looksAgain = 0;
    m_tailSince.reset();
    for (const WalBatch& batch : look.batches) {
        for (std::size_t i = 0; i < batch.commits.size(); ++i) {
            if (work.spent(*m_options.clock) && work.step.commits != 0) {
                return Turn::Spent;
            }
            ENGINE_TRY_ASSIGN(const HandOn done, handOnCommit(work, batch, i));
            if (done != HandOn::Done) {
                return done == HandOn::Stopped ? Turn::Spent : Turn::Again;
            }
        }
    }
    if (look.end.salts != m_framesSalts) {
        m_frames.clear();
        m_framesSalts = look.end.salts;
        m_framesFrom = 0;
    }
    m_follower.tookAll(look);
    m_counters.resetsBridged += look.bridged ? 1 : 0;
    return Turn::Again;
}

Result<ByteView> SqliteCapture::bytesOf(const WalBatch& batch, const StagedPage& staged) {
    if (const ByteView kept = batch.kept(staged.frame); !kept.empty()) {
        return kept;
    }
    m_page.resize(m_map.pageSize());
    ENGINE_TRY_ASSIGN(const bool whole, readFramePage(*m_files.wal(), staged.frame, m_page));
    return whole ? ByteView(m_page) : ByteView();
}

Result<HandOn> SqliteCapture::handOnCommit(Work& work, const WalBatch& batch, std::size_t index) {
    const WalCommit& found = batch.commits[index];
    noteDirty();
    std::optional<std::uint32_t> counter = m_counter;
    if (!found.pages.empty() && found.pages.front().page == 1) {
        ENGINE_TRY_ASSIGN(const ByteView first, bytesOf(batch, found.pages.front()));
        if (first.empty()) {
            return HandOn::Overwritten;
        }
        counter = loadBe<std::uint32_t>(first.data() + 24);
    }
    SqliteOrigin origin = originAt(batch.after(index));
    origin.rest.reset();
    origin.journal.reset();
    origin.counter = counter;
    Commit commit;
    commit.tx = m_tx.next();
    commit.seenAt = m_options.clock->now();
    commit.highWaterMark = found.pageCount;
    commit.origin = origin.toAttrs();
    const PageFetch fetch = [&](const StagedPage& page) { return bytesOf(batch, page); };
    ENGINE_TRY_ASSIGN(const HandOn done,
                      handOn(*work.sink, m_map, std::move(commit), found.pages, fetch, work.stop));
    if (done != HandOn::Done) {
        return done;
    }
    m_tx = m_tx.next();
    m_counter = counter;
    m_rest.reset();
    m_journalPosition.reset();
    m_follower.took(batch, index);
    noteFrames(batch, found);
    m_counters.commitsAlone += 1;
    work.step.commits += 1;
    work.bytes += std::uint64_t{found.pages.size()} * m_map.pageSize();
    return done;
}

void SqliteCapture::noteFrames(const WalBatch& batch, const WalCommit& commit) {
    if (batch.from.salts != m_framesSalts) {
        m_frames.clear();
        m_framesSalts = batch.from.salts;
        m_framesFrom = 0;
    }
    for (const StagedPage& staged : commit.pages) {
        m_frames.set(staged.page, staged.frame);
    }
}

}  // namespace engine
