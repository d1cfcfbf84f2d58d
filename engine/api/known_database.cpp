// SPDX-License-Identifier: Apache-2.0
#include "engine/api/known_database.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/base/file_system.h"
#include "engine/pipeline/replica_link.h"

namespace engine {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kFileBytesMax = 1u << 20;
constexpr std::string_view kFileName = "known.json";
constexpr std::size_t kReplicasMax = 1000;

std::string textOf(const KnownDatabase& database) {
    Json replicas = Json::array();
    for (const KnownReplica& replica : database.replicas) {
        replicas.push_back(
            {{"name", replica.name}, {"kind", replica.kind}, {"file", replica.file}});
    }
    const Json json = {{"version", 1},
                       {"name", database.name},
                       {"shadowDir", database.shadowDir},
                       {"replicas", std::move(replicas)}};
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string textAt(const Json& json, const char* key) {
    const auto found = json.is_object() ? json.find(key) : json.end();
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// A file name from a file becomes part of a path: only what knownReplicaFileName() makes.
bool isJournalName(const std::string& name) {
    return name.size() == 16 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::vector<KnownReplica> replicasOfJournals(const std::string& folder) {
    std::vector<KnownReplica> replicas;
    const Result<std::vector<FolderEntry>> files = listFolder(joinPath(folder, "acks"));
    for (const FolderEntry& file : files.ok() ? files.value() : std::vector<FolderEntry>{}) {
        if (!file.isDirectory && isJournalName(file.name)) {
            replicas.push_back({file.name, "", file.name});
        }
    }
    return replicas;
}

}  // namespace

KnownDatabase knownFrom(const DatabaseConfig& database, const Config& config) {
    KnownDatabase known{database.name, database.shadowDir, {}};
    for (const std::string& name : database.replicas) {
        const auto replica = std::find_if(config.replicas.begin(),
                                          config.replicas.end(),
                                          [&name](const auto& item) { return item.name == name; });
        if (replica != config.replicas.end()) {
            known.replicas.push_back(
                {name, std::string(kindOf(replica->options)), knownReplicaFileName(*replica)});
        }
    }
    return known;
}

Status rememberDatabase(const std::string& folder, const KnownDatabase& database) {
    const std::string path = joinPath(folder, kFileName);
    const std::string text = textOf(database);
    const Result<Buffer> there = readWholeFile(path, kFileBytesMax);
    if (there.ok() && engine::textOf(there.value()) == text) {
        return {};
    }
    return writeFileAtomically(path, viewOf(text));
}

KnownDatabase recallDatabase(const std::string& folder, KnownDatabase fallback) {
    const Result<Buffer> bytes = readWholeFile(joinPath(folder, kFileName), kFileBytesMax);
    const Json json =
        Json::parse(bytes.ok() ? engine::textOf(bytes.value()) : std::string(), nullptr, false);
    const auto list = json.is_object() ? json.find("replicas") : json.end();
    if (list == json.end() || !list->is_array() || list->size() > kReplicasMax) {
        fallback.replicas = replicasOfJournals(folder);
        return fallback;
    }
    KnownDatabase known{textAt(json, "name"), textAt(json, "shadowDir"), {}};
    for (const Json& item : *list) {
        if (KnownReplica replica{textAt(item, "name"), textAt(item, "kind"), textAt(item, "file")};
            isJournalName(replica.file)) {
            known.replicas.push_back(std::move(replica));
        }
    }
    known.name = known.name.empty() ? fallback.name : known.name;
    known.shadowDir = known.shadowDir.empty() ? fallback.shadowDir : known.shadowDir;
    return known;
}

}  // namespace engine
