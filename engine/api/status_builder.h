// SPDX-License-Identifier: Apache-2.0
// From what controller and lanes know to what a person is told: the state model of ux.md 4.2 as
// pure functions.
#pragma once

#include "engine/api/status.h"
#include "engine/config/config.h"
#include "engine/pipeline/controller_status.h"
#include "engine/pipeline/replica_lanes.h"

namespace engine {

/// What is known of one replica of a database, besides the lanes' own state.
struct ReplicaFacts {
    const ReplicaConfig* config = nullptr;
    LaneStatus lanes;
    std::optional<Time> oldestPending;  // of the segments that are not stored there
    std::uint64_t pendingBytes = 0;
};

struct StatusMoment {
    Time now;
    Steady steady;
    bool paused = false;
};

ReplicaStatus buildReplicaStatus(const DatabaseConfig& database,
                                 const ControllerStatus& controller,
                                 const ReplicaFacts& facts,
                                 const StatusMoment& moment);
/// The database's own fields and the worst of its replicas, which are already in it.
void finishDatabaseStatus(DatabaseStatus& status,
                          const DatabaseConfig& database,
                          const ControllerStatus& controller);

}  // namespace engine
