// SPDX-License-Identifier: Apache-2.0
#include <cerrno>

#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "app/cli/replica_access.h"
#include "app/common/quantity.h"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;
using engine::Error;
using engine::ErrorCode;

std::string valueText(const Json& value) {
    return value.is_string() ? value.get<std::string>()
                             : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void printForPeople(const std::string& path, const Json& facts) {
    Table table({"FILE", path});
    for (const auto& [key, value] : facts.items()) {
        const bool empty = value.is_null() || value == "" || (value.is_array() && value.empty());
        if (!empty && key != "path") {
            table.add({key, valueText(value)});
        }
    }
    table.print();
}

/// What is not there is not worth a probe: it has no facts.
engine::Result<std::string> probe(const std::string& path) {
    struct stat facts {};

    if (::lstat(path.c_str(), &facts) != 0) {
        return engine::errnoError(errno, path);
    }
    return engine::probeFileAsJson(path);
}

Outcome run(const Args& args, const Session& session) {
    const std::vector<std::string> files = args.texts("FILE");
    Json list = Json::array();
    std::optional<Error> first;
    std::size_t failed = 0;
    for (const std::string& file : files) {
        const std::string path = absolutePath(file);
        engine::Result<std::string> facts = probe(path);
        if (!facts.ok()) {
            ++failed;
            list.push_back({{"path", path}, {"error", facts.error().message}});
            if (!first.has_value()) {
                first = std::move(facts).error();
            }
            continue;
        }
        Json json = Json::parse(facts.value(), nullptr, false);
        if (!session.json) {
            printForPeople(path, json);
        }
        list.push_back(std::move(json));
    }
    if (session.json && failed < files.size()) {
        printLine(list.dump(2, ' ', false, Json::error_handler_t::replace));
    }
    if (!first.has_value()) {
        return Exit::Done;
    }
    if (failed == files.size()) {
        return *first;
    }
    return {*first, Exit::Partly};
}

}  // namespace

CommandSpec probeCommand() {
    CommandSpec spec;
    spec.name = "probe";
    spec.summary = "what a file is and how it can be protected";
    spec.example = "strandline-cli probe ~/notes/notes.db";
    spec.positionals = {{"FILE", "a database file", 1, 1000}};
    spec.run = &run;
    spec.effect = "it was only looked at, nothing was changed";
    return spec;
}

}  // namespace cli
