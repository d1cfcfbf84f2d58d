// SPDX-License-Identifier: Apache-2.0
#include "app/cli/log_file.h"

#include <array>

#include "app/cli/replica_access.h"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::FileFacts;
using engine::Result;
using engine::Status;

constexpr std::array<std::string_view, 3> kSideFiles = {"-wal", "-shm", "-journal"};

Error noLog(const std::string& path, const std::string& what) {
    return Error{ErrorCode::Refused, "the log cannot be " + path + ", " + what}
        .withEffect("it was not touched, and nothing was started")
        .withFix("name another file with --log-file");
}

bool sameFile(const std::string& a, const std::string& b) {
    const Result<FileFacts> one = engine::factsOf(a);
    const Result<FileFacts> other = engine::factsOf(b);
    return a == b || (one.ok() && other.ok() && one.value().sameFile(other.value()));
}

/// Everything that this command or an earlier one knows as a database, and what it is to read or
/// make. What cannot be read now names nothing.
std::vector<std::string> namedFiles(const Args& args, const Session& session) {
    std::vector<std::string> named = {session.configPath};
    for (const char* key : {"DATABASE", "FILE", "--output"}) {
        for (const std::string& text : args.texts(key)) {
            named.push_back(absolutePath(text));
        }
    }
    const Result<engine::LoadedConfig> loaded =
        engine::loadConfig(session.configPath, session.stateDir);
    if (loaded.ok()) {
        for (const engine::DatabaseConfig& database : loaded.value().config.databases) {
            named.push_back(database.path);
        }
    }
    const auto known = engine::knownDatabases(session.stateDir);
    if (known.ok()) {
        for (const auto& [path, id] : known.value()) {
            named.push_back(path);
        }
    }
    return named;
}

/// Of the replicas that are folders: those named here and those of the configuration.
std::vector<std::string> replicaFolders(const Args& args, const Session& session) {
    std::vector<engine::ReplicaConfig> replicas;
    for (const char* key : {"REPLICA_URL", "--replica"}) {
        for (const std::string& text : args.texts(key)) {
            if (Result<engine::ReplicaConfig> named = engine::parseReplicaUrl(text); named.ok()) {
                replicas.push_back(std::move(named).value());
            }
        }
    }
    const Result<engine::LoadedConfig> loaded =
        engine::loadConfig(session.configPath, session.stateDir);
    if (loaded.ok()) {
        const auto& configured = loaded.value().config.replicas;
        replicas.insert(replicas.end(), configured.begin(), configured.end());
    }
    std::vector<std::string> folders;
    for (const engine::ReplicaConfig& replica : replicas) {
        if (const auto* file = std::get_if<engine::FileReplicaOptions>(&replica.options)) {
            folders.push_back(engine::expandHome(file->path));
        }
    }
    return folders;
}

}  // namespace

Status checkLogFile(const std::string& path, const Args& args, const Session& session) {
    if (engine::liesIn(path, session.stateDir)) {
        return noLog(path, "which is in the state folder");
    }
    for (const std::string& folder : replicaFolders(args, session)) {
        if (engine::liesIn(path, folder)) {
            return noLog(path, "which is in the folder of a replica");
        }
    }
    for (const std::string_view suffix : kSideFiles) {
        if (path.ends_with(suffix)) {
            return noLog(path, "which is named like a file beside a database");
        }
        if (engine::factsOf(path + std::string(suffix)).ok()) {
            return noLog(path, "a database: " + path + std::string(suffix) + " is beside it");
        }
    }
    for (const std::string& named : namedFiles(args, session)) {
        if (sameFile(path, named)) {
            return noLog(path, "which is known as something else");
        }
    }
    return {};
}

}  // namespace cli
