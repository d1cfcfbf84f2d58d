// SPDX-License-Identifier: Apache-2.0
// What the window asks of a replica: the history of one database, a plan, a restore. Functions for
// the bodies of jobs: they do I/O and take as long as it takes. Values; any thread but the GUI's.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/api/engine.h"
#include "engine/api/replica_session.h"

namespace ui {

/// How to come to a replica: by the configuration on disk, as it is when a job begins.
struct ReplicaAccess {
    std::string configPath;  // empty = config is all there is
    std::string stateDir;
    std::string indexPath;  // disposable; empty = none
    engine::Config config;

    static ReplicaAccess of(const engine::EngineOptions& options);
};

/// One database on one replica.
struct HistoryAddress {
    std::string replica;
    engine::DatabaseId database;
};

struct LoadedHistory {
    std::shared_ptr<const engine::History> history;
    std::vector<engine::TimelinePoint> points;  // in the recorded order
};

engine::Result<LoadedHistory> loadHistoryOf(const ReplicaAccess& access,
                                            const HistoryAddress& address,
                                            std::stop_token stop);

engine::Result<engine::RestoreReport> restorePlan(const ReplicaAccess& access,
                                                  const HistoryAddress& address,
                                                  const engine::History& history,
                                                  const engine::RestorePlan& plan,
                                                  const engine::RestoreOptions& options,
                                                  std::stop_token stop);

/// What is known of a path before anything is written there.
struct TargetFacts {
    bool exists = false;
    bool folderExists = false;
    bool folderWritable = false;
    std::uint64_t bytesFree = 0;
};

TargetFacts lookAtTarget(const std::string& path);

}  // namespace ui
