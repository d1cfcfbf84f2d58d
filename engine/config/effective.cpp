// SPDX-License-Identifier: Apache-2.0
// The configuration in force as JSON: everything said, secrets masked.
#include <nlohmann/json.hpp>

#include "engine/config/config_file.h"
#include "engine/config/replica_json.h"
#include "engine/config/units.h"

namespace engine {
namespace {

using Json = nlohmann::ordered_json;

Json toJson(const DatabaseConfig& database, const Config& config) {
    Json tiers = Json::array();
    for (const RetentionTier& tier : database.retention.tiers) {
        tiers.push_back(
            {{"every", toDurationText(tier.every)}, {"for", toDurationText(tier.keepFor)}});
    }
    Json replicas = Json::array();
    for (const std::string& name : database.replicas) {
        const ReplicaConfig* own = nullptr;
        for (const ReplicaConfig& replica : config.replicas) {
            own = replica.name == name && name.find('/') != std::string::npos ? &replica : own;
        }
        replicas.push_back(
            own == nullptr ? Json(name)
                           : Json::parse(toReplicaJson(*own, SecretForm::Masked), nullptr, false));
    }
    const RetentionConfig& retention = database.retention;
    return {{"name", database.name},
            {"path", database.path},
            {"shadowDir", database.shadowDir},
            {"snapshotInterval", toDurationText(database.snapshotInterval)},
            {"retention",
             {{"snapshotInterval", toDurationText(retention.snapshotInterval)},
              {"snapshotRetention", toDurationText(retention.snapshotRetention)},
              {"checkInterval", toDurationText(retention.checkInterval)},
              {"tiers", tiers}}},
            {"compression",
             {{"codec", toText(database.compression.codec)},
              {"level", database.compression.level},
              {"window", database.compression.window}}},
            {"dataLossWindowThreshold", toDurationText(database.dataLossWindowThreshold)},
            {"restore",
             {{"enabled", database.restore.enabled},
              {"targetPath", database.restore.targetPath},
              {"tempDir", database.restore.tempDir}}},
            {"replicas", replicas}};
}

}  // namespace

std::string effectiveConfigJson(const Config& config) {
    Json replicas = Json::array();
    for (const ReplicaConfig& replica : config.replicas) {
        if (replica.name.find('/') == std::string::npos) {
            replicas.push_back(
                Json::parse(toReplicaJson(replica, SecretForm::Masked), nullptr, false));
        }
    }
    Json databases = Json::array();
    for (const DatabaseConfig& database : config.databases) {
        databases.push_back(toJson(database, config));
    }
    const Json document = {{"version", 1}, {"replicas", replicas}, {"databases", databases}};
    return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace engine
