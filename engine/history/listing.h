// SPDX-License-Identifier: Apache-2.0
// Reads what a replica holds. The state of a replica is its listing; names are hostile until
// PartName::parse took them.
#pragma once

#include <stop_token>

#include "engine/history/descriptors.h"
#include "engine/replica/replica.h"

namespace engine {

/// Every database on the replica, by whichever computer, with its database.json where there is one.
struct FoundDatabase {
    DatabaseLocation location;
    std::optional<DatabaseInfo> info;  // empty: database.json missing or unreadable
};

Result<std::vector<FoundDatabase>> listDatabases(Replica& replica, std::stop_token stop);

Result<Listing> listHistory(Replica& replica,
                            const DatabaseLocation& location,
                            std::stop_token stop);

LatestState latestState(const Listing& listing);

}  // namespace engine
