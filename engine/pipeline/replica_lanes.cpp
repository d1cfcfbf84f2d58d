// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/replica_lanes.h"

#include <algorithm>

#include "engine/base/file_system.h"
#include "engine/base/log.h"
#include "engine/pipeline/replica_slot.h"

namespace engine {

ReplicaLanes::ReplicaLanes(LanesOptions options)
    : m_options(std::move(options))
    , m_clock(*m_options.clock)
    , m_link(m_options.config, m_options.knownFile, m_options.factory, m_clock)
    , m_linkBackoff(kReplicaBackoffFirst, kReplicaBackoffLongest) {}

ReplicaLanes::~ReplicaLanes() {
    stop();
}

Status ReplicaLanes::add(Controller& controller,
                         std::size_t replica,
                         const std::string& databaseJson) {
    const std::string folder = joinPath(controller.stateFolder(), "acks");
    ENGINE_TRY(makeFolders(folder));
    const std::string path = joinPath(folder, fileNameOf(m_options.knownFile));
    auto slot = std::make_unique<Slot>(controller, replica, databaseJson);
    ENGINE_TRY_ASSIGN(slot->journal, AckJournal::open(path));
    takeOver(*slot);
    m_slots.push_back(std::move(slot));
    return {};
}

/// What the journal knows.
void ReplicaLanes::takeOver(Slot& slot) {
    MutexLock lock(m_mutex);
    slot.state.snapshots.clear();
    for (const GenerationId generation : slot.journal->generations()) {
        const AckState acked = slot.journal->state(generation);
        slot.state.lastUploadAt = std::max(slot.state.lastUploadAt, acked.lastUploadAt);
        if (!acked.snapshotTx) {
            continue;
        }
        slot.state.snapshots[generation] = *acked.snapshotTx;
        if (acked.snapshotAt >= slot.state.lastSnapshotAt) {
            slot.state.lastSnapshotAt = acked.snapshotAt;
            slot.state.snapshotBytes = acked.snapshotBytes;
            slot.state.bytesSinceSnapshot = acked.segmentBytesSinceSnapshot;
        }
    }
}

void ReplicaLanes::start() {
    const std::string name = m_options.config.name;
    const auto lane = [this](Lane which) {
        return [this, which](std::stop_token stop) { runLane(which, std::move(stop)); };
    };
    m_segmentLane = Thread("seg-" + name, lane(Lane::Segments), ThreadPriority::Background);
    m_snapshotLane = Thread("snap-" + name, lane(Lane::Snapshots), ThreadPriority::Background);
}

void ReplicaLanes::stop() {
    m_segmentLane.requestStop();
    m_snapshotLane.requestStop();
    m_segmentLane.join();
    m_snapshotLane.join();
}

ReplicaLanes::Slot* ReplicaLanes::find(const Controller& controller) const {
    for (const auto& slot : m_slots) {
        if (&slot->controller == &controller) {
            return slot.get();
        }
    }
    return nullptr;
}

void ReplicaLanes::notify(const Controller& controller) {
    Slot* slot = find(controller);
    const std::optional<PublishedPosition> published = controller.published();
    if (slot == nullptr || !published) {
        return;
    }
    MutexLock lock(m_mutex);
    const SlotState before = slot->state;
    notePublished(slot->state, *published, m_clock.steady());
    if (before.publishedTx != slot->state.publishedTx ||
        before.generation != slot->state.generation) {
        m_changed.notifyAll();
    }
}

void ReplicaLanes::setPaused(bool paused) {
    MutexLock lock(m_mutex);
    m_paused = paused;
    m_changed.notifyAll();
}

void ReplicaLanes::setFlush(bool flush) {
    MutexLock lock(m_mutex);
    m_flush = flush;
    m_changed.notifyAll();
}

void ReplicaLanes::requestSnapshot(const Controller& controller) {
    MutexLock lock(m_mutex);
    if (Slot* slot = find(controller); slot != nullptr) {
        slot->state.snapshotWanted = true;
        m_changed.notifyAll();
    }
}

void ReplicaLanes::retryNow() {
    MutexLock lock(m_mutex);
    m_linkRetryAt = Steady{};
    for (const auto& slot : m_slots) {
        for (LaneHealth* health : {&slot->state.segments, &slot->state.snapshot}) {
            health->stopped = false;
            health->retryAt = Steady{};
        }
    }
    m_changed.notifyAll();
}

LaneStatus ReplicaLanes::status(const Controller& controller) const {
    MutexLock lock(m_mutex);
    const Slot* slot = find(controller);
    ENSURE(slot != nullptr);
    return LaneStatus{slot->state, m_linkError, m_linkRetryAt};
}

std::optional<Steady> ReplicaLanes::dueOf(Lane lane, const Slot& slot) const {
    const DatabaseConfig& database = slot.controller.config();
    std::optional<Steady> due =
        lane == Lane::Segments
            ? segmentsDue(slot.state, m_options.config.syncInterval, m_flush)
            : snapshotDue(slot.state, database.snapshotInterval, m_clock.now(), m_clock.steady());
    if (due) {
        due = std::max(*due, m_linkRetryAt);
    }
    return due;
}

/// Waits for the slot that is due first; null: stopped.
ReplicaLanes::Slot* ReplicaLanes::nextDue(Lane lane, std::stop_token stop) {
    MutexLock lock(m_mutex);
    while (!stop.stop_requested()) {
        Slot* first = nullptr;
        Steady firstDue = Steady::max();
        for (const auto& slot : m_slots) {
            const std::optional<Steady> due = m_paused ? std::nullopt : dueOf(lane, *slot);
            if (due && *due < firstDue) {
                first = slot.get();
                firstDue = *due;
            }
        }
        if (first != nullptr && firstDue <= m_clock.steady()) {
            return first;
        }
        // Whoever changes something notifies; the look again after it is the predicate.
        bool looked = false;
        const auto changed = [&looked] { return std::exchange(looked, true); };
        if (first == nullptr) {
            m_changed.wait(m_mutex, stop, changed);
        } else {
            m_changed.waitUntil(m_mutex, stop, firstDue, changed);
        }
    }
    return nullptr;
}

void ReplicaLanes::runLane(Lane lane, std::stop_token stop) {
    while (Slot* slot = nextDue(lane, stop)) {
        const Result<Replica*> replica = m_link.ready(stop);
        if (!replica.ok()) {
            if (!stop.stop_requested()) {
                noteLinkFailure(replica.error());
            }
            continue;
        }
        const Status result = work(lane, *slot, *replica.value(), stop);
        if (!result.ok() && stop.stop_requested()) {
            break;
        }
        finish(lane, *slot, result);
    }
}

void ReplicaLanes::noteLinkFailure(const Error& error) {
    bool first = false;
    {
        MutexLock lock(m_mutex);
        first = !m_linkError.has_value();
        m_linkError = error.message;
        m_linkRetryAt = m_clock.steady() + m_linkBackoff.next();
    }
    if (first) {
        log::replica().warn(
            "replica not available name={} error=\"{}\"", m_options.config.name, error.message);
    }
    if (m_options.changed) {
        m_options.changed();
    }
}

Status ReplicaLanes::work(Lane lane, Slot& slot, Replica& replica, std::stop_token stop) {
    {
        MutexLock lock(m_mutex);
        if (m_linkError) {
            m_linkError.reset();
            m_linkBackoff.reset();
        }
    }
    const UploadTools tools{replica, *slot.journal, slot.controller, m_options.pool, m_clock};
    ENGINE_TRY(lookAround(slot, tools, stop));
    {
        // What was due before may be stored already.
        MutexLock lock(m_mutex);
        const std::optional<Steady> due = dueOf(lane, slot);
        if (!due || *due > m_clock.steady()) {
            return {};
        }
    }
    return lane == Lane::Segments ? workSegments(slot, tools, std::move(stop))
                                  : workSnapshot(slot, tools, std::move(stop));
}

void ReplicaLanes::finish(Lane lane, Slot& slot, const Status& result) {
    const bool segments = lane == Lane::Segments;
    bool firstFailure = false;
    std::uint64_t recoveredAfter = 0;
    {
        MutexLock lock(m_mutex);
        LaneHealth& health = segments ? slot.state.segments : slot.state.snapshot;
        Backoff& backoff = segments ? slot.segmentsBackoff : slot.snapshotBackoff;
        if (result.ok()) {
            recoveredAfter = health.failures;
            noteSuccess(health, backoff);
        } else {
            const bool local = std::holds_alternative<FileReplicaOptions>(m_options.config.options);
            noteFailure(health, result.error(), backoff, local, m_clock.now(), m_clock.steady());
            firstFailure = health.failures == 1;
        }
        m_changed.notifyAll();
    }
    if (!result.ok()) {
        m_link.distrust();
        if (firstFailure) {
            log::pipeline().warn("upload failed db={} replica={} error=\"{}\"",
                                 slot.controller.config().name,
                                 m_options.config.name,
                                 result.error().message);
        }
    } else if (recoveredAfter > 0) {
        log::pipeline().info("upload recovered db={} replica={} attempts={}",
                             slot.controller.config().name,
                             m_options.config.name,
                             recoveredAfter);
    }
    reportProgress(slot);
    if (m_options.changed) {
        m_options.changed();
    }
}

/// So that the controller may trim its log.
void ReplicaLanes::reportProgress(Slot& slot) {
    ReplicaProgress progress;
    {
        MutexLock lock(m_mutex);
        const SlotState& state = slot.state;
        progress.generation = state.generation;
        progress.segmentsTx = state.segmentsTx;
        progress.olderGenerationsDone = !state.olderPending;
        if (const auto found = state.snapshots.find(state.generation);
            found != state.snapshots.end()) {
            progress.snapshotTx = found->second;
        }
    }
    slot.controller.setReplicaProgress(slot.replica, progress);
}

}  // namespace engine
