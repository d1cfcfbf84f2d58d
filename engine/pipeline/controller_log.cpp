// SPDX-License-Identifier: Apache-2.0
// The controller's care for its log on the disk: checkpoints, trimming, bounds and damage.
#include <algorithm>

#include "engine/base/log.h"
#include "engine/pipeline/controller.h"
#include "engine/pipeline/log_hold.h"

namespace engine {
namespace {

constexpr std::uint64_t kCheckpointBytes = 64u << 20;
constexpr std::chrono::minutes kCheckpointAge{10};
constexpr std::chrono::seconds kBoundPause{1};

}  // namespace

/// Only at a published commit: the log has to lead on from the checkpoint.
Status Controller::checkpointWhenDue(bool force) {
    if (m_builder->hasOpenCommits()) {
        return {};
    }
    const CapturePosition position = m_capture->position();
    const std::uint64_t logged = m_log->fileBytes();
    const Steady now = m_clock.steady();
    const bool moved = position.tx != m_checkpointTx;
    const bool due = moved && (logged >= m_bytesAtCheckpoint + kCheckpointBytes ||
                               now - m_checkpointAt > kCheckpointAge);
    if (!force && !due) {
        return {};
    }
    Attrs attrs = position.origin;
    attrs[kLastCommitAtAttr] = std::to_string(m_builder->lastCommitAt().ms);
    attrs[kWriterAttr] = m_options.writer.text();
    ENGINE_TRY(savePageMap(m_checkpointPath, m_generation, position.tx, attrs, m_capture->map()));
    m_checkpointTx = position.tx;
    m_checkpointAt = now;
    m_bytesAtCheckpoint = logged;
    return {};
}

/// What every replica has and the page map does not need goes.
Status Controller::trim() {
    TxId upTo = m_checkpointTx;
    bool olderDone = true;
    {
        MutexLock lock(m_mutex);
        if (!m_loss.empty() && everythingStored(m_progress)) {
            m_loss.clear();
        }
        for (const ReplicaProgress& progress : m_progress) {
            const bool here = progress.generation == m_generation;
            upTo = std::min(upTo, here ? progress.segmentsTx : TxId{0});
            olderDone = olderDone && here && progress.olderGenerationsDone;
        }
        for (const LogHold* hold : m_holds) {
            upTo = std::min(upTo, hold->m_from);
        }
        olderDone = olderDone && m_holds.empty() && !m_progress.empty();
    }
    if (olderDone) {
        for (const GenerationId generation : m_log->generations()) {
            if (generation != m_generation) {
                ENGINE_TRY(m_log->removeGeneration(generation));
            }
        }
    }
    return upTo.value > 0 ? m_log->trim(m_generation, upTo) : Status{};
}

bool Controller::everythingStored(const std::vector<ReplicaProgress>& progress) const {
    return !progress.empty() &&
           std::all_of(progress.begin(), progress.end(), [&](const ReplicaProgress& replica) {
               return replica.generation == m_generation && replica.snapshotTx &&
                      std::max(*replica.snapshotTx, replica.segmentsTx) >= m_builder->publishedTx();
           });
}

/// The backlog of a replica that is away must not fill the disk. First goes what the replica that
/// is furthest has, then all that is not needed to go on here.
Status Controller::boundLog() {
    const Steady now = m_clock.steady();
    if (m_log->fileBytes() <= m_options.logBytesMax || now < m_boundNotBefore) {
        return {};
    }
    const std::uint64_t before = m_log->fileBytes();
    for (const GenerationId generation : m_log->generations()) {
        if (generation != m_generation) {
            ENGINE_TRY(m_log->removeGeneration(generation));
        }
    }
    ENGINE_TRY(m_builder->publish());
    ENGINE_TRY(checkpointWhenDue(true));
    TxId furthest;
    TxId all = m_checkpointTx;
    {
        MutexLock lock(m_mutex);
        for (const ReplicaProgress& progress : m_progress) {
            if (progress.generation == m_generation) {
                furthest = std::max(furthest, progress.segmentsTx);
            }
        }
        for (const LogHold* hold : m_holds) {
            all = std::min(all, hold->m_from);
        }
    }
    ENGINE_TRY(m_log->trim(m_generation, std::min(furthest, all)));
    if (m_log->fileBytes() > m_options.logBytesMax) {
        ENGINE_TRY(m_log->trim(m_generation, all));
    }
    m_bytesAtCheckpoint = m_log->fileBytes();
    if (m_bytesAtCheckpoint == before) {
        m_boundNotBefore = now + kBoundPause;  // a snapshot under way holds it
        return {};
    }
    noteLoss(
        "the local log reached its limit: replicas that are behind get the state as it is "
        "when they are back, without the changes in between");
    return {};
}

/// What was damaged is lost for the replicas that lack it; the recording itself needs only the page
/// map.
Status Controller::setAsideDamage() {
    std::optional<ShadowSegment> damaged;
    std::string problem;
    {
        MutexLock lock(m_mutex);
        damaged = std::exchange(m_damaged, std::nullopt);
        problem = std::exchange(m_damage, {});
    }
    if (!damaged) {
        return {};
    }
    noteLoss("changes " + std::to_string(damaged->firstTx.value) + " to " +
             std::to_string(damaged->lastTx.value) + " were damaged in the local log: " + problem);
    ENGINE_TRY(m_log->setAside(*damaged));
    ENGINE_TRY(m_builder->publish());
    return checkpointWhenDue(true);
}

/// true: what is recorded is not what a replica goes on from; a new generation began beyond it.
Result<bool> Controller::leaveBehind() {
    std::optional<TxId> stored;
    {
        MutexLock lock(m_mutex);
        stored = std::exchange(m_behind, std::nullopt);
    }
    if (!stored) {
        return false;
    }
    log::pipeline().warn(
        "a replica has other or later changes than the local log db={} "
        "generation={} localTx={} storedTx={}",
        m_options.config.name,
        m_generation.text(),
        m_capture->position().tx.value,
        stored->value);
    // Its numbers are taken there: what is not stored of it is only in the new baseline.
    ENGINE_TRY(m_log->removeGeneration(m_generation));
    beginGeneration(Discontinuity::StateLost, *stored);
    return true;
}

void Controller::noteLoss(std::string what) {
    log::pipeline().error("local history lost db={} what=\"{}\"", m_options.config.name, what);
    m_loss = std::move(what);
}

std::unique_ptr<Controller::LogHold> Controller::holdLog(TxId from) {
    std::unique_ptr<LogHold> hold(new LogHold(*this, from));
    MutexLock lock(m_mutex);
    m_holds.push_back(hold.get());
    return hold;
}

Controller::LogHold::~LogHold() {
    MutexLock lock(m_owner.m_mutex);
    std::erase(m_owner.m_holds, this);
}

}  // namespace engine
