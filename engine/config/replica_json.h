// SPDX-License-Identifier: Apache-2.0
// A replica as the JSON block that readReplica() takes.
#pragma once

#include <string>

#include "engine/config/config.h"

namespace engine {

enum class SecretForm : std::uint8_t {
    Masked,  // to be shown
    Real,    // to be stored in the 0600 file
};

/// Without the "database/" in front of the name of a database's own replica.
std::string toReplicaJson(const ReplicaConfig& replica, SecretForm form);

}  // namespace engine
