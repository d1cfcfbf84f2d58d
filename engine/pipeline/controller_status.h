// SPDX-License-Identifier: Apache-2.0
// What a controller tells about itself and what the lanes tell it: plain values.
#pragma once

#include <optional>
#include <string>

#include "engine/capture/capture.h"
#include "engine/pipeline/controller_state.h"

namespace engine {

struct RecordedGeneration {
    GenerationId id;
    TxId baselineTx;  // where recording began, now or at the last start; segments begin after it
    Root baselineRoot;
    std::uint64_t seed = 0;
    std::uint32_t pageSize = 0;
};

/// How far the shadow log is.
struct PublishedPosition {
    GenerationId generation;
    TxId tx;
};

/// How far one replica is with the generation it works on.
struct ReplicaProgress {
    GenerationId generation;
    TxId segmentsTx;                    // stored up to here
    std::optional<TxId> snapshotTx;     // a whole snapshot is stored
    bool olderGenerationsDone = false;  // nothing before `generation` is owed
};

struct ControllerStatus {
    ControllerState state = ControllerState::Opening;
    CaptureMode mode = CaptureMode::Unknown;
    std::optional<Waiting> waiting;
    std::optional<RecordedGeneration> generation;
    TxId tx;           // captured
    TxId publishedTx;  // in the shadow log
    std::uint64_t pageCount = 0;
    std::optional<Time> dirtySince;  // oldest change that is not published
    bool settled = false;            // everything seen is captured and published
    bool caughtUpOnce = false;       // since the start, the log was once seen to hold everything
    CaptureCounters counters;
    std::optional<double> aloneShare;  // of the last hour, 0..1; empty: nothing changed
    bool aloneShareAtMost = false;     // some catch-up may have merged more than is known
    Time lastChangeAt;
    Time lastCheckedAt;
    std::uint64_t logBytes = 0;
    std::string lastError;  // of ours; empty = none
    /// Local history that was lost; said until every replica has all that followed.
    std::string loss;
    std::uint64_t runs = 0;  // finished calls of run()
};

}  // namespace engine
