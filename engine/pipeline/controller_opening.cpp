// SPDX-License-Identifier: Apache-2.0
// How a controller comes to know where it goes on, or that it must not try.
#include <algorithm>

#include "engine/base/file_system.h"
#include "engine/base/log.h"
#include "engine/pipeline/controller.h"

namespace engine {
namespace {

constexpr std::chrono::seconds kQuarantineLook{30};

}  // namespace

Status Controller::openLog() {
    const std::string folder =
        joinPath(m_options.config.shadowDir, m_options.location.database.text());
    ENGINE_TRY_ASSIGN(m_log, ShadowLog::open(folder, m_options.location));
    const ShadowRecovery& recovery = m_log->recovery();
    if (!recovery.firstProblem.empty()) {
        noteLoss("the local log was damaged: " + recovery.firstProblem);
    }
    return {};
}

void Controller::quarantine() {
    go(ControllerEvent::Distrust);
    MutexLock lock(m_mutex);
    m_status.state = m_state;
    m_status.lastError =
        "the program crashed twice while it opened this database; it is left alone "
        "until someone asks for another try or the file changes";
    log::pipeline().error(
        "quarantined db={} error=\"{}\"", m_options.config.name, m_status.lastError);
}

void Controller::retryNow() {
    MutexLock lock(m_mutex);
    m_retry = true;
}

Steady Controller::runQuarantined() {
    bool asked = false;
    {
        MutexLock lock(m_mutex);
        asked = std::exchange(m_retry, false);
    }
    if (asked) {
        m_quarantine.releaseByPerson();
    } else if (m_quarantine.fileChanged()) {
        m_quarantine.releaseByChange();
    } else {
        return m_clock.steady() + kQuarantineLook;
    }
    log::pipeline().info(
        "quarantine ends db={} reason={}", m_options.config.name, asked ? "retry" : "file changed");
    go(ControllerEvent::Retry);
    return m_clock.steady();
}

Steady Controller::runOpening() {
    CaptureOptions capture;
    capture.path = m_options.config.path;
    capture.spillFolder = joinPath(m_options.stateFolder, "spill");
    capture.clock = &m_clock;
    Status ready = makeFolders(capture.spillFolder);
    if (ready.ok() && m_log == nullptr) {
        ready = openLog();
    }
    if (!ready.ok()) {
        return fail(ready.error());
    }
    Result<RecoveredCapture> recovered = recoverCapture(m_checkpointPath, *m_log);
    if (recovered.ok()) {
        capture.seed = recovered.value().state.map.seed();
    } else {
        const std::optional<DurableEnd> end = durableEndOf(*m_log);
        capture.seed = end ? end->seed : randomId64();
    }
    Result<std::unique_ptr<Capture>> made = m_options.makeCapture(capture);
    if (!made.ok()) {
        return fail(made.error());
    }
    m_capture = std::move(made).value();
    m_lastCounters = m_capture->counters();
    const TxId reached = recovered.ok() ? recovered.value().state.tx : TxId{};
    Status resumed = recovered.ok() ? checkOwn(recovered.value()) : Status(recovered.error());
    if (resumed.ok()) {
        resumed = resumeFrom(std::move(recovered).value());
    }
    if (resumed.ok()) {
        go(ControllerEvent::Recovered);
    } else {
        beginWithoutMap(resumed.error(), reached);
    }
    publishStatus(nullptr);
    return m_clock.steady();
}

/// A scan has to find the durable state again, or a new generation starts; never a guess.
void Controller::beginWithoutMap(const Error& why, TxId reached) {
    if (why.code == ErrorCode::Corruption && m_loss.empty()) {
        noteLoss("where recording ended is not known any more: " + why.message);
    }
    m_expected = durableEndOf(*m_log);
    m_generation = m_expected ? m_expected->generation : randomId<GenerationId>();
    m_nextBaselineTx = m_expected ? m_expected->tx : TxId{1};
    if (why.code == ErrorCode::Discontinuity ||
        (m_expected && m_expected->writer != m_options.writer)) {
        // The numbers after it may be taken; a generation has one writer.
        m_expected.reset();
        m_generation = randomId<GenerationId>();
        m_nextBaselineTx = std::max(m_nextBaselineTx, reached).next();
    }
    go(ControllerEvent::NothingToGoOn);
}

/// Discontinuity: the recovered state is sound, but its generation cannot go on from there.
Status Controller::checkOwn(const RecoveredCapture& recovered) {
    if (!recovered.writer.empty() && recovered.writer != m_options.writer) {
        return Error{ErrorCode::Discontinuity, "another writer recorded this generation"};
    }
    MutexLock lock(m_mutex);
    for (const ReplicaProgress& progress : m_progress) {
        const TxId stored = std::max(progress.segmentsTx, progress.snapshotTx.value_or(TxId{}));
        if (progress.generation == recovered.state.generation && stored > recovered.state.tx) {
            return Error{ErrorCode::Discontinuity, "a replica has more than the local log"};
        }
    }
    return {};
}

Status Controller::resumeFrom(RecoveredCapture recovered) {
    PageMapCheckpoint& state = recovered.state;
    m_generation = state.generation;
    m_baselineTx = state.tx;
    m_baselineRoot = state.map.root();
    m_checkpointTx = recovered.checkpointTx;
    m_checkpointAt = m_clock.steady();
    m_bytesAtCheckpoint = 0;
    const SegmentBuilder::Start start{state.tx, state.map.root(), recovered.lastCommitAt};
    const std::uint64_t seed = state.map.seed();
    ENGINE_TRY(m_capture->resume(std::move(state)));
    m_lastCounters = m_capture->counters();
    makeBuilder(start, seed);
    return {};
}

}  // namespace engine
