// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "app/cli/replica_access.h"
#include "app/common/quantity.h"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;
using engine::TestStep;

void printStep(const TestStep& step) {
    const char* mark = step.skipped ? "-" : step.ok ? "ok" : "FAILED";
    printLine(app::safeText(step.name) +
              std::string(step.name.size() < 10 ? 10 - step.name.size() : 0, ' ') + "  " + mark +
              "  " + (step.skipped ? "" : app::toSpanLabel(step.ms)) +
              (step.detail.empty() ? "" : "  " + app::safeText(step.detail)));
    flushOutput();
}

engine::Result<engine::ReplicaConfig> configOf(const std::string& text, const Session& session) {
    if (text.find("://") != std::string::npos) {
        return engine::parseReplicaUrl(text);
    }
    ENGINE_TRY_ASSIGN(const engine::Config config, readConfig(session));
    for (const engine::ReplicaConfig& replica : config.replicas) {
        if (replica.name == text) {
            return replica;
        }
    }
    // Not a name either: the URL parser knows best what is wrong with it.
    return engine::parseReplicaUrl(text);
}

Outcome run(const Args& args, const Session& session) {
    ENGINE_TRY_ASSIGN(const engine::ReplicaConfig config, configOf(args.text("REPLICA"), session));
    ENGINE_TRY(engine::checkSupported(config));
    // Beside the databases of the configuration, where there is one that can be read.
    engine::Config places;
    if (engine::Result<engine::LoadedConfig> loaded =
            engine::loadConfig(session.configPath, session.stateDir);
        loaded.ok()) {
        places.databases = std::move(loaded).value().config.databases;
    }
    places.replicas = {config};
    ENGINE_TRY(engine::checkPlaces(places, session.stateDir));
    const auto report = [&session](const TestStep& step) {
        if (!session.json) {
            printStep(step);
        }
    };
    ENGINE_TRY_ASSIGN(const std::vector<TestStep> steps,
                      engine::testReplica(config, report, session.stop));
    Json list = Json::array();
    for (const TestStep& step : steps) {
        list.push_back({{"step", step.name},
                        {"ok", step.ok},
                        {"skipped", step.skipped},
                        {"durationMs", step.ms},
                        {"detail", step.detail},
                        {"fix", step.fix}});
    }
    for (const TestStep& step : steps) {
        if (!step.ok && !step.skipped) {
            engine::Error error{engine::ErrorCode::Unavailable, step.name + ": " + step.detail};
            Outcome outcome(std::move(error).withFix(step.fix));
            outcome.result = list.dump(-1, ' ', false, Json::error_handler_t::replace);
            return outcome;
        }
    }
    if (session.json) {
        printLine(list.dump(2, ' ', false, Json::error_handler_t::replace));
    }
    return Exit::Done;
}

}  // namespace

CommandSpec replicaTestCommand() {
    CommandSpec spec;
    spec.name = "replica test";
    spec.summary = "connects, writes, reads back, lists and deletes, each step with its time";
    spec.example = "strandline-cli replica test file:///media/backup/strandline";
    spec.positionals = {{"REPLICA", "a URL, or a name in the configuration", 1, 1}};
    spec.run = &run;
    spec.effect = "what the replica holds is untouched";
    return spec;
}

}  // namespace cli
