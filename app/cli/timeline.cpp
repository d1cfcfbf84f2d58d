// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "app/cli/replica_access.h"
#include "app/common/local_time.h"
#include "app/common/quantity.h"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

Outcome run(const Args& args, const Session& session) {
    ENGINE_TRY_ASSIGN(const OpenHistory open, openHistory(args, session));
    Json list = Json::array();
    Table table({"TIME", ">TX", "GENERATION", "KIND", ">PAGES", ">BYTES"});
    for (const engine::TimelinePoint& point : engine::buildTimeline(*open.history)) {
        if (!session.json) {
            table.add({app::toLocalText(point.time),
                       std::to_string(point.point.tx.value),
                       point.point.generation.text(),
                       std::string(toText(point.kind)),
                       std::to_string(point.pages),
                       app::toSizeLabel(point.bytes)});
            continue;
        }
        list.push_back({{"txId", point.point.tx.value},
                        {"time", engine::toRfc3339(point.time)},
                        {"generation", point.point.generation.text()},
                        {"kind", toText(point.kind)},
                        {"bytes", point.bytes},
                        {"pages", point.pages},
                        {"highWaterMark", point.highWaterMark},
                        {"root", point.root.text()}});
    }
    const engine::PlanResult newest = engine::planRestore(*open.history, engine::RestoreTarget{});
    for (const std::string& note :
         newest.ok() ? newest.plan->notes : std::vector<std::string>{newest.failure.reason}) {
        printNote(session, "note: " + app::safeText(note));
    }
    if (session.json) {
        printLine(list.dump(1, ' ', false, Json::error_handler_t::replace));
    } else {
        table.print();
    }
    return Exit::Done;
}

}  // namespace

CommandSpec timelineCommand() {
    CommandSpec spec;
    spec.name = "timeline";
    spec.summary = "every point that a restore can reach";
    spec.detail = "Times are local; restore --at takes them as they are printed.";
    spec.example =
        "strandline-cli timeline --replica file:///media/backup/strandline --database notes";
    spec.options = historyOptions();
    spec.run = &run;
    return spec;
}

}  // namespace cli
