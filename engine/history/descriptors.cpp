// SPDX-License-Identifier: Apache-2.0
#include "engine/history/descriptors.h"

#include <nlohmann/json.hpp>

namespace engine {

namespace {

using Json = nlohmann::json;

constexpr int kDatabaseInfoVersion = 1;

std::string textAt(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::uint64_t ArtefactDescriptor::bytes() const noexcept {
    std::uint64_t sum = 0;
    for (const StoredPart& part : parts) {
        sum += part.size;
    }
    return sum;
}

std::string toJson(const DatabaseInfo& info) {
    const Json object = {{"version", kDatabaseInfoVersion},
                         {"computerId", info.location.computer.text()},
                         {"databaseId", info.location.database.text()},
                         {"name", info.name},
                         {"path", info.path},
                         {"computerName", info.computerName},
                         {"engine", std::string(toText(info.engine))},
                         {"keyId", info.keyId}};
    // A path is bytes, JSON is UTF-8: what is not UTF-8 is replaced, never refused.
    return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<DatabaseInfo> parseDatabaseInfo(std::string_view json) {
    const Json object = Json::parse(json, nullptr, false);
    if (!object.is_object()) {
        return Error{ErrorCode::Corruption, "database.json is not a JSON object"};
    }
    const auto version = object.find("version");
    if (version == object.end() || !version->is_number_integer()) {
        return Error{ErrorCode::Corruption, "database.json has no version"};
    }
    if (version->get<std::int64_t>() > kDatabaseInfoVersion) {
        return Error{ErrorCode::Unsupported, "database.json was written by a newer Strandline"};
    }
    DatabaseInfo info;
    const Result<ComputerId> computer = ComputerId::parse(textAt(object, "computerId"));
    const Result<DatabaseId> database = DatabaseId::parse(textAt(object, "databaseId"));
    if (!computer.ok() || !database.ok()) {
        return Error{ErrorCode::Corruption, "database.json does not name its database"};
    }
    info.location = DatabaseLocation{computer.value(), database.value()};
    info.name = textAt(object, "name");
    info.path = textAt(object, "path");
    info.computerName = textAt(object, "computerName");
    info.keyId = textAt(object, "keyId");
    const std::string engine = textAt(object, "engine");
    if (engine == toText(DatabaseEngine::Bolt)) {
        info.engine = DatabaseEngine::Bolt;
    } else if (engine != toText(DatabaseEngine::Sqlite)) {
        return Error{ErrorCode::Unsupported, "database.json names an unknown engine"};
    }
    return info;
}

}  // namespace engine
