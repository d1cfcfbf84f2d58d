// SPDX-License-Identifier: Apache-2.0
#include "app/cli/commands.h"
#include "app/cli/engine_request.h"

namespace cli {

static Outcome run(const Args& /*args*/, const Session& session) {
    ENGINE_TRY(askEngine(session, "resume", ""));
    return doneWith(session, "uploads go on");
}

CommandSpec resumeCommand() {
    CommandSpec spec;
    spec.name = "resume";
    spec.summary = "lets uploads go after a pause";
    spec.example = "strandline-cli resume";
    spec.run = &run;
    return spec;
}

}  // namespace cli
