// SPDX-License-Identifier: Apache-2.0
#include "engine/api/status_builder.h"

#include <algorithm>

namespace engine {
namespace {

/// So many failures in a row of a place that answers are no longer a matter of waiting.
constexpr std::uint64_t kFailuresOfAttention = 5;
constexpr std::int64_t kWaitingGraceMs = 24LL * 3600 * 1000;

std::optional<std::int64_t> lagOf(const ControllerStatus& controller,
                                  const ReplicaFacts& facts,
                                  bool restorable,
                                  Time now) {
    if (!restorable) {
        return std::nullopt;
    }
    std::optional<Time> oldest = facts.oldestPending;
    if (controller.dirtySince && (!oldest || *controller.dirtySince < *oldest)) {
        oldest = controller.dirtySince;
    }
    return oldest ? std::max<std::int64_t>(0, now.ms - oldest->ms) : 0;
}

bool waitingIsAttention(Waiting waiting) noexcept {
    switch (waiting) {
        case Waiting::Gone:
        case Waiting::NoPermission:
        case Waiting::NotADatabase:
            return true;
        case Waiting::TooBusy:
        case Waiting::AppHoldsLock:
        case Waiting::TailUnreadable:
        case Waiting::HotJournal:
            return false;
    }
    return true;
}

const LaneHealth& worse(const LaneHealth& a, const LaneHealth& b) {
    if (a.stopped != b.stopped) {
        return a.stopped ? a : b;
    }
    return b.lastError.empty() || (!a.lastError.empty() && a.failures >= b.failures) ? a : b;
}

bool isAttention(const LaneHealth& health) {
    const bool expected =
        health.code == ErrorCode::Unavailable || health.code == ErrorCode::Timeout;
    return health.stopped || !expected || health.failures >= kFailuresOfAttention;
}

ProtectionState stateOfLag(const DatabaseConfig& database,
                           const ReplicaConfig& replica,
                           std::int64_t lagMs) {
    if (lagMs < 2 * replica.syncInterval) {
        return ProtectionState::Protected;
    }
    const DurationMs threshold = database.dataLossWindowThreshold;
    return threshold > 0 && lagMs >= threshold ? ProtectionState::FallingBehind
                                               : ProtectionState::CatchingUp;
}

ProtectionState stateOf(const DatabaseConfig& database,
                        const ControllerStatus& controller,
                        const ReplicaFacts& facts,
                        const ReplicaStatus& status,
                        const StatusMoment& moment) {
    const LaneHealth& health = worse(facts.lanes.state.segments, facts.lanes.state.snapshot);
    if (!controller.lastError.empty() || !controller.loss.empty() ||
        (controller.waiting && waitingIsAttention(*controller.waiting))) {
        return ProtectionState::NeedsAttention;
    }
    if (!health.lastError.empty() && isAttention(health)) {
        return ProtectionState::NeedsAttention;
    }
    // Neither a wait nor a pause is a comfort where nothing is stored yet.
    if (!status.restorable || !status.lagMs) {
        // What was stored before is still there while the database is being looked at again.
        const bool opening = !controller.generation && !facts.lanes.state.snapshots.empty();
        return opening ? ProtectionState::CatchingUp : ProtectionState::NotProtected;
    }
    if (moment.paused) {
        return ProtectionState::Paused;
    }
    if (facts.lanes.linkError || controller.waiting || !health.lastError.empty()) {
        return *status.lagMs > kWaitingGraceMs ? ProtectionState::NeedsAttention
                                               : ProtectionState::Waiting;
    }
    // Right after a start nobody knows yet what the app did meanwhile.
    const ProtectionState state = stateOfLag(database, *facts.config, *status.lagMs);
    const bool known = controller.caughtUpOnce || state != ProtectionState::Protected;
    return known ? state : ProtectionState::CatchingUp;
}

/// Wall-clock time of a monotonic moment, for people.
Time wallTime(Steady at, const StatusMoment& moment) {
    if (at <= moment.steady) {
        return Time{};
    }
    return moment.now.plus(
        std::chrono::duration_cast<std::chrono::milliseconds>(at - moment.steady).count());
}

}  // namespace

ReplicaStatus buildReplicaStatus(const DatabaseConfig& database,
                                 const ControllerStatus& controller,
                                 const ReplicaFacts& facts,
                                 const StatusMoment& moment) {
    const SlotState& slot = facts.lanes.state;
    const LaneHealth& health = worse(slot.segments, slot.snapshot);
    ReplicaStatus status;
    status.name = facts.config->name;
    status.kind = kindOf(facts.config->options);
    if (controller.generation) {
        const auto snapshot = slot.snapshots.find(controller.generation->id);
        status.restorable = snapshot != slot.snapshots.end();
        if (status.restorable) {
            status.storedTxId = std::max(slot.segmentsTx, snapshot->second);
        }
    }
    status.lagMs = lagOf(controller, facts, status.restorable, moment.now);
    status.pendingBytes = facts.pendingBytes;
    status.lastUploadAt = std::max(slot.lastUploadAt, slot.lastSnapshotAt);
    status.lastSnapshotAt = slot.lastSnapshotAt;
    status.lastError = facts.lanes.linkError ? *facts.lanes.linkError : health.lastError;
    status.lastErrorAt = health.lastErrorAt;
    status.retryAt =
        wallTime(facts.lanes.linkError ? facts.lanes.linkRetryAt : health.retryAt, moment);
    status.state = stateOf(database, controller, facts, status, moment);
    return status;
}

void finishDatabaseStatus(DatabaseStatus& status,
                          const DatabaseConfig& database,
                          const ControllerStatus& controller) {
    status.name = database.name;
    status.path = database.path;
    status.captureMode = toText(controller.mode);
    status.captureLabel = labelOf(controller.mode);
    status.waiting = controller.waiting ? toText(*controller.waiting) : std::string_view{};
    if (controller.generation) {
        status.generation = controller.generation->id;
        status.pageSize = controller.generation->pageSize;
    }
    status.txId = controller.tx;
    status.pageCount = controller.pageCount;
    status.commitsAlone = controller.counters.commitsAlone;
    status.catchUps = controller.counters.catchUps;
    status.commitsMerged = controller.counters.commitsMerged;
    status.aloneShare = controller.aloneShare;
    status.aloneShareAtMost = controller.aloneShareAtMost;
    status.lastChangeAt = controller.lastChangeAt;
    status.lastCheckedAt = controller.lastCheckedAt;
    status.lastError = controller.lastError.empty() ? controller.loss : controller.lastError;
    status.state =
        status.replicas.empty() ? ProtectionState::NotProtected : ProtectionState::Protected;
    status.lagMs = 0;
    status.storedTxId = status.replicas.empty() ? TxId{} : status.txId;
    for (const ReplicaStatus& replica : status.replicas) {
        status.state = std::max(status.state, replica.state);
        status.storedTxId = std::min(status.storedTxId, replica.storedTxId);
        status.pendingBytes = std::max(status.pendingBytes, replica.pendingBytes);
        status.lastSnapshotAt = std::max(status.lastSnapshotAt, replica.lastSnapshotAt);
        if (!replica.lagMs) {
            status.lagMs.reset();
        } else if (status.lagMs) {
            status.lagMs = std::max(*status.lagMs, *replica.lagMs);
        }
        if (status.lastError.empty()) {
            status.lastError = replica.lastError;
        }
    }
    if (status.replicas.empty()) {
        status.lagMs.reset();
    }
}

}  // namespace engine
