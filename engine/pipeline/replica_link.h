// SPDX-License-Identifier: Apache-2.0
// The connection of this computer to one replica: made when it is needed, checked against the
// marker that this computer remembers, made again after a failure. Both lanes share it.
#pragma once

#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/config/config.h"
#include "engine/pipeline/turn.h"
#include "engine/replica/replica.h"

namespace engine {

using ReplicaFactory = std::function<Result<std::unique_ptr<Replica>>(const ReplicaConfig&)>;

class ReplicaLink {
public:
    /// knownFile: where the marker's id is remembered (a file of the state folder).
    ReplicaLink(const ReplicaConfig& config,
                std::string knownFile,
                ReplicaFactory factory,
                const Clock& clock);

    /// The replica, open and recognised. Unavailable where it is not the place that was here.
    Result<Replica*> ready(std::stop_token stop);
    /// The next ready() looks again.
    void distrust();

private:
    Status connect(std::stop_token stop);

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
