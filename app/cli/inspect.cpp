// SPDX-License-Identifier: Apache-2.0
#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "app/cli/replica_access.h"

namespace cli {

static Outcome run(const Args& args, const Session& session) {
    if (!args.has("--replica")) {
        return engine::Error{engine::ErrorCode::InvalidArgument, "--replica is missing"};
    }
    ENGINE_TRY_ASSIGN(const OpenReplica replica, openReplica(args.text("--replica"), session));
    ENGINE_TRY_ASSIGN(const std::string json,
                      replica.session->inspect(args.text("OBJECT"), session.stop));
    printLine(json);
    return Exit::Done;
}

CommandSpec inspectCommand() {
    CommandSpec spec;
    spec.name = "inspect";
    spec.summary = "prints head, summary, commit table and index of one artefact, as JSON";
    spec.example = "strandline-cli inspect --replica file:///media/backup/strandline OBJECT";
    spec.options = {historyOptions().front()};
    spec.positionals = {{"OBJECT", "the name of an object, as printed by segments --json", 1, 1}};
    spec.run = &run;
    return spec;
}

}  // namespace cli
