// SPDX-License-Identifier: Apache-2.0
#include "app/cli/commands.h"
#include "app/cli/engine_request.h"
#include "app/cli/output.h"
#include "app/common/local_time.h"

namespace cli {

static engine::Result<engine::Time> untilOf(const Args& args) {
    if (args.has("--until")) {
        return app::parseMoment(args.text("--until"));
    }
    if (!args.has("--for")) {
        return engine::Time{};
    }
    ENGINE_TRY_ASSIGN(const engine::DurationMs span, engine::parseDuration(args.text("--for")));
    return engine::SystemClock().now().plus(span);
}

static Outcome run(const Args& args, const Session& session) {
    ENGINE_TRY_ASSIGN(const engine::Time until, untilOf(args));
    ENGINE_TRY(askEngine(
        session, "pause", until.ms == 0 ? "" : "\"until\":" + jsonText(engine::toRfc3339(until))));
    return doneWith(session,
                    "uploads are held until " +
                        (until.ms == 0 ? std::string("resume") : momentText(until)) +
                        "; recording goes on");
}

CommandSpec pauseCommand() {
    CommandSpec spec;
    spec.name = "pause";
    spec.summary = "holds uploads; recording goes on";
    spec.example = "strandline-cli pause --for 2h";
    spec.options = {
        {"--for", "DURATION", "let them go by themselves after this long, like 90s or 2h"},
        {"--until", "TIME", "... or at this time"}};
    spec.run = &run;
    spec.effect = "uploads go on as before";
    return spec;
}

}  // namespace cli
