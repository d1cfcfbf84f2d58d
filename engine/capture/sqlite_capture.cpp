// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/sqlite_capture.h"

#include <algorithm>
#include <utility>

#include "engine/base/ensure.h"
#include "engine/base/log.h"
#include "engine/capture/mutation.h"
#include "engine/capture/sqlite_mode.h"

namespace engine {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFar{30'000};
constexpr milliseconds kGonePause{1000};
constexpr milliseconds kSettleMax{64};

}  // namespace

SqliteCapture::SqliteCapture(CaptureOptions options, std::unique_ptr<SourceFolder> folder)
    : m_options(std::move(options))
    , m_files(std::move(folder))
    , m_follower(m_files, m_options) {
    if (m_options.clock == nullptr) {
        m_options.clock = &m_systemClock;
    }
    m_journal = std::make_unique<SqliteJournalReader>(m_options);
}

SqliteCapture::Work SqliteCapture::makeWork(CommitSink* sink,
                                            const StepBudget& budget,
                                            std::stop_token stop) const {
    Work work;
    work.sink = sink;
    work.budget = budget;
    work.stop = std::move(stop);
    work.begun = m_options.clock->steady();
    work.until = work.begun + budget.timeMax;
    return work;
}

Result<bool> SqliteCapture::startGeneration(
    GenerationId generation, TxId tx, const StepBudget& budget, std::stop_token stop, Step& step) {
    if (m_haveMap || m_generation != generation || m_tx != tx) {
        m_settled.forget();
        m_haveMap = false;
        m_map = PageMap();
        m_generation = generation;
        m_tx = tx;
        m_ended.reset();
        m_dirtySince.reset();
        m_identity.reset();
        m_otherFile = false;
        m_counter.reset();
        loseAnchor();
        m_follower.arrived();
    }
    ENGINE_TRY_ASSIGN(step, work(makeWork(nullptr, budget, std::move(stop))));
    return m_haveMap;
}

Status SqliteCapture::resume(PageMapCheckpoint state) {
    if (state.map.seed() != m_options.seed || state.map.firstPage() != 1 ||
        !isSqlitePageSize(state.map.pageSize())) {
        return Error{ErrorCode::InvalidArgument, "the page map is not one of this database"};
    }
    m_settled.forget();
    loseAnchor();
    m_follower.arrived();
    m_map = std::move(state.map);
    m_haveMap = true;
    m_generation = state.generation;
    m_tx = state.tx;
    m_ended.reset();
    m_dirtySince.reset();
    m_otherFile = false;
    const SqliteOrigin origin = SqliteOrigin::fromAttrs(state.position);
    if (origin.wal && origin.wal->pageSize == m_map.pageSize() &&
        origin.wal->pageCount == m_map.pageCount()) {
        m_follower.adopt(*origin.wal);
        m_framesSalts = origin.wal->salts;
        m_framesFrom = origin.wal->frame;
    }
    m_rest = origin.rest;
    m_counter = origin.counter;
    m_identity = origin.file;
    m_journalPosition = origin.journal;
    m_files.closeAll();
    return {};
}

Result<Step> SqliteCapture::step(CommitSink& sink, const StepBudget& budget, std::stop_token stop) {
    ENSURE(m_haveMap);
    return work(makeWork(&sink, budget, std::move(stop)));
}

CapturePosition SqliteCapture::position() const {
    SqliteOrigin origin;
    if (!m_sweep && !m_ended) {
        origin = originAt(m_follower.position());
    } else {
        // While a state is being proved the old position holds no longer: after a restart it would
        // have to be found out again.
        origin.file = m_identity;
        origin.counter = m_counter;
    }
    return CapturePosition{m_generation, m_tx, origin.toAttrs()};
}

SqliteOrigin SqliteCapture::originAt(const std::optional<WalPosition>& wal) const {
    SqliteOrigin origin;
    origin.mode = m_mode;
    origin.file = m_identity;
    origin.wal = wal;
    origin.counter = m_counter;
    origin.journal = m_journalPosition;
    if (!wal || wal->frame == 0) {
        origin.rest = m_rest;
    }
    return origin;
}

Result<Step> SqliteCapture::work(Work work) {
    if (m_ended) {
        work.step.discontinuity = m_ended;
        work.step.callAgain = m_options.clock->steady() + kFar;
        return work.step;
    }
    const SourceFile* counted = m_mode == CaptureMode::Journal ? m_files.database() : nullptr;
    if (m_settled.stillHolds(m_files.folder(), counted, *m_options.clock)) {
        endWork(work, Turn::Done);
        if (!m_options.keepOpen) {
            m_files.closeAll();
        }
        return work.step;
    }
    std::optional<SettledLook::Begun> begun;
    if (m_calm) {
        begun.emplace(m_files.folder(), counted, *m_options.clock);
    }
    const bool baseline = !m_haveMap;
    Turn last = Turn::Again;
    while (last == Turn::Again) {
        ENGINE_TRY_ASSIGN(last, turn(work));
        if (last == Turn::Again && work.spent(*m_options.clock)) {
            last = Turn::Spent;
        }
        if (baseline && m_haveMap) {
            last = Turn::Spent;
        }
    }
    endWork(work, last);
    m_calm = last == Turn::Done && work.step.commits == 0;
    m_settled.forget();
    if (m_calm && begun) {
        m_settled.settled(*begun, *m_options.clock);
    }
    if (!m_options.keepOpen) {
        m_files.closeAll();
    }
    return work.step;
}

void SqliteCapture::endWork(Work& work, Turn turn) {
    const Steady now = m_options.clock->steady();
    m_pacing.spent(now - work.begun);
    switch (turn) {
        case Turn::Again:
        case Turn::Spent:
            work.step.callAgain = now;
            m_settlePause = milliseconds{1};
            break;
        case Turn::Done:
            work.step.callAgain = now + kFar;
            m_settlePause = milliseconds{1};
            break;
        case Turn::Restless:
            if (work.step.commits != 0) {
                m_settlePause = milliseconds{1};
            }
            work.step.callAgain = now + m_settlePause;
            m_settlePause = std::min(m_settlePause * 2, kSettleMax);
            break;
        case Turn::Wait:
            break;
    }
    work.step.dirtySince = m_dirtySince;
}

SqliteCapture::Turn SqliteCapture::wait(Work& work,
                                        std::optional<Waiting> waiting,
                                        milliseconds pause) {
    work.step.waiting = waiting;
    work.step.callAgain = m_options.clock->steady() + pause;
    return Turn::Wait;
}

SqliteCapture::Turn SqliteCapture::end(Work& work, Discontinuity reason) {
    log::capture().warn(
        "generation ends path={} tx={} reason={}", m_options.path, m_tx.value, toText(reason));
    m_ended = reason;
    m_sweep.reset();
    loseAnchor();
    work.step.discontinuity = reason;
    return wait(work, std::nullopt, kFar);
}

void SqliteCapture::noteDirty() {
    if (m_haveMap && !m_dirtySince) {
        m_dirtySince = m_options.clock->now();
    }
}

void SqliteCapture::setMode(CaptureMode mode) {
    if (mode == m_mode) {
        return;
    }
    log::capture().info("mode path={} from={} to={}", m_options.path, toText(m_mode), toText(mode));
    m_mode = mode;
    // A reader that did not see what happened in another mode claims less.
    m_journal = std::make_unique<SqliteJournalReader>(m_options);
}

Result<SqliteCapture::Turn> SqliteCapture::turn(Work& work) {
    ENGINE_TRY_ASSIGN(const std::optional<Turn> files, lookAtFiles(work));
    if (files) {
        return *files;
    }
    ENGINE_TRY_ASSIGN(const ModeLook look, lookAtMode(m_files));
    if (look.mode != CaptureMode::Unknown) {
        const bool closed = m_mode == CaptureMode::WhenClosed && look.mode == CaptureMode::Journal;
        setMode(closed ? m_mode : look.mode);
    }
    if (look.wait) {
        if (look.waiting && *look.waiting != Waiting::NoPermission) {
            noteDirty();
        }
        return wait(work, look.waiting, look.pause);
    }
    if (look.mode == CaptureMode::Journal) {
        return journalTurn(work);
    }
    if (m_sweep || !anchored()) {
        return sweepTurn(work);
    }
    return m_mode == CaptureMode::WalAtRest ? restTurn(work) : followTurn(work);
}

Result<std::optional<SqliteCapture::Turn>> SqliteCapture::lookAtFiles(Work& work) {
    using Maybe = std::optional<Turn>;
    ENGINE_TRY_ASSIGN(const SqliteFiles::Look look, m_files.look());
    if (look.refused) {
        setMode(CaptureMode::NotSupported);
        return Maybe(wait(work, Waiting::NoPermission, kFar));
    }
    const bool databaseLeft = look.databaseReplaced && !mutated(mutation::kDatabaseNotWatched);
    if (look.sideFilesChanged() || databaseLeft ||
        (look.databaseMissing && m_files.database() != nullptr)) {
        ENGINE_TRY_ASSIGN(const Turn left, leaveFiles(work, look));
        return Maybe(left);
    }
    if (look.databaseMissing) {
        noteDirty();
        return Maybe(wait(work, Waiting::Gone, kGonePause));
    }
    ENGINE_TRY(checkIdentity());
    return Maybe();
}

/// What was unlinked or replaced under us is read to its end first, then let go.
Result<SqliteCapture::Turn> SqliteCapture::leaveFiles(Work& work, const SqliteFiles::Look& look) {
    const bool live = m_mode == CaptureMode::WalShared || m_mode == CaptureMode::WalChain;
    const bool drain = m_haveMap && !m_sweep && live && m_follower.position() &&
                       m_files.wal() != nullptr && !mutated(mutation::kNoDrain);
    if (drain) {
        const bool shared = m_mode == CaptureMode::WalShared && m_files.shm() != nullptr;
        ENGINE_TRY_ASSIGN(
            const WalLook held,
            shared ? m_follower.lookShared(work.stop) : m_follower.lookChain(work.stop));
        if (held.kind == WalLook::Kind::Proved) {
            return handOnLook(work, held);
        }
    }
    m_files.closeSideFiles();
    if (look.databaseReplaced || look.databaseMissing) {
        m_files.closeDatabase();
    }
    const bool fileIsState =
        m_rest && (!m_follower.position() || m_follower.position()->frame == 0);
    if (m_sweep || !fileIsState) {
        loseAnchor();
    } else {
        m_follower.forget();
    }
    return Turn::Again;
}

/// Another file than the one that the map stands for may be the same database (restored from a
/// copy, written by rename): then its root says so.
Status SqliteCapture::checkIdentity() {
    ENGINE_TRY_ASSIGN(const FileIdentity identity, m_files.database()->identity());
    if (!m_identity) {
        m_identity = identity;
    }
    if (!m_identity->sameFile(identity) && !m_otherFile &&
        !mutated(mutation::kDatabaseNotWatched)) {
        m_otherFile = m_haveMap;
        loseAnchor();
    }
    return {};
}

}  // namespace engine
