// SPDX-License-Identifier: Apache-2.0
#include "engine/api/lateness.h"

#include "engine/base/log.h"

namespace engine {

std::vector<LatenessChange> Lateness::changes(const std::vector<DatabaseStatus>& databases) {
    std::vector<LatenessChange> changes;
    std::set<std::pair<std::string, std::string>> late;
    for (const DatabaseStatus& database : databases) {
        for (const ReplicaStatus& replica : database.replicas) {
            const std::pair key(database.name, replica.name);
            const bool isLate = replica.state == ProtectionState::FallingBehind;
            if (isLate) {
                late.insert(key);
            }
            if (isLate != m_late.contains(key)) {
                changes.push_back({database.name,
                                   replica.name,
                                   isLate,
                                   replica.lagMs.value_or(0),
                                   replica.pendingBytes});
            }
        }
    }
    m_late = std::move(late);
    return changes;
}

void logLateness(const std::vector<LatenessChange>& changes) {
    for (const LatenessChange& change : changes) {
        if (change.late) {
            log::service().warn(
                "falling behind db={} replica={} lagMs={} pendingBytes={} effect=\"if this "
                "computer were lost now, these changes would be lost\"",
                change.database,
                change.replica,
                change.lagMs,
                change.pendingBytes);
        } else {
            log::service().info(
                "no longer falling behind db={} replica={}", change.database, change.replica);
        }
    }
}

}  // namespace engine
