// SPDX-License-Identifier: Apache-2.0
#include "app/cli/artefact_list.h"

#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "app/cli/replica_access.h"
#include "app/common/local_time.h"
#include "app/common/quantity.h"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;
using engine::HistoryArtefact;

Json toJson(const HistoryArtefact& artefact) {
    const engine::ArtefactDescriptor& what = artefact.descriptor;
    Json json = {{"generation", what.generation.text()},
                 {"firstTxId", what.firstTx.value},
                 {"lastTxId", what.lastTx.value},
                 {"txId", what.lastTx.value},
                 {"firstTime", engine::toRfc3339(what.firstTime)},
                 {"time", engine::toRfc3339(what.lastTime)},
                 {"bytes", what.bytes()},
                 {"parts", what.parts.size()},
                 {"writerId", what.writer.text()},
                 {"object", what.parts.back().name},
                 {"problem", artefact.problem.empty() ? Json() : Json(artefact.problem)}};
    if (artefact.table != nullptr) {
        const engine::ArtefactHead& head = artefact.table->head;
        const engine::ArtefactSummary& summary = artefact.table->summary;
        json["commits"] = artefact.table->commits.size();
        json["frames"] = summary.pageCount;
        json["pageSize"] = head.pageSize;
        json["highWaterMark"] = summary.highWaterMark;
        json["root"] = summary.root.text();
        json["compression"] = toText(head.compression.codec);
    }
    return json;
}

std::vector<std::string> row(const HistoryArtefact& artefact) {
    const engine::ArtefactDescriptor& what = artefact.descriptor;
    const bool one = what.firstTx == what.lastTx || what.kind == engine::ArtefactKind::Snapshot;
    return {what.generation.text(),
            one ? std::to_string(what.lastTx.value)
                : std::to_string(what.firstTx.value) + "-" + std::to_string(what.lastTx.value),
            app::toLocalText(what.lastTime),
            artefact.table == nullptr ? "-" : std::to_string(artefact.table->commits.size()),
            app::toSizeLabel(what.bytes()),
            std::to_string(what.parts.size()),
            artefact.problem.empty() ? "" : "damaged: " + artefact.problem};
}

}  // namespace

Outcome listArtefacts(engine::ArtefactKind kind, const Args& args, const Session& session) {
    ENGINE_TRY_ASSIGN(const OpenHistory open, openHistory(args, session));
    Json list = Json::array();
    Table table({"GENERATION", ">TX", "TIME", ">COMMITS", ">BYTES", ">PARTS", ""});
    for (const HistoryArtefact& artefact : open.history->artefacts) {
        if (artefact.descriptor.kind == kind) {
            list.push_back(toJson(artefact));
            table.add(row(artefact));
        }
    }
    if (session.json) {
        printLine(list.dump(2, ' ', false, Json::error_handler_t::replace));
    } else {
        table.print();
    }
    return Exit::Done;
}

}  // namespace cli
