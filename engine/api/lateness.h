// SPDX-License-Identifier: Apache-2.0
// Which replicas fell behind a database's dataLossWindowThreshold since the last look, and which
// caught up: each is told once. One thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/api/status.h"

namespace engine {

struct LatenessChange {
    std::string database;
    std::string replica;
    bool late = false;
    std::int64_t lagMs = 0;
    std::uint64_t pendingBytes = 0;
};

class Lateness {
public:
    std::vector<LatenessChange> changes(const std::vector<DatabaseStatus>& databases);

private:
    std::set<std::pair<std::string, std::string>> m_late;  // database, replica
};

void logLateness(const std::vector<LatenessChange>& changes);

}  // namespace engine
