// SPDX-License-Identifier: Apache-2.0
// Everything that runs for one configuration: watcher, capture workers, controllers, lanes. A
// changed configuration is a new Runtime after the old one has stopped.
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/api/engine.h"
#include "engine/api/events.h"
#include "engine/api/status.h"
#include "engine/base/worker_pool.h"
#include "engine/capture/change_watcher.h"
#include "engine/config/config.h"
#include "engine/pipeline/controller.h"
#include "engine/pipeline/replica_lanes.h"
#include "engine/pipeline/scheduler.h"
#include "engine/service/state_folder.h"

namespace engine {

class Runtime {
public:
    /// Recovers the shadow logs; starts nothing yet. The arguments outlive it.
    static Result<std::unique_ptr<Runtime>> create(const Config& config,
                                                   StateFolder& state,
                                                   EventQueue& events,
                                                   const Clock& clock);
    ~Runtime();

    Status start();
    /// Idempotent, at most 2 s.
    void stop();

    std::vector<DatabaseStatus> status(bool paused) const;
    Result<std::vector<NotStored>> waitUntilStored(std::stop_token stop);
    /// Empty name: all. NotFound.
    Status requestSnapshot(std::string_view database);
    void setPaused(bool paused);
    /// Tries again now what stopped.
    void retryNow();
    /// From the maintenance thread: looks at databases that give no events; with recheck also
    /// whether the watches still stand where the paths lead.
    void lookAgain(bool recheck);

private:
    struct Entry;
    class StoreWait;

    Runtime(const Config& config, EventQueue& events, const Clock& clock);
    Status addReplicas(const StateFolder& state);
    Status addDatabase(const DatabaseConfig& database, StateFolder& state);
    void onEvents(ChangeWatcher::Id id);
    SourceEvents takeEvents(const Entry& entry);
    void wakeWith(Entry& entry, const SourceEvents& events);
    void onChanged(Entry& entry);
    void noteChanged();
    DatabaseStatus databaseStatus(const Entry& entry, bool paused) const;

    const Config m_config;
    EventQueue& m_events;
    const Clock& m_clock;
    WorkerPool m_pool;
    std::vector<std::unique_ptr<Entry>> m_entries;
    std::vector<std::unique_ptr<ReplicaLanes>> m_lanes;
    std::unique_ptr<Scheduler> m_scheduler;
    std::unique_ptr<ChangeWatcher> m_watcher;
    bool m_started = false;

    mutable Mutex m_mutex;
    Condition m_progress;
    std::map<ChangeWatcher::Id, Entry*> m_watched ENGINE_GUARDED_BY(m_mutex);
    std::uint64_t m_changes ENGINE_GUARDED_BY(m_mutex) = 0;
};

}  // namespace engine
