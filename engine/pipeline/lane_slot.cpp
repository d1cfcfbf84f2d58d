// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/lane_slot.h"

#include <algorithm>

namespace engine {
namespace {
using std::chrono::milliseconds;
constexpr milliseconds kBurstEnd{1000};
constexpr std::chrono::minutes kFaultPause{1};
}  // namespace

void notePublished(SlotState& slot, const PublishedPosition& published, Steady now) {
    if (slot.generation != published.generation) {
        slot.generation = published.generation;
        slot.olderPending = true;
        slot.pendingSince.reset();
        for (LaneHealth* health : {&slot.segments, &slot.snapshot}) {
            if (health->code == ErrorCode::Discontinuity) {
                health->retryAt = Steady{};  // this is what it waited for
            }
        }
    }
    if (published.tx != slot.publishedTx) {
        slot.publishedTx = published.tx;
        slot.lastPublishAt = now;
    }
    if (slot.publishedTx <= slot.segmentsTx) {
        slot.pendingSince.reset();
    } else if (!slot.pendingSince) {
        slot.pendingSince = now;
    }
}

std::optional<Steady> segmentsDue(const SlotState& slot, DurationMs syncInterval, bool flush) {
    if (slot.generation.empty() || slot.segments.stopped ||
        (slot.looked && !slot.pendingSince && !slot.olderPending)) {
        return std::nullopt;
    }
    Steady due{};
    if (slot.looked && slot.pendingSince && !flush && !slot.olderPending) {
        due = std::min(*slot.pendingSince + milliseconds(syncInterval),
                       slot.lastPublishAt + kBurstEnd);
    }
    return std::max(due, slot.segments.retryAt);
}

std::optional<Steady> snapshotDue(const SlotState& slot,
                                  DurationMs snapshotInterval,
                                  Time now,
                                  Steady steadyNow) {
    if (slot.generation.empty() || slot.snapshot.stopped) {
        return std::nullopt;
    }
    if (!slot.snapshots.contains(slot.generation) || slot.snapshotWanted) {
        return slot.snapshot.retryAt;
    }
    if (snapshotInterval <= 0 || slot.bytesSinceSnapshot <= slot.snapshotBytes / 2) {
        return std::nullopt;
    }
    // A wall clock that jumped never makes the distance negative or endless.
    const std::int64_t age =
        std::clamp<std::int64_t>(now.ms - slot.lastSnapshotAt.ms, 0, snapshotInterval);
    return std::max(steadyNow + milliseconds(snapshotInterval - age), slot.snapshot.retryAt);
}

void noteFailure(LaneHealth& health,
                 const Error& error,
                 Backoff& backoff,
                 bool local,
                 Time now,
                 Steady steadyNow) {
    health.lastError = error.message;
    health.code = error.code;
    health.lastErrorAt = now;
    ++health.failures;
    if (error.retryable() || error.code == ErrorCode::Io) {
        health.retryAt = steadyNow + backoff.next();
    } else if (error.code == ErrorCode::Refused || error.code == ErrorCode::AlreadyExists) {
        health.stopped = true;  // somebody else is at work there, on whatever kind of place
    } else if (local || error.code == ErrorCode::NoSpace ||
               error.code == ErrorCode::Discontinuity) {
        health.retryAt = steadyNow + kFaultPause;
    } else {
        health.stopped = true;
    }
}

void noteSuccess(LaneHealth& health, Backoff& backoff) {
    health = LaneHealth{};
    backoff.reset();
}

}  // namespace engine
