// SPDX-License-Identifier: Apache-2.0
// One database on one replica, as its two lanes see it, and the pure rules of when something is
// due. Values only; the lanes guard them.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/base/backoff.h"
#include "engine/base/clock.h"
#include "engine/config/config.h"
#include "engine/pipeline/controller_status.h"

namespace engine {

/// What one lane last met.
struct LaneHealth {
    std::string lastError;  // empty = the last attempt worked
    ErrorCode code = ErrorCode::Internal;
    Time lastErrorAt;
    Steady retryAt{};
    bool stopped = false;        // permanent: not tried again before someone acts
    std::uint64_t failures = 0;  // in a row
};

struct SlotState {
    // What is recorded.
    GenerationId generation;
    TxId publishedTx;
    std::optional<Steady> pendingSince;  // the oldest that is published and not stored
    Steady lastPublishAt{};
    bool olderPending = true;  // segments of earlier generations may be owed
    // What is stored: as remembered, until the replica was looked at.
    bool looked = false;
    TxId segmentsTx;
    std::map<GenerationId, TxId> snapshots;
    Time lastUploadAt;
    Time lastSnapshotAt;
    std::uint64_t snapshotBytes = 0;
    std::uint64_t bytesSinceSnapshot = 0;
    bool snapshotWanted = false;
    std::uint64_t pagesDone = 0;  // of a snapshot under way
    std::uint64_t pagesTotal = 0;
    LaneHealth segments;
    LaneHealth snapshot;
};

/// Takes in what the controller published.
void notePublished(SlotState& slot, const PublishedPosition& published, Steady now);

/// When segments have to go: 1 s after a burst ends, at most every interval while busy, at once
/// when flushing or while the replica was not looked at. Empty: nothing to do.
std::optional<Steady> segmentsDue(const SlotState& slot, DurationMs syncInterval, bool flush);

/// When a snapshot has to be taken: the first of a generation and a wanted one at once, then when
/// the interval has passed and the segments since hold more than half its size.
std::optional<Steady> snapshotDue(const SlotState& slot,
                                  DurationMs snapshotInterval,
                                  Time now,
                                  Steady steadyNow);

/// Takes in a failure: transient errors back off, no space and local faults are tried again each
/// minute, others stop the lane for this database until someone acts.
void noteFailure(LaneHealth& health,
                 const Error& error,
                 Backoff& backoff,
                 bool local,
                 Time now,
                 Steady steadyNow);
void noteSuccess(LaneHealth& health, Backoff& backoff);

}  // namespace engine
