// SPDX-License-Identifier: Apache-2.0
// What can be told when no engine runs: read from the shadow logs' names and the ack journals.
// Nothing is created or changed.
#include <algorithm>
#include <map>

#include "engine/api/engine.h"
#include "engine/api/known_database.h"
#include "engine/base/file_system.h"
#include "engine/format/object_name.h"
#include "engine/service/state_folder.h"
#include "engine/shadow/ack_journal.h"

namespace engine {
namespace {

/// One generation as the local log has it, from the names alone.
struct LoggedGeneration {
    GenerationId id;
    TxId lastTx;
    Time lastTime;
    std::vector<std::pair<TxId, std::uint64_t>> files;  // first TxId, bytes
};

LoggedGeneration loggedGeneration(const std::string& folder,
                                  const DatabaseLocation& location,
                                  GenerationId id) {
    LoggedGeneration logged{id, {}, {}, {}};
    const Result<std::vector<FolderEntry>> files = listFolder(folder);
    for (const FolderEntry& file : files.ok() ? files.value() : std::vector<FolderEntry>{}) {
        const Result<PartName> name = PartName::parse(folderOf(location, id) + file.name);
        const Result<FileFacts> facts = factsOf(joinPath(folder, file.name));
        if (name.ok() && facts.ok()) {
            logged.files.emplace_back(name.value().firstTx, facts.value().size);
        }
        if (name.ok() && name.value().last) {
            logged.lastTx = std::max(logged.lastTx, name.value().last->lastTx);
            logged.lastTime = std::max(logged.lastTime, name.value().last->lastTime);
        }
    }
    return logged;
}

/// The generation with the newest change in the local log, if it holds any.
std::optional<LoggedGeneration> newestLogged(const std::string& folder,
                                             const DatabaseLocation& location) {
    std::optional<LoggedGeneration> newest;
    const Result<std::vector<FolderEntry>> entries = listFolder(folder);
    for (const FolderEntry& entry : entries.ok() ? entries.value() : std::vector<FolderEntry>{}) {
        const Result<GenerationId> id = GenerationId::parse(entry.name);
        if (!id.ok()) {
            continue;
        }
        const LoggedGeneration logged =
            loggedGeneration(joinPath(folder, entry.name), location, id.value());
        if (logged.lastTx.value != 0 && (!newest || newest->lastTime < logged.lastTime)) {
            newest = logged;
        }
    }
    return newest;
}

using Journals = std::vector<std::unique_ptr<const AckJournal>>;  // null = there is none

/// The generation that was stored last on any replica.
GenerationId newestStored(const Journals& journals) {
    GenerationId newest;
    Time newestAt;
    for (const auto& journal : journals) {
        for (const GenerationId id :
             journal ? journal->generations() : std::vector<GenerationId>{}) {
            const AckState state = journal->state(id);
            const Time at = std::max(state.snapshotAt, state.lastUploadAt);
            if (newest.empty() || newestAt < at) {
                newest = id;
                newestAt = at;
            }
        }
    }
    return newest;
}

/// What the local log holds after a position.
std::uint64_t bytesAfter(const std::optional<LoggedGeneration>& logged, TxId stored) {
    std::uint64_t bytes = 0;
    if (logged) {
        for (const auto& [firstTx, size] : logged->files) {
            bytes += stored < firstTx ? size : 0;
        }
    }
    return bytes;
}

ReplicaStatus replicaOnDisk(const KnownReplica& known,
                            const AckJournal* journal,
                            GenerationId generation,
                            const std::optional<LoggedGeneration>& logged) {
    ReplicaStatus status;
    status.name = known.name;
    status.kind = known.kind;
    const AckState current = journal == nullptr ? AckState{} : journal->state(generation);
    status.pendingBytes = bytesAfter(logged, current.segmentsTx);
    if (journal == nullptr) {
        return status;
    }
    status.restorable = current.snapshotTx.has_value();
    if (status.restorable) {
        status.storedTxId = std::max(*current.snapshotTx, current.segmentsTx);
    }
    for (const GenerationId id : journal->generations()) {
        const AckState state = journal->state(id);
        status.lastSnapshotAt = std::max(status.lastSnapshotAt, state.snapshotAt);
        status.lastUploadAt = std::max({status.lastUploadAt, state.snapshotAt, state.lastUploadAt});
    }
    return status;
}

void addProgress(DatabaseStatus& status, const std::string& folder, const KnownDatabase& known) {
    Journals journals;
    for (const KnownReplica& replica : known.replicas) {
        auto journal = AckJournal::read(joinPath(joinPath(folder, "acks"), replica.file));
        journals.push_back(journal.ok() ? std::move(journal).value() : nullptr);
    }
    const DatabaseLocation any{ComputerId{1}, status.id};
    const std::optional<LoggedGeneration> logged =
        newestLogged(joinPath(known.shadowDir, status.id.text()), any);
    status.generation = logged ? logged->id : newestStored(journals);
    status.txId = logged ? logged->lastTx : TxId{};
    for (std::size_t i = 0; i < journals.size(); ++i) {
        status.replicas.push_back(
            replicaOnDisk(known.replicas[i], journals[i].get(), status.generation, logged));
        status.pendingBytes = std::max(status.pendingBytes, status.replicas.back().pendingBytes);
        status.txId = std::max(status.txId, status.replicas.back().storedTxId);
        status.lastSnapshotAt =
            std::max(status.lastSnapshotAt, status.replicas.back().lastSnapshotAt);
    }
    status.storedTxId = status.replicas.empty() ? TxId{} : status.txId;
    for (const ReplicaStatus& replica : status.replicas) {
        status.storedTxId = std::min(status.storedTxId, replica.storedTxId);
    }
}

}  // namespace

Result<EngineStatus> statusOnDisk(const std::string& stateDir, const Config& config) {
    ENGINE_TRY_ASSIGN(auto ids, knownDatabases(stateDir));
    EngineStatus status;
    status.at = SystemClock().now();
    const auto add = [&](const std::string& path, const KnownDatabase& known, DatabaseId id) {
        DatabaseStatus one;
        one.name = known.name;
        one.path = path;
        one.id = id;
        addProgress(one, joinPath(joinPath(stateDir, "databases"), id.text()), known);
        status.databases.push_back(std::move(one));
    };
    for (const DatabaseConfig& database : config.databases) {
        const auto id = ids.find(database.path);
        add(database.path,
            knownFrom(database, config),
            id == ids.end() ? DatabaseId{} : id->second);
        ids.erase(database.path);
    }
    for (const auto& [path, id] : ids) {
        const std::string folder = joinPath(joinPath(stateDir, "databases"), id.text());
        add(path, recallDatabase(folder, {fileNameOf(path), joinPath(stateDir, "shadow"), {}}), id);
    }
    return status;
}

}  // namespace engine
