// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "app/cli/replica_access.h"
#include "app/cli/source_check.h"
#include "app/common/quantity.h"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;
using engine::Config;
using engine::Engine;
using engine::EngineStatus;
using engine::Error;
using engine::ErrorCode;
using engine::Result;
using engine::Status;

/// A configuration of one database, with every default of a configuration file.
Result<Config> configOfArguments(const Args& args, const Session& session) {
    const std::vector<std::string> urls = args.texts("REPLICA_URL");
    if (urls.empty()) {
        return Error{ErrorCode::InvalidArgument, "the database was named, but no replica"}.withFix(
            "name at least one, like file:///media/backup/strandline");
    }
    Config replicas;
    for (const std::string& url : urls) {
        ENGINE_TRY_ASSIGN(engine::ReplicaConfig replica, engine::parseReplicaUrl(url));
        for (const engine::ReplicaConfig& other : replicas.replicas) {
            if (other.name == replica.name) {
                return Error{ErrorCode::InvalidArgument, "the same replica was named twice"};
            }
        }
        replicas.replicas.push_back(std::move(replica));
    }
    const std::string path = absolutePath(args.text("DATABASE"));
    ENGINE_TRY(checkSource(path));
    const Json document = {{"databases", {{{"path", path}}}}};
    engine::ConfigContext context;
    context.stateDir = session.stateDir;
    ENGINE_TRY_ASSIGN(engine::LoadedConfig loaded,
                      engine::parseConfig(
                          document.dump(-1, ' ', false, Json::error_handler_t::replace), context));
    loaded.config.replicas = std::move(replicas.replicas);
    for (const engine::ReplicaConfig& replica : loaded.config.replicas) {
        loaded.config.databases.front().replicas.push_back(replica.name);
    }
    return std::move(loaded).config;
}

/// Of the databases that have a history of this computer.
std::vector<std::string> knownPaths(const std::string& stateDir) {
    std::vector<std::string> paths;
    if (const auto known = engine::knownDatabases(stateDir); known.ok()) {
        for (const auto& [path, id] : known.value()) {
            paths.push_back(path);
        }
    }
    return paths;
}

Result<engine::EngineOptions> optionsOf(const Args& args, const Session& session) {
    engine::EngineOptions options;
    options.stateDir = session.stateDir;
    if (args.has("DATABASE")) {
        ENGINE_TRY_ASSIGN(options.config, configOfArguments(args, session));
    } else {
        Session strict = session;
        strict.configGiven = true;  // without a configuration there is nothing to record
        ENGINE_TRY_ASSIGN(options.config, readConfig(strict));
        options.configPath = session.configPath;
    }
    if (options.config.databases.empty()) {
        return Error{ErrorCode::InvalidArgument,
                     "the configuration " + session.configPath + " names no database"};
    }
    ENGINE_TRY(engine::checkStartable(options.config, session.stateDir));
    return options;
}

/// Tells what changed since the last look: one line per database and replica.
class Teller {
public:
    explicit Teller(const Session& session)
        : m_session(session) {}

    void tell(const EngineStatus& status) {
        for (const engine::DatabaseStatus& database : status.databases) {
            if (database.replicas.empty()) {
                tellOne(database, nullptr);
            }
            for (const engine::ReplicaStatus& replica : database.replicas) {
                tellOne(database, &replica);
            }
        }
        flushOutput();
    }

private:
    void tellOne(const engine::DatabaseStatus& database, const engine::ReplicaStatus* replica) {
        const engine::ProtectionState state = replica == nullptr ? database.state : replica->state;
        const std::string error = replica == nullptr || replica->lastError.empty()
                                      ? database.lastError
                                      : replica->lastError;
        const std::string name = replica == nullptr ? "" : replica->name;
        std::string& last = m_last[database.name + "\n" + name];
        const std::string now = std::string(toText(state)) + "\n" + error;
        if (last == now) {
            return;
        }
        last = now;
        if (m_session.json) {
            printJson(database, name, state, error);
            return;
        }
        printNote(m_session,
                  app::safeText(database.name + (name.empty() ? "" : " on " + name)) + ": " +
                      std::string(labelOf(state)) +
                      (error.empty() ? "" : ": " + app::safeText(error)));
    }

    static void printJson(const engine::DatabaseStatus& database,
                          const std::string& replica,
                          engine::ProtectionState state,
                          const std::string& error) {
        const Json json = {{"event", "state"},
                           {"time", engine::toRfc3339(engine::SystemClock().now())},
                           {"database", database.name},
                           {"replica", replica.empty() ? Json() : Json(replica)},
                           {"state", toText(state)},
                           {"captureMode", database.captureMode},
                           {"txId", database.txId.value},
                           {"storedTxId", database.storedTxId.value},
                           {"lastError", error.empty() ? Json() : Json(error)}};
        printLine(json.dump(-1, ' ', false, Json::error_handler_t::replace));
    }

    const Session& m_session;
    std::map<std::string, std::string> m_last;
};

/// Sleeps until the engine has news or the person has had enough.
class News {
public:
    explicit News(engine::EventQueue& events)
        : m_events(events) {
        m_events.setWake([this] { ring(); });
        // What was pushed before rings no more: the caller looks at the status first anyway.
        m_events.drain();
    }

    ~News() { m_events.setWake({}); }

    News(const News&) = delete;
    News& operator=(const News&) = delete;

    /// False: stop was requested.
    bool wait(const std::stop_token& stop) {
        {
            engine::MutexLock lock(m_mutex);
            m_condition.wait(m_mutex, stop, [this]() ENGINE_REQUIRES(m_mutex) { return m_rung; });
            m_rung = false;
        }
        m_events.drain();
        return !stop.stop_requested();
    }

private:
    void ring() {
        engine::MutexLock lock(m_mutex);
        m_rung = true;
        m_condition.notifyAll();
    }

    engine::EventQueue& m_events;
    engine::Mutex m_mutex;
    engine::Condition m_condition;
    bool m_rung ENGINE_GUARDED_BY(m_mutex) = false;
};

std::string nameOf(const engine::NotStored& failed) {
    return failed.database + (failed.replica.empty() ? "" : " on replica " + failed.replica);
}

bool isOf(const engine::NotStored& failed,
          const engine::DatabaseStatus& database,
          const engine::ReplicaStatus& replica) {
    return failed.database == database.name &&
           (failed.replica.empty() || failed.replica == replica.name);
}

/// What refused is told one by one; the error is the first of them, and part of the work may be
/// done nevertheless.
Outcome notAll(const std::vector<engine::NotStored>& failed,
               const EngineStatus& status,
               const Session& session) {
    std::size_t stored = 0;
    for (const engine::DatabaseStatus& database : status.databases) {
        stored += static_cast<std::size_t>(std::count_if(
            database.replicas.begin(), database.replicas.end(), [&](const auto& replica) {
                return std::none_of(failed.begin(), failed.end(), [&](const auto& one) {
                    return isOf(one, database, replica);
                });
            }));
    }
    for (std::size_t i = 1; i < failed.size(); ++i) {
        printNote(
            session,
            "not stored: " + app::safeText(nameOf(failed[i]) + ": " + failed[i].error.message));
    }
    Error error = failed.front().error;
    error.message = nameOf(failed.front()) + ": " + error.message;
    if (stored > 0) {
        error.message += "; " + std::to_string(stored) + " of " +
                         std::to_string(stored + failed.size()) + " copies are complete";
    }
    if (error.effect.empty()) {
        error.effect = failed.front().replica.empty()
                           ? "nothing new of it was recorded"
                           : "what was recorded is kept on this computer and goes on at the next "
                             "start";
    }
    Outcome outcome(std::move(error));
    if (stored > 0) {
        outcome.exit = Exit::Partly;
    }
    outcome.result = engine::toJson(status);
    return outcome;
}

Outcome recordOnce(Engine& engine, const Session& session) {
    const Result<std::vector<engine::NotStored>> failed = engine.waitUntilStored(session.stop);
    engine.stop();
    if (!failed.ok()) {
        Error error = failed.error();
        if (error.effect.empty()) {
            error.effect =
                "what was recorded is kept on this computer and goes on at the next start";
        }
        return error;
    }
    const engine::StatusPtr status = engine.status();
    if (!failed.value().empty()) {
        return notAll(failed.value(), *status, session);
    }
    if (session.json) {
        printLine(engine::toJson(*status));
    } else {
        printNote(session, "everything is stored on every replica");
    }
    return Exit::Done;
}

Outcome record(Engine& engine, const Session& session) {
    Teller teller(session);
    News news(engine.events());
    do {
        teller.tell(*engine.status());
    } while (!engine.stopRequested() && news.wait(session.stop));
    engine.stop();
    printNote(session, "stopped; what is recorded and not stored yet goes on at the next start");
    // Being asked to stop is how a recorder ends, not a failure: units and scripts see 0.
    return Exit::Done;
}

Outcome run(const Args& args, const Session& session) {
    ENGINE_TRY_ASSIGN(engine::EngineOptions options, optionsOf(args, session));
    const std::vector<std::string> warnings =
        engine::placeWarnings(options.config, knownPaths(session.stateDir));
    ENGINE_TRY_ASSIGN(const std::unique_ptr<Engine> engine, Engine::open(std::move(options)));
    for (const std::string& warning : warnings) {
        printWarning(session, warning);
    }
    ENGINE_TRY(engine->start());
    return args.has("--once") ? recordOnce(*engine, session) : record(*engine, session);
}

}  // namespace

CommandSpec replicateCommand() {
    CommandSpec spec;
    spec.name = "replicate";
    spec.summary = "records and uploads in the foreground";
    spec.detail =
        "The databases of the configuration, or the one named here. SIGINT or SIGTERM ends it "
        "cleanly\n"
        "with exit code 0; with --once, an end before everything is stored is 130.";
    spec.example = "strandline-cli replicate ~/notes/notes.db file:///media/backup/strandline";
    spec.options = {{"--once", "", "catch up, make everything durable on every replica, and exit"}};
    spec.positionals = {{"DATABASE", "a database file", 0, 1},
                        {"REPLICA_URL", "where its copies go, like file:///path", 0, 100}};
    spec.run = &run;
    spec.effect = "nothing is being recorded";
    return spec;
}

}  // namespace cli
