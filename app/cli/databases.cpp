// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "app/cli/replica_access.h"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;
using engine::FoundDatabase;

Json toJson(const FoundDatabase& found) {
    Json json = {{"databaseId", found.location.database.text()},
                 {"computerId", found.location.computer.text()}};
    if (found.info.has_value()) {
        json["name"] = found.info->name;
        json["path"] = found.info->path;
        json["computerName"] = found.info->computerName;
        json["engine"] = toText(found.info->engine);
        json["keyId"] = found.info->keyId.empty() ? Json() : Json(found.info->keyId);
    }
    return json;
}

Outcome run(const Args& args, const Session& session) {
    if (!args.has("--replica")) {
        return engine::Error{engine::ErrorCode::InvalidArgument, "--replica is missing"};
    }
    ENGINE_TRY_ASSIGN(const OpenReplica replica, openReplica(args.text("--replica"), session));
    ENGINE_TRY_ASSIGN(const std::vector<FoundDatabase> all,
                      replica.session->databases(session.stop));
    Json list = Json::array();
    Table table({"NAME", "ID", "COMPUTER", "ENGINE", "PATH"});
    for (const FoundDatabase& found : all) {
        list.push_back(toJson(found));
        const engine::DatabaseInfo info = found.info.value_or(engine::DatabaseInfo{});
        const bool known = found.info.has_value();
        table.add({known ? info.name : "-",
                   found.location.database.text(),
                   known ? info.computerName : found.location.computer.text(),
                   known ? std::string(toText(info.engine)) : "-",
                   known ? info.path : "-"});
    }
    if (session.json) {
        printLine(list.dump(2, ' ', false, Json::error_handler_t::replace));
    } else if (all.empty()) {
        printNote(session, "the replica holds no database yet");
    } else {
        table.print();
    }
    return Exit::Done;
}

}  // namespace

CommandSpec databasesCommand() {
    CommandSpec spec;
    spec.name = "databases";
    spec.summary = "what a replica holds, by whichever computer";
    spec.example = "strandline-cli databases --replica file:///media/backup/strandline";
    spec.options = {historyOptions().front()};
    spec.run = &run;
    return spec;
}

}  // namespace cli
