// SPDX-License-Identifier: Apache-2.0
// Statuses as an engine would give them, for tests of what the window makes of them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ui/bridge/engine_view.h"

namespace sample {

/// 2026-06-14T14:02:11Z
inline constexpr engine::Time kNow{1'781'445'731'000};

inline engine::ReplicaStatus replica(const std::string& name,
                                     engine::ProtectionState state,
                                     std::int64_t lagMs = 0) {
    engine::ReplicaStatus status;
    status.name = name;
    status.kind = "file";
    status.state = state;
    status.storedTxId = engine::TxId{1041};
    status.restorable = true;
    status.lagMs = lagMs;
    status.lastUploadAt = kNow.plus(-12'000);
    return status;
}

inline engine::DatabaseStatus database(const std::string& name,
                                       engine::ProtectionState state,
                                       std::uint64_t id,
                                       std::int64_t lagMs = 0) {
    engine::DatabaseStatus status;
    status.name = name;
    status.path = "/home/user/" + name + ".db";
    status.id = engine::DatabaseId{id};
    status.state = state;
    status.captureMode = "walShared";
    status.captureLabel = "Continuous";
    status.generation = engine::GenerationId{0x9f3c4a0100000001};
    status.txId = engine::TxId{1041};
    status.storedTxId = engine::TxId{1041};
    status.lagMs = lagMs;
    status.pageCount = 21'504;
    status.pageSize = 4096;
    status.lastCheckedAt = kNow.plus(-3'000);
    status.replicas = {replica("disk", state, lagMs)};
    return status;
}

inline ui::EngineView view(std::vector<engine::DatabaseStatus> databases,
                           ui::Phase phase = ui::Phase::Recording) {
    auto status = std::make_shared<engine::EngineStatus>();
    status->running = true;
    status->at = kNow;
    status->pid = 4711;
    status->databases = std::move(databases);
    return {phase, std::move(status), std::nullopt};
}

}  // namespace sample
