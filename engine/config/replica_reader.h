// SPDX-License-Identifier: Apache-2.0
// One replica block of the configuration, and what follows for every kind once its fields are
// known; the same rules hold for replica URLs.
#pragma once

#include "engine/config/config.h"
#include "engine/config/object_reader.h"

namespace engine {

/// value: the block; prefix goes before its name ("cache/" for a replica of the database "cache").
ReplicaConfig readReplica(ConfigFindings& findings,
                          const JsonValue& value,
                          const std::string& place,
                          const std::string& prefix);

/// Fills what is missing and refuses what cannot be: 22 as the port, AWS's endpoint for the region,
/// plain HTTP to a place that is not this computer.
Status completeReplica(ReplicaConfig& replica);

}  // namespace engine
