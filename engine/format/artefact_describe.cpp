// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "engine/format/artefact_json.h"
#include "engine/format/artefact_reader.h"

namespace engine {
namespace {

using Json = nlohmann::ordered_json;

Json parts(const ArtefactSummary& summary) {
    Json rows = Json::array();
    for (const PartSummary& part : summary.parts) {
        Json row;
        row["bytes"] = part.bytes;
        row["checksum"] = toHex16(part.checksum);
        row["firstFrame"] = part.firstFrame;
        row["frameCount"] = part.frameCount;
        rows.push_back(std::move(row));
    }
    return rows;
}

Json commits(const ArtefactTable& table) {
    Json rows = Json::array();
    for (const CommitEntry& commit : table.commits) {
        Json row;
        row["txId"] = commit.tx.value;
        row["time"] = toRfc3339(commit.time);
        row["highWaterMark"] = commit.highWaterMark;
        row["parentRoot"] = commit.parentRoot.text();
        row["root"] = commit.root.text();
        row["catchUp"] = commit.catchUp;
        row["merged"] = commit.merged ? Json(*commit.merged) : Json();
        row["firstFrame"] = commit.firstFrame;
        row["frameCount"] = commit.frameCount;
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace

std::string describeTable(const ArtefactTable& table) {
    Json json;
    json["head"] = Json::parse(headToJson(table.head), nullptr, false);
    json["summary"] = Json::parse(summaryToJson(table.summary), nullptr, false);
    json["summary"]["parts"] = parts(table.summary);
    json["commits"] = commits(table);
    return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace engine
