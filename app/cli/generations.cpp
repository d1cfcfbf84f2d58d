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
using engine::Time;
using engine::TxId;

struct Row {
    engine::GenerationId id;
    TxId firstTx, lastTx;
    Time firstTime, lastTime;
    std::uint64_t snapshots = 0;
    std::uint64_t segments = 0;
    std::uint64_t points = 0;
    std::uint64_t bytes = 0;
};

/// In the order of the timeline; generations that no point reaches come last.
std::vector<Row> rowsOf(const engine::History& history) {
    std::vector<Row> rows;
    const auto rowOf = [&rows](engine::GenerationId id) -> Row& {
        for (Row& row : rows) {
            if (row.id == id) {
                return row;
            }
        }
        rows.push_back(Row{});
        rows.back().id = id;
        return rows.back();
    };
    for (const engine::TimelinePoint& point : engine::buildTimeline(history)) {
        Row& row = rowOf(point.point.generation);
        if (row.points++ == 0) {
            row.firstTx = point.point.tx;
            row.firstTime = point.time;
        }
        row.lastTx = point.point.tx;
        row.lastTime = point.time;
    }
    for (const engine::HistoryArtefact& artefact : history.artefacts) {
        Row& row = rowOf(artefact.descriptor.generation);
        row.bytes += artefact.descriptor.bytes();
        ++(artefact.descriptor.kind == engine::ArtefactKind::Snapshot ? row.snapshots
                                                                      : row.segments);
    }
    return rows;
}

Outcome run(const Args& args, const Session& session) {
    ENGINE_TRY_ASSIGN(const OpenHistory open, openHistory(args, session));
    Json list = Json::array();
    Table table({"GENERATION",
                 ">POINTS",
                 ">FIRST TX",
                 ">LAST TX",
                 "FIRST TIME",
                 "LAST TIME",
                 ">SNAPSHOTS",
                 ">SEGMENTS",
                 ">BYTES"});
    for (const Row& row : rowsOf(*open.history)) {
        list.push_back(
            {{"generation", row.id.text()},
             {"points", row.points},
             {"firstTxId", row.firstTx.value},
             {"lastTxId", row.lastTx.value},
             {"firstTime", row.points == 0 ? Json() : Json(engine::toRfc3339(row.firstTime))},
             {"lastTime", row.points == 0 ? Json() : Json(engine::toRfc3339(row.lastTime))},
             {"snapshots", row.snapshots},
             {"segments", row.segments},
             {"bytes", row.bytes}});
        table.add({row.id.text(),
                   std::to_string(row.points),
                   std::to_string(row.firstTx.value),
                   std::to_string(row.lastTx.value),
                   app::toLocalText(row.firstTime),
                   app::toLocalText(row.lastTime),
                   std::to_string(row.snapshots),
                   std::to_string(row.segments),
                   app::toSizeLabel(row.bytes)});
    }
    if (session.json) {
        printLine(list.dump(2, ' ', false, Json::error_handler_t::replace));
    } else {
        table.print();
    }
    return Exit::Done;
}

}  // namespace

CommandSpec generationsCommand() {
    CommandSpec spec;
    spec.name = "generations";
    spec.summary = "the unbroken recordings in the history of one database";
    spec.example = "strandline-cli generations --replica file:///media/backup/strandline";
    spec.options = historyOptions();
    spec.run = &run;
    return spec;
}

}  // namespace cli
