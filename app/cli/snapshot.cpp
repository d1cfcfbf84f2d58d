// SPDX-License-Identifier: Apache-2.0
#include "app/cli/commands.h"
#include "app/cli/engine_request.h"

namespace cli {

static Outcome run(const Args& args, const Session& session) {
    const std::string database = args.text("DATABASE");
    ENGINE_TRY(askEngine(
        session, "snapshot", database.empty() ? "" : "\"database\":" + jsonText(database)));
    return doneWith(
        session,
        "a snapshot of " + (database.empty() ? "every database" : database) + " is being made");
}

CommandSpec snapshotCommand() {
    CommandSpec spec;
    spec.name = "snapshot";
    spec.summary = "asks the running engine for a snapshot now";
    spec.example = "strandline-cli snapshot notes";
    spec.positionals = {
        {"DATABASE", "its name in the configuration; all databases where it is missing", 0, 1}};
    spec.run = &run;
    return spec;
}

}  // namespace cli
