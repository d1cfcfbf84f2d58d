// SPDX-License-Identifier: Apache-2.0
// One database of a Runtime: its controller and where it is known; private to it.
#pragma once

#include "engine/api/runtime.h"

namespace engine {

struct Runtime::Entry {
    DatabaseConfig config;
    std::unique_ptr<Controller> controller;
    std::vector<ReplicaLanes*> lanes;  // in the order of config.replicas
    std::size_t scheduled = 0;
    ChangeWatcher::Id watched = 0;
};

}  // namespace engine
