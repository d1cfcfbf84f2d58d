// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/history_queries.h"

#include <algorithm>
#include <utility>

#include <QFileInfo>
#include <QStorageInfo>

#include "engine/api/program.h"

namespace ui {

namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;

Result<engine::ReplicaConfig> replicaNamed(const ReplicaAccess& access, const std::string& name) {
    engine::Config config = access.config;
    if (!access.configPath.empty()) {
        ENGINE_TRY_ASSIGN(engine::LoadedConfig loaded,
                          engine::loadConfig(access.configPath, access.stateDir));
        config = std::move(loaded.config);
    }
    const auto found = std::find_if(config.replicas.begin(),
                                    config.replicas.end(),
                                    [&](const auto& replica) { return replica.name == name; });
    if (found == config.replicas.end()) {
        return Error{ErrorCode::NotFound, "the configuration has no replica \"" + name + '"'};
    }
    return std::move(*found);
}

Result<std::unique_ptr<engine::ReplicaSession>> openSession(const ReplicaAccess& access,
                                                            const std::string& replica,
                                                            const std::stop_token& stop) {
    ENGINE_TRY_ASSIGN(const engine::ReplicaConfig config, replicaNamed(access, replica));
    return engine::ReplicaSession::open(config, access.indexPath, stop);
}

}  // namespace

ReplicaAccess ReplicaAccess::of(const engine::EngineOptions& options) {
    return {options.configPath,
            options.stateDir,
            options.stateDir + "/window-index.sqlite",
            options.config};
}

Result<LoadedHistory> loadHistoryOf(const ReplicaAccess& access,
                                    const HistoryAddress& address,
                                    std::stop_token stop) {
    ENGINE_TRY_ASSIGN(const auto session, openSession(access, address.replica, stop));
    ENGINE_TRY_ASSIGN(const engine::FoundDatabase found,
                      session->findDatabase(address.database.text(), stop));
    LoadedHistory loaded;
    ENGINE_TRY_ASSIGN(loaded.history, session->history(found.location, stop));
    loaded.points = engine::buildTimeline(*loaded.history);
    return loaded;
}

Result<engine::RestoreReport> restorePlan(const ReplicaAccess& access,
                                          const HistoryAddress& address,
                                          const engine::History& history,
                                          const engine::RestorePlan& plan,
                                          const engine::RestoreOptions& options,
                                          std::stop_token stop) {
    ENGINE_TRY_ASSIGN(const auto session, openSession(access, address.replica, stop));
    return session->restore(history, plan, options, std::move(stop));
}

TargetFacts lookAtTarget(const std::string& path) {
    const QFileInfo target(QString::fromStdString(path));
    const QFileInfo folder(target.absolutePath());
    TargetFacts facts;
    facts.exists = target.exists() || target.isSymLink();
    facts.folderExists = folder.isDir();
    facts.folderWritable = facts.folderExists && folder.isWritable();
    const QStorageInfo storage(folder.absoluteFilePath());
    facts.bytesFree =
        storage.isValid()
            ? static_cast<std::uint64_t>(std::max<qint64>(0, storage.bytesAvailable()))
            : 0;
    return facts;
}

}  // namespace ui
