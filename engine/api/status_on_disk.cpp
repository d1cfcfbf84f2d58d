// SPDX-License-Identifier: Apache-2.0
// What can be told when no engine runs: read from the shadow logs' names and the ack journals.
#include <algorithm>

#include "engine/api/engine.h"
#include "engine/base/file_system.h"
#include "engine/format/object_name.h"
#include "engine/pipeline/replica_link.h"
#include "engine/service/state_folder.h"
#include "engine/shadow/ack_journal.h"

namespace engine {
namespace {

/// The newest TxId that is in the local log, from the names alone.
TxId newestLogged(const std::string& folder, const DatabaseLocation& location) {
    TxId newest;
    const Result<std::vector<FolderEntry>> generations = listFolder(folder);
    if (!generations.ok()) {
        return newest;
    }
    for (const FolderEntry& generation : generations.value()) {
        const Result<GenerationId> id = GenerationId::parse(generation.name);
        const auto files = listFolder(joinPath(folder, generation.name));
        if (!id.ok() || !files.ok()) {
            continue;
        }
        for (const FolderEntry& file : files.value()) {
            const Result<PartName> name =
                PartName::parse(folderOf(location, id.value()) + file.name);
            if (name.ok() && name.value().last) {
                newest = std::max(newest, name.value().last->lastTx);
            }
        }
    }
    return newest;
}

ReplicaStatus replicaOnDisk(const ReplicaConfig& config,
                            const std::string& databaseFolder,
                            GenerationId& generation) {
    ReplicaStatus status;
    status.name = config.name;
    status.kind = kindOf(config.options);
    const std::string stem =
        joinPath(joinPath(databaseFolder, "acks"), knownReplicaFileName(config));
    const auto segments = AckJournal::open(stem + ".segments");
    const auto snapshots = AckJournal::open(stem + ".snapshots");
    if (!segments.ok() || !snapshots.ok()) {
        return status;
    }
    for (const GenerationId id : snapshots.value()->generations()) {
        const AckState snapshot = snapshots.value()->state(id);
        if (!snapshot.snapshotTx || snapshot.snapshotAt < status.lastSnapshotAt) {
            continue;
        }
        generation = id;
        status.restorable = true;
        status.lastSnapshotAt = snapshot.snapshotAt;
        status.storedTxId = std::max(*snapshot.snapshotTx, snapshot.segmentsTx);
        status.lastUploadAt = std::max(snapshot.snapshotAt, snapshot.lastUploadAt);
    }
    return status;
}

}  // namespace

Result<EngineStatus> statusOnDisk(const std::string& stateDir, const Config& config) {
    EngineStatus status;
    status.at = SystemClock().now();
    for (const DatabaseConfig& database : config.databases) {
        DatabaseStatus one;
        one.name = database.name;
        one.path = database.path;
        if (const std::optional<DatabaseId> id = knownDatabaseId(stateDir, database.path)) {
            one.id = *id;
            const std::string folder = joinPath(joinPath(stateDir, "databases"), id->text());
            for (const ReplicaConfig& replica : config.replicas) {
                const auto& names = database.replicas;
                if (std::find(names.begin(), names.end(), replica.name) != names.end() &&
                    factsOf(folder).ok()) {
                    one.replicas.push_back(replicaOnDisk(replica, folder, one.generation));
                }
            }
            const DatabaseLocation any{ComputerId{1}, *id};
            one.txId = newestLogged(joinPath(database.shadowDir, id->text()), any);
        }
        for (const ReplicaStatus& replica : one.replicas) {
            one.txId = std::max(one.txId, replica.storedTxId);
            one.lastSnapshotAt = std::max(one.lastSnapshotAt, replica.lastSnapshotAt);
        }
        one.storedTxId = one.txId;
        for (const ReplicaStatus& replica : one.replicas) {
            one.storedTxId = std::min(one.storedTxId, replica.storedTxId);
        }
        status.databases.push_back(std::move(one));
    }
    return status;
}

}  // namespace engine
