// SPDX-License-Identifier: Apache-2.0
// The one door: a running engine. Owns the state folder (one engine per folder), the watcher, the
// capture workers, the replicas' lanes. Safe for use from any thread; nothing here waits for the
// network, but for waitUntilStored() and stop() (at most 2 s).
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/api/events.h"
#include "engine/api/status.h"
#include "engine/config/config.h"

namespace engine {

struct EngineOptions {
    std::string stateDir;          // created 0700
    std::string configPath;        // re-read when it changes; empty = `config` is all there is
    Config config;                 // used where configPath is empty
    bool controlSocket = true;     // answer status, snapshot, pause, resume, stop on it
    const Clock* clock = nullptr;  // null = the system's
};

/// A database that could not be brought up to date on a replica, and why.
struct NotStored {
    std::string database;
    std::string replica;  // empty: the database itself cannot be recorded
    Error error;
};

class Engine {
public:
    /// Reads the configuration, takes the lock, recovers the shadow logs. AlreadyExists: another
    /// engine has the state folder (the message names its process).
    static Result<std::unique_ptr<Engine>> open(EngineOptions options);
    virtual ~Engine() = default;

    virtual Status start() = 0;
    /// Idempotent; everything captured is on the local disk when it returns.
    virtual void stop() = 0;
    /// Somebody asked over the control socket that this engine ends (StopRequested was pushed).
    /// Recording goes on until its owner calls stop().
    virtual bool stopRequested() const = 0;

    /// Never waits: while a changed configuration is taken over, it is the last one before that.
    virtual StatusPtr status() const = 0;
    virtual EventQueue& events() = 0;

    /// Waits until everything that the sources hold now is stored on every replica, snapshot
    /// included. What refuses holds nothing else up: it is in the result, once all others are done.
    /// Cancelled: stopped before.
    virtual Result<std::vector<NotStored>> waitUntilStored(std::stop_token stop) = 0;
    /// database: by name; empty = all. NotFound.
    virtual Status requestSnapshot(std::string_view database) = 0;
    /// Holds uploads; recording goes on. until: 0 = until resume().
    virtual void pause(Time until) = 0;
    virtual void resume() = 0;
};

/// Asks whoever holds the state folder over its control socket. NotFound: nobody answers there.
Result<std::string> askRunningEngine(const std::string& stateDir, std::string_view requestJson);
/// What is on disk when nobody runs: the same shape, running = false.
Result<EngineStatus> statusOnDisk(const std::string& stateDir, const Config& config);

}  // namespace engine
