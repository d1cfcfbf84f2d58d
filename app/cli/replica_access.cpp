// SPDX-License-Identifier: Apache-2.0
#include "app/cli/replica_access.h"

#include <algorithm>

#include "app/cli/output.h"

namespace cli {
namespace {

using engine::Config;
using engine::DatabaseConfig;
using engine::Error;
using engine::ErrorCode;
using engine::FoundDatabase;
using engine::ReplicaConfig;
using engine::ReplicaSession;
using engine::Result;

bool isUrl(const std::string& text) {
    return text.find("://") != std::string::npos ||
           (!text.empty() && (text.front() == '/' || text.front() == '~'));
}

template <class List>
auto named(const List& list, const std::string& name) {
    return std::find_if(
        list.begin(), list.end(), [&name](const auto& item) { return item.name == name; });
}

template <class List>
Error noSuch(std::string_view noun,
             const std::string& name,
             const List& list,
             const Session& session) {
    std::vector<std::string> names;
    for (const auto& item : list) {
        names.push_back(item.name);
    }
    const std::string nearest = engine::nearestName(name, names);
    return Error{ErrorCode::NotFound,
                 "there is no " + std::string(noun) + " \"" + name + "\" in the configuration " +
                     session.configPath +
                     (nearest.empty() ? std::string() : ", did you mean " + nearest + "?")}
        .withFix("name one that is there, or give --replica a URL");
}

/// The index speeds listings up; it belongs to the state folder and is not worth making one.
std::string indexPathOf(const Session& session) {
    const Result<engine::FileFacts> facts = engine::factsOf(session.stateDir);
    return facts.ok() && facts.value().isDirectory()
               ? engine::joinPath(session.stateDir, "index.sqlite")
               : "";
}

Result<OpenReplica> openConfigured(ReplicaConfig config, const Session& session) {
    ENGINE_TRY(engine::checkSupported(config));
    OpenReplica replica;
    ENGINE_TRY_ASSIGN(replica.session,
                      ReplicaSession::open(config, indexPathOf(session), session.stop));
    replica.config = std::move(config);
    return replica;
}

/// A database of the configuration is looked for by the id that this computer gave it, so that one
/// of another computer with the same name is not taken for it; else by path, else by name.
Result<FoundDatabase> findConfigured(ReplicaSession& replica,
                                     const DatabaseConfig& database,
                                     const Session& session) {
    std::vector<std::string> keys;
    const Result<std::string> real = engine::realPath(database.path);
    const auto computer = engine::knownComputer(session.stateDir);
    for (const std::string& path : {database.path, real.ok() ? real.value() : database.path}) {
        if (const auto id = engine::knownDatabaseId(session.stateDir, path)) {
            // A copied state folder gave the id to another computer's database, too.
            keys.push_back((computer ? computer->text() + "/" : "") + id->text());
            keys.push_back(id->text());
        }
    }
    keys.push_back(database.path);
    keys.push_back(database.name);
    ENGINE_TRY_ASSIGN(const std::vector<FoundDatabase> all, replica.databases(session.stop));
    for (const std::string& key : keys) {
        Result<FoundDatabase> found = engine::chooseDatabase(all, key);
        if (found.ok() || found.error().code != ErrorCode::NotFound || key == keys.back()) {
            return found;
        }
    }
    return Error{ErrorCode::NotFound, "no database \"" + database.name + "\" on this replica"};
}

Result<OpenHistory> withHistory(OpenReplica replica,
                                FoundDatabase database,
                                const Session& session) {
    OpenHistory open;
    ENGINE_TRY_ASSIGN(open.history, replica.session->history(database.location, session.stop));
    open.replica = std::move(replica);
    open.database = std::move(database);
    return open;
}

Result<OpenHistory> openOn(const ReplicaConfig& config,
                           const DatabaseConfig& database,
                           const Session& session) {
    ENGINE_TRY_ASSIGN(OpenReplica replica, openConfigured(config, session));
    ENGINE_TRY_ASSIGN(FoundDatabase found, findConfigured(*replica.session, database, session));
    return withHistory(std::move(replica), std::move(found), session);
}

Result<OpenHistory> openOfConfiguration(const std::string& database,
                                        const std::string& replica,
                                        const Session& session) {
    ENGINE_TRY_ASSIGN(const Config config, readConfig(session));
    const auto found = named(config.databases, database);
    if (found == config.databases.end()) {
        return noSuch("database", database, config.databases, session);
    }
    Result<OpenHistory> last =
        Error{ErrorCode::NotFound,
              "the database \"" + database + "\" has no replica in the configuration"};
    for (const std::string& name : found->replicas) {
        // A replica of the database's own may be named without the database in front.
        if (!replica.empty() && name != replica && name != database + "/" + replica) {
            continue;
        }
        last = openOn(*named(config.replicas, name), *found, session);
        if (last.ok() || !replica.empty()) {
            return last;
        }
        printWarning(session, "replica " + name + ": " + last.error().message);
    }
    if (!replica.empty()) {
        return Error{ErrorCode::NotFound,
                     "the database \"" + database + "\" has no replica \"" + replica + "\""};
    }
    return last;
}

}  // namespace

std::vector<OptionSpec> historyOptions() {
    return {
        {"--replica", "URL", "where the history is: a URL, or a name in the configuration"},
        {"--database",
         "NAME",
         "which database: its name or id, or COMPUTER/NAME; not needed where there is only one"}};
}

std::string absolutePath(const std::string& path) {
    const std::string expanded = engine::expandHome(path);
    if (expanded.empty()) {
        return expanded;
    }
    const Result<std::string> here = engine::realPath(".");
    const std::string folder = here.ok() ? here.value() : "/";
    return engine::normalPath(expanded.front() == '/' ? expanded
                                                      : engine::joinPath(folder, expanded));
}

Result<Config> readConfig(const Session& session) {
    Result<engine::LoadedConfig> loaded = engine::loadConfig(session.configPath, session.stateDir);
    if (!loaded.ok() && loaded.error().code == ErrorCode::NotFound && !session.configGiven) {
        return Config{};
    }
    if (!loaded.ok()) {
        Error error = std::move(loaded).error();
        // A configuration that is not there is a wrong use, not a thing of the data that is
        // missing.
        error.code = error.code == ErrorCode::NotFound ? ErrorCode::InvalidArgument : error.code;
        return std::move(error).withFix("correct " + session.configPath +
                                        " (strandline-cli config check tells whether it is right)");
    }
    for (const std::string& warning : loaded.value().warnings) {
        printWarning(session, warning);
    }
    return std::move(loaded).value().config;
}

Result<OpenReplica> openReplica(const std::string& text, const Session& session) {
    if (isUrl(text)) {
        ENGINE_TRY_ASSIGN(ReplicaConfig config, engine::parseReplicaUrl(text));
        return openConfigured(std::move(config), session);
    }
    ENGINE_TRY_ASSIGN(const Config config, readConfig(session));
    const auto found = named(config.replicas, text);
    if (found == config.replicas.end()) {
        return noSuch("replica", text, config.replicas, session);
    }
    return openConfigured(*found, session);
}

std::string OpenHistory::name() const {
    return database.info.has_value() ? database.info->name : database.location.database.text();
}

Result<OpenHistory> openHistory(const Args& args, const Session& session) {
    const std::string replicaText = args.text("--replica");
    const std::string databaseText = args.text("--database");
    if (replicaText.empty() && databaseText.empty()) {
        return Error{ErrorCode::InvalidArgument, "neither --replica nor --database was given"}
            .withFix(
                "name the replica with --replica URL, or a database of the configuration with "
                "--database NAME");
    }
    if (!replicaText.empty() && (isUrl(replicaText) || databaseText.empty())) {
        ENGINE_TRY_ASSIGN(OpenReplica replica, openReplica(replicaText, session));
        ENGINE_TRY_ASSIGN(std::vector<FoundDatabase> all, replica.session->databases(session.stop));
        ENGINE_TRY_ASSIGN(FoundDatabase found,
                          engine::chooseDatabase(std::move(all), databaseText));
        return withHistory(std::move(replica), std::move(found), session);
    }
    return openOfConfiguration(databaseText, replicaText, session);
}

}  // namespace cli
