// SPDX-License-Identifier: Apache-2.0
// The connection of this computer to one replica: made when it is needed, checked against the
// marker that this computer remembers, made again after a failure. Both lanes share it.
//
// What is remembered or the marker may get lost or damaged. Each is made again from the other; a
// marker only where databases of this computer are stored beside it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/base/clock.h"
#include "engine/config/config.h"
#include "engine/pipeline/turn.h"
#include "engine/replica/marker.h"
#include "engine/replica/replica.h"

namespace engine {

using ReplicaFactory = std::function<Result<std::unique_ptr<Replica>>(const ReplicaConfig&)>;

class ReplicaLink {
public:
    /// knownFile: where the marker's id is remembered, STATE/replicas/<name>; the databases of this
    /// computer are the folders of STATE/databases.
    ReplicaLink(const ReplicaConfig& config,
                std::string knownFile,
                ReplicaFactory factory,
                const Clock& clock);

    /// The replica, open and recognised. Unavailable where it is not the place that was here.
    Result<Replica*> ready(std::stop_token stop);
    /// The next ready() looks again.
    void distrust();

private:
    /// What the file says; the id is missing where it is damaged, or from before (checked false).
    struct Known {
        bool there = false;
        bool checked = false;
        std::optional<ReplicaId> id;
    };

    Result<Known> readKnown() const;
    Status remember(ReplicaId id) const;
    Status connect(std::stop_token stop);
    Result<ReplicaId> recognise(const Known& known, std::stop_token stop);
    bool holdsOwnDatabases(std::stop_token stop);
    Error away(Error error) const;

    const ReplicaConfig m_config;
    const std::string m_knownFile;
    const ReplicaFactory m_factory;
    const Clock& m_clock;
    Turn m_turn;
    // Under the turn.
    std::unique_ptr<Replica> m_replica;
    Mutex m_mutex;
    bool m_trusted ENGINE_GUARDED_BY(m_mutex) = false;
};

/// The file name under which a replica is remembered: from what identifies the place, not from its
/// name in the configuration.
std::string knownReplicaFileName(const ReplicaConfig& config);

}  // namespace engine
