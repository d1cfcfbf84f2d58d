// SPDX-License-Identifier: Apache-2.0
#include "engine/config/supported.h"

#include <algorithm>

namespace engine {
namespace {

Error missing(std::string what, std::string_view fix) {
    return Error{ErrorCode::Unsupported, std::move(what) + " is not available in this version"}
        .withEffect("nothing was started, so nothing is recorded")
        .withFix(fix);
}

std::string quoted(const std::string& name) {
    return "\"" + name + "\"";
}

}  // namespace

Status checkSupported(const ReplicaConfig& replica) {
    const std::string noun = "replica " + quoted(replica.name) + ": ";
    if (std::holds_alternative<S3ReplicaOptions>(replica.options)) {
        return missing(noun + "the type s3", "use a replica of the type file");
    }
    if (std::holds_alternative<SftpReplicaOptions>(replica.options)) {
        return missing(noun + "the type sftp", "use a replica of the type file");
    }
    if (std::holds_alternative<NatsReplicaOptions>(replica.options)) {
        return missing(noun + "the type nats", "use a replica of the type file");
    }
    if (replica.encryption.enabled) {
        return missing(noun + "encryption",
                       "switch encryption.enabled off, or keep the replica on an encrypted disk");
    }
    if (replica.maxSize != 0) {
        return missing(noun + "maxSize", "remove maxSize and give the replica room enough");
    }
    return {};
}

Status checkSupported(const Config& config) {
    for (const ReplicaConfig& replica : config.replicas) {
        const bool used = std::any_of(
            config.databases.begin(),
            config.databases.end(),
            [&replica](const DatabaseConfig& database) {
                const auto& names = database.replicas;
                return std::find(names.begin(), names.end(), replica.name) != names.end();
            });
        if (used) {
            ENGINE_TRY(checkSupported(replica));
        }
    }
    for (const DatabaseConfig& database : config.databases) {
        if (database.restore.enabled) {
            return missing(
                "database " + quoted(database.name) + ": restore.enabled",
                "switch it off and use the command restore --if-not-exists before the start");
        }
    }
    return {};
}

std::vector<std::string> notYetApplied(const Config& config) {
    const bool retains =
        std::any_of(config.databases.begin(), config.databases.end(), [](const auto& database) {
            return !database.retention.tiers.empty();
        });
    if (!retains) {
        return {};
    }
    return {"retention is not applied in this version: nothing is pruned, every point is kept"};
}

}  // namespace engine
