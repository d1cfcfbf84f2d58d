// SPDX-License-Identifier: Apache-2.0
// One database on one replica, as the lanes work on it; private to them.
#pragma once

#include "engine/pipeline/replica_lanes.h"

namespace engine {

inline constexpr std::chrono::milliseconds kReplicaBackoffFirst{500};
inline constexpr std::chrono::minutes kReplicaBackoffLongest{5};

struct ReplicaLanes::Slot {
    Slot(Controller& owner, std::size_t index, std::string json)
        : controller(owner)
        , replica(index)
        , databaseJson(std::move(json)) {}

    Controller& controller;
    const std::size_t replica;
    const std::string databaseJson;
    std::unique_ptr<AckJournal> journal;
    Turn looking;               // whichever lane looks around first
    bool looked = false;        // under that turn: the journal says what is stored
    GenerationId soleWriterOf;  // under that turn: nobody else wrote there
    TxId soleWriterTx;
    Steady soleWriterUntil{};
    bool described = false;         // the segment lane's: database.json is there
    bool snapshotsCleaned = false;  // the snapshot lane's
    Backoff segmentsBackoff{kReplicaBackoffFirst, kReplicaBackoffLongest};
    Backoff snapshotBackoff{kReplicaBackoffFirst, kReplicaBackoffLongest};
    SlotState state;  // guarded by the lanes' mutex
};

}  // namespace engine
