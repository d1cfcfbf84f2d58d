// SPDX-License-Identifier: Apache-2.0
// What a database's folder in the state folder says about it besides its progress: how the engine
// that recorded it last called it and its replicas. It lets the status without an engine tell of
// databases that no configuration names (those of `replicate DATABASE REPLICA_URL`).
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/config/config.h"

namespace engine {

struct KnownReplica {
    std::string name;
    std::string kind;  // empty = not known
    std::string file;  // knownReplicaFileName()
};

struct KnownDatabase {
    std::string name;
    std::string shadowDir;
    std::vector<KnownReplica> replicas;
};

KnownDatabase knownFrom(const DatabaseConfig& database, const Config& config);

/// folder: the database's in the state folder. Written only where it says something else.
Status rememberDatabase(const std::string& folder, const KnownDatabase& database);

/// What is not written there (or cannot be read) comes from the fallback and from the names of the
/// ack journals. Changes nothing.
KnownDatabase recallDatabase(const std::string& folder, KnownDatabase fallback);

}  // namespace engine
