// SPDX-License-Identifier: Apache-2.0
#include "engine/api/runtime.h"

#include <algorithm>
#include <array>
#include <thread>

#include <unistd.h>

#include "engine/api/known_database.h"
#include "engine/api/runtime_entry.h"
#include "engine/api/status_builder.h"
#include "engine/base/file_system.h"
#include "engine/base/log.h"
#include "engine/capture/capture_factory.h"
#include "engine/history/descriptors.h"
#include "engine/replica/factory.h"
#include "engine/replica/throttled_replica.h"

namespace engine {
namespace {

unsigned cores() {
    return std::max(1U, std::thread::hardware_concurrency());
}

Result<std::unique_ptr<Replica>> makeLimited(const ReplicaConfig& config) {
    ENGINE_TRY_ASSIGN(std::unique_ptr<Replica> replica, makeReplica(config.options));
    return withUploadLimit(std::move(replica), config.uploadLimit);
}

std::string computerName() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

}  // namespace

Runtime::Runtime(const Config& config, EventQueue& events, const Clock& clock)
    : m_config(config)
    , m_events(events)
    , m_clock(clock)
    , m_pool(cores(), ThreadPriority::Background) {}

Runtime::~Runtime() {
    stop();
}

Result<std::unique_ptr<Runtime>> Runtime::create(const Config& config,
                                                 StateFolder& state,
                                                 EventQueue& events,
                                                 const Clock& clock) {
    std::unique_ptr<Runtime> runtime(new Runtime(config, events, clock));
    ENGINE_TRY(runtime->addReplicas(state));
    for (const DatabaseConfig& database : config.databases) {
        ENGINE_TRY(runtime->addDatabase(database, state));
    }
    return runtime;
}

Status Runtime::addReplicas(const StateFolder& state) {
    for (const ReplicaConfig& replica : m_config.replicas) {
        LanesOptions options;
        options.config = replica;
        options.knownFile =
            joinPath(joinPath(state.path(), "replicas"), knownReplicaFileName(replica));
        options.factory = [](const ReplicaConfig& wanted) { return makeLimited(wanted); };
        options.pool = &m_pool;
        options.clock = &m_clock;
        options.changed = [this] { noteChanged(); };
        m_lanes.push_back(std::make_unique<ReplicaLanes>(std::move(options)));
    }
    return {};
}

Status Runtime::addDatabase(const DatabaseConfig& database, StateFolder& state) {
    ENGINE_TRY_ASSIGN(const DatabaseId id, state.databaseId(database.path));
    ENGINE_TRY_ASSIGN(std::string folder, state.databaseFolder(id));
    ENGINE_TRY(rememberDatabase(folder, knownFrom(database, m_config)));
    auto entry = std::make_unique<Entry>();
    Entry* raw = entry.get();
    entry->config = database;
    ControllerOptions options;
    options.config = database;
    options.location = DatabaseLocation{state.computer(), id};
    options.writer = state.writer();
    options.stateFolder = std::move(folder);
    options.replicas = database.replicas.size();
    options.clock = &m_clock;
    options.makeCapture = [this, raw](const CaptureOptions& wanted) {
        CaptureOptions capture = wanted;
        capture.takeEvents = [this, raw] { return takeEvents(*raw); };
        return createCapture(capture);
    };
    options.changed = [this, raw] { onChanged(*raw); };
    const DatabaseInfo info{
        options.location, database.name, database.path, computerName(), DatabaseEngine::Sqlite, {}};
    ENGINE_TRY_ASSIGN(entry->controller, Controller::open(std::move(options)));
    for (const std::string& name : database.replicas) {
        const auto lanes = std::find_if(m_lanes.begin(), m_lanes.end(), [&](const auto& candidate) {
            return candidate->config().name == name;
        });
        ENSURE(lanes != m_lanes.end());
        ENGINE_TRY((*lanes)->add(*entry->controller, entry->lanes.size(), toJson(info)));
        entry->lanes.push_back(lanes->get());
    }
    m_entries.push_back(std::move(entry));
    return {};
}

Status Runtime::start() {
    ENSURE(!m_started);
    m_scheduler = std::make_unique<Scheduler>(std::min(4U, cores()), m_clock);
    m_watcher = std::make_unique<ChangeWatcher>([this](ChangeWatcher::Id id) { onEvents(id); });
    for (const auto& entry : m_entries) {
        entry->scheduled = m_scheduler->add(*entry->controller);
        // Under the lock: the watcher tells of the path from its own thread, maybe at once.
        MutexLock lock(m_mutex);
        const ChangeWatcher::Id id = m_watcher->add(entry->config.path);
        entry->watched = id;
        m_watched[id] = entry.get();
    }
    for (const auto& lanes : m_lanes) {
        lanes->start();
    }
    m_scheduler->start();
    m_started = true;
    return {};
}

void Runtime::stop() {
    if (!m_started) {
        return;
    }
    m_started = false;
    m_scheduler->stop();
    m_watcher->stop();
    for (const auto& lanes : m_lanes) {
        lanes->stop();
    }
    for (const auto& entry : m_entries) {
        ignoreError(entry->controller->stop(),
                    "it is logged, and the next start recovers what is durable");
    }
}

void Runtime::onEvents(ChangeWatcher::Id id) {
    Entry* entry = nullptr;
    {
        MutexLock lock(m_mutex);
        if (const auto found = m_watched.find(id); found != m_watched.end()) {
            entry = found->second;
        }
    }
    if (entry != nullptr) {
        wakeWith(*entry, m_watcher->take(id));
    }
}

/// From a step: what came for this database, up to now.
SourceEvents Runtime::takeEvents(const Entry& entry) {
    ChangeWatcher::Id id = 0;
    {
        MutexLock lock(m_mutex);
        id = entry.watched;
    }
    // No step runs before the watcher is there or after it is gone; without an id: trust nothing.
    return m_watcher->takeDrained(id);
}

void Runtime::wakeWith(Entry& entry, const SourceEvents& events) {
    entry.controller->noteEvents(events);
    m_scheduler->wake(entry.scheduled);
}

void Runtime::lookAgain(bool recheck) {
    for (const auto& entry : m_entries) {
        if (recheck) {
            m_watcher->recheck(entry->watched);
        }
        // Events that were told are taken; if some were not, nobody would ever be told again.
        const SourceEvents events = m_watcher->take(entry->watched);
        if (events.anything || m_watcher->polled(entry->watched)) {
            wakeWith(*entry, events);
        }
    }
}

void Runtime::onChanged(Entry& entry) {
    for (ReplicaLanes* lanes : entry.lanes) {
        lanes->notify(*entry.controller);
    }
    noteChanged();
}

void Runtime::noteChanged() {
    {
        MutexLock lock(m_mutex);
        ++m_changes;
        m_progress.notifyAll();
    }
    m_events.push(EventKind::StatusChanged);
}

DatabaseStatus Runtime::databaseStatus(const Entry& entry, bool paused) const {
    const ControllerStatus controller = entry.controller->status();
    const StatusMoment moment{m_clock.now(), m_clock.steady(), paused};
    DatabaseStatus status;
    status.id = entry.controller->location().database;
    for (ReplicaLanes* lanes : entry.lanes) {
        ReplicaFacts facts;
        facts.config = &lanes->config();
        facts.lanes = lanes->status(*entry.controller);
        if (controller.generation) {
            for (const ShadowSegment& segment : entry.controller->pendingAfter(
                     controller.generation->id, facts.lanes.state.segmentsTx)) {
                facts.pendingBytes += segment.plainBytes;
                facts.oldestPending =
                    std::min(facts.oldestPending.value_or(segment.firstTime), segment.firstTime);
            }
        }
        status.replicas.push_back(buildReplicaStatus(entry.config, controller, facts, moment));
        if (facts.lanes.state.pagesTotal > 0) {
            status.snapshot =
                SnapshotProgress{facts.lanes.state.pagesDone, facts.lanes.state.pagesTotal};
        }
    }
    finishDatabaseStatus(status, entry.config, controller);
    return status;
}

std::vector<DatabaseStatus> Runtime::status(bool paused) const {
    std::vector<DatabaseStatus> all;
    all.reserve(m_entries.size());
    for (const auto& entry : m_entries) {
        all.push_back(databaseStatus(*entry, paused));
    }
    return all;
}

Status Runtime::requestSnapshot(std::string_view database) {
    bool found = false;
    for (const auto& entry : m_entries) {
        if (database.empty() || entry->config.name == database || entry->config.path == database) {
            found = true;
            for (ReplicaLanes* lanes : entry->lanes) {
                lanes->requestSnapshot(*entry->controller);
            }
        }
    }
    if (!found) {
        return Error{ErrorCode::NotFound,
                     "no database '" + std::string(database) + "' in the configuration"};
    }
    return {};
}

void Runtime::setPaused(bool paused) {
    for (const auto& lanes : m_lanes) {
        lanes->setPaused(paused);
    }
}

void Runtime::retryNow() {
    for (const auto& lanes : m_lanes) {
        lanes->retryNow();
    }
    for (const auto& entry : m_entries) {
        entry->controller->retryNow();
        if (m_started) {
            m_scheduler->wake(entry->scheduled);
        }
    }
}

}  // namespace engine
