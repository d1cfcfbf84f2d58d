// SPDX-License-Identifier: Apache-2.0
#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "app/cli/replica_access.h"

namespace cli {

static Outcome run(const Args& /*args*/, const Session& session) {
    ENGINE_TRY_ASSIGN(const engine::Config config, readConfig(session));
    printLine(engine::effectiveConfigJson(config));
    return Exit::Done;
}

CommandSpec configShowCommand() {
    CommandSpec spec;
    spec.name = "config show";
    spec.summary = "prints the configuration in force as JSON, secrets masked";
    spec.example = "strandline-cli config show --config ./config.json";
    spec.run = &run;
    return spec;
}

}  // namespace cli
