// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "app/cli/replica_access.h"

namespace cli {

static Outcome run(const Args& args, const Session& given) {
    Session session = given;
    if (args.has("FILE")) {
        session.configPath = absolutePath(args.text("FILE"));
    }
    session.configGiven = true;  // "all is well" is no answer about a file that is not there
    const engine::Result<engine::LoadedConfig> loaded =
        engine::loadConfig(session.configPath, session.stateDir);
    if (!loaded.ok()) {
        return {engine::Error{loaded.error()}.withFix("correct " + session.configPath),
                Exit::Usage};
    }
    const engine::Config& config = loaded.value().config;
    ENGINE_TRY(engine::checkStartable(config, session.stateDir));
    std::vector<std::string> warnings = loaded.value().warnings;
    for (std::string& warning : engine::placeWarnings(config)) {
        warnings.push_back(std::move(warning));
    }
    for (const std::string& warning : warnings) {
        printWarning(session, warning);
    }
    const std::vector<std::string> notes = engine::notYetApplied(config);
    for (const std::string& note : notes) {
        printNote(session, "note: " + note);
    }
    if (session.json) {
        const nlohmann::ordered_json json = {{"ok", true},
                                             {"databases", config.databases.size()},
                                             {"replicas", config.replicas.size()},
                                             {"warnings", warnings},
                                             {"notes", notes}};
        printLine(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    } else {
        printLine(session.configPath + " is right: databases " +
                  std::to_string(config.databases.size()) + ", replicas " +
                  std::to_string(config.replicas.size()));
    }
    return Exit::Done;
}

CommandSpec configCheckCommand() {
    CommandSpec spec;
    spec.name = "config check";
    spec.summary = "validates a configuration";
    spec.detail = "Unknown keys are errors that name the nearest known key.";
    spec.example = "strandline-cli config check";
    spec.positionals = {{"FILE", "the file; the one in use where it is missing", 0, 1}};
    spec.run = &run;
    return spec;
}

}  // namespace cli
