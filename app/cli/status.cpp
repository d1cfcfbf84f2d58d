// SPDX-License-Identifier: Apache-2.0
#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "app/cli/replica_access.h"
#include "app/common/quantity.h"

namespace cli {
namespace {

using engine::EngineStatus;
using engine::ErrorCode;
using engine::Result;

Result<EngineStatus> currentStatus(const Session& session) {
    const Result<std::string> reply =
        engine::askRunningEngine(session.stateDir, R"({"version":1,"request":"status"})");
    if (reply.ok()) {
        ENGINE_TRY(engine::statusOfReply(reply.value()));
        return engine::parseStatus(reply.value());
    }
    if (reply.error().code != ErrorCode::NotFound) {
        return reply.error();
    }
    ENGINE_TRY_ASSIGN(const engine::Config config, readConfig(session));
    return engine::statusOnDisk(session.stateDir, config);
}

/// Without an engine nobody knows what changed since.
std::string lagText(const EngineStatus& status, const std::optional<std::int64_t>& lagMs) {
    if (!status.running) {
        return "-";
    }
    if (!lagMs.has_value()) {
        return "nothing stored";
    }
    return *lagMs == 0 ? "0 s" : app::toSpanLabel(*lagMs);
}

/// Of ours, of the place, or of the app.
std::string problemOf(const engine::DatabaseStatus& database, const std::string& replicaError) {
    if (!replicaError.empty() || !database.lastError.empty()) {
        return replicaError.empty() ? database.lastError : replicaError;
    }
    return std::string(engine::explainWaiting(database.waiting));
}

void printForPeople(const EngineStatus& status) {
    printLine(status.running ? "running (process " + std::to_string(status.pid) + ")"
                             : "no engine is running");
    if (status.paused) {
        printLine("uploads are paused " + (status.pausedUntil.ms == 0
                                               ? "until resume"
                                               : "until " + momentText(status.pausedUntil)));
    }
    if (!status.configError.empty()) {
        printLine("the configuration is not used: " + app::safeText(status.configError));
    }
    Table table({"DATABASE",
                 "REPLICA",
                 "STATE",
                 ">BEHIND",
                 ">TX",
                 ">STORED",
                 ">PENDING",
                 "CAPTURE",
                 "LAST SNAPSHOT",
                 "PROBLEM"});
    for (const engine::DatabaseStatus& database : status.databases) {
        if (database.replicas.empty()) {
            table.add({database.name,
                       "-",
                       std::string(labelOf(database.state)),
                       lagText(status, database.lagMs),
                       std::to_string(database.txId.value),
                       "-",
                       "-",
                       database.captureLabel,
                       "-",
                       problemOf(database, "")});
        }
        for (const engine::ReplicaStatus& replica : database.replicas) {
            table.add({database.name,
                       replica.name,
                       std::string(labelOf(replica.state)),
                       lagText(status, replica.lagMs),
                       std::to_string(database.txId.value),
                       std::to_string(replica.storedTxId.value),
                       app::toSizeLabel(replica.pendingBytes),
                       database.captureLabel,
                       momentText(replica.lastSnapshotAt),
                       problemOf(database, replica.lastError)});
        }
    }
    if (!status.databases.empty()) {
        table.print();
    }
}

Outcome run(const Args& /*args*/, const Session& session) {
    ENGINE_TRY_ASSIGN(const EngineStatus status, currentStatus(session));
    if (session.json) {
        printLine(engine::toJson(status));
    } else {
        printForPeople(status);
    }
    return Exit::Done;
}

}  // namespace

CommandSpec statusCommand() {
    CommandSpec spec;
    spec.name = "status";
    spec.summary = "what a running engine knows, per database and replica";
    spec.detail =
        "Without a running engine: what is on the disk. BEHIND is the age of the oldest change "
        "that is\n"
        "not yet stored on the replica.";
    spec.example = "strandline-cli status --json";
    spec.run = &run;
    spec.effect = "recording is not affected";
    return spec;
}

}  // namespace cli
