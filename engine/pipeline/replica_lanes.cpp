// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/replica_lanes.h"

#include <algorithm>

#include "engine/base/file_system.h"
#include "engine/base/log.h"

namespace engine {
namespace {
constexpr std::chrono::milliseconds kBackoffFirst{500};
constexpr std::chrono::minutes kBackoffLongest{5};
}  // namespace

struct ReplicaLanes::Slot {
    Slot(Controller& owner, std::size_t index, std::string json)
        : controller(owner)
        , replica(index)
        , databaseJson(std::move(json)) {}

    Controller& controller;
    const std::size_t replica;
    const std::string databaseJson;
    std::unique_ptr<AckJournal> journal;
    std::map<GenerationId, TxId> ackedAtStart;
    bool described = false;         // the segment lane's: database.json is there
    bool snapshotsCleaned = false;  // the snapshot lane's
    Backoff segmentsBackoff{kBackoffFirst, kBackoffLongest};
    Backoff snapshotBackoff{kBackoffFirst, kBackoffLongest};
    SlotState state;  // guarded by the lanes' mutex
};

ReplicaLanes::ReplicaLanes(LanesOptions options)
    : m_options(std::move(options))
    , m_clock(*m_options.clock)
    , m_link(m_options.config, m_options.knownFile, m_options.factory, m_clock)
    , m_linkBackoff(kBackoffFirst, kBackoffLongest) {}

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
    for (const GenerationId generation : slot->journal->generations()) {
        const AckState acked = slot->journal->state(generation);
        slot->ackedAtStart[generation] =
            std::max(acked.segmentsTx, acked.snapshotTx.value_or(TxId{}));
        slot->state.lastUploadAt = std::max(slot->state.lastUploadAt, acked.lastUploadAt);
        if (!acked.snapshotTx) {
            continue;
        }
        slot->state.snapshots[generation] = *acked.snapshotTx;
        if (acked.snapshotAt >= slot->state.lastSnapshotAt) {
            slot->state.lastSnapshotAt = acked.snapshotAt;
            slot->state.snapshotBytes = acked.snapshotBytes;
            slot->state.bytesSinceSnapshot = acked.segmentBytesSinceSnapshot;
        }
    }
    m_slots.push_back(std::move(slot));
    return {};
}

void ReplicaLanes::start() {
    const std::string name = m_options.config.name;
    m_segmentLane = Thread(
        "seg-" + name, [this](std::stop_token stop) { runLane(Lane::Segments, std::move(stop)); });
    m_snapshotLane = Thread("snap-" + name, [this](std::stop_token stop) {
        runLane(Lane::Snapshots, std::move(stop));
    });
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

Status ReplicaLanes::describeDatabase(Slot& slot, Replica& replica, std::stop_token stop) {
    if (slot.described) {
        return {};
    }
    const std::string name = databaseObjectName(slot.controller.location());
    ENGINE_TRY(replica.put(name, viewOf(slot.databaseJson), PutMode::Replace, std::move(stop)));
    slot.described = true;
    return {};
}

Status ReplicaLanes::workSegments(Slot& slot, const UploadTools& tools, std::stop_token stop) {
    ENGINE_TRY(describeDatabase(slot, tools.replica, stop));
    const std::optional<RecordedGeneration> current = slot.controller.generation();
    if (!current) {
        return Error{ErrorCode::Unavailable, "the database is not being recorded right now"};
    }
    // What was lost here after it was stored there would be numbered a second time.
    const auto acked = slot.ackedAtStart.find(current->id);
    if (acked != slot.ackedAtStart.end() && acked->second > current->baselineTx) {
        slot.controller.reportStateLost();
        return Error{ErrorCode::Discontinuity, "the local log is behind what this replica has"};
    }
    for (const GenerationId generation : slot.controller.loggedGenerations()) {
        bool restorable = false;
        {
            MutexLock lock(m_mutex);
            restorable = slot.state.snapshots.contains(generation);
        }
        // Without a snapshot an older generation can never be restored: it is not worth sending.
        if (generation != current->id && restorable) {
            ENGINE_TRY(sendGeneration(slot, generation, tools, stop));
        }
    }
    // Nothing of this generation was sent yet: what comes before its baseline never will be.
    if (tools.journal.state(current->id).segmentsTx == TxId{}) {
        ENGINE_TRY(tools.journal.startGeneration(current->id, current->baselineTx));
    }
    {
        MutexLock lock(m_mutex);
        slot.state.olderPending = false;
    }
    return sendGeneration(slot, current->id, tools, std::move(stop));
}

Status ReplicaLanes::sendGeneration(Slot& slot,
                                    GenerationId generation,
                                    const UploadTools& tools,
                                    std::stop_token stop) {
    for (;;) {
        const TxId stored = tools.journal.state(generation).segmentsTx;
        const std::vector<ShadowSegment> pending = slot.controller.pendingAfter(generation, stored);
        bool owed = !pending.empty();
        {
            MutexLock lock(m_mutex);
            SlotState& state = slot.state;
            if (generation == state.generation) {
                state.segmentsTx = stored;
                owed = owed || state.publishedTx > stored;
                if (!owed) {
                    state.pendingSince.reset();
                }
            }
        }
        if (!owed || stop.stop_requested()) {
            return {};
        }
        if (pending.empty() || pending.front().firstTx != stored.next()) {
            slot.controller.reportStateLost();
            return Error{ErrorCode::Discontinuity, "changes are missing in the local log"};
        }
        ENGINE_TRY_ASSIGN(const UploadedSegment sent,
                          uploadSegments(tools, generation, pending, stop));
        {
            MutexLock lock(m_mutex);
            SlotState& state = slot.state;
            state.lastUploadAt = m_clock.now();
            state.bytesSinceSnapshot += sent.bytes;
            if (generation == state.generation) {
                state.segmentsTx = sent.lastTx;
                if (state.publishedTx > sent.lastTx) {
                    state.pendingSince = m_clock.steady();
                }
            }
        }
        reportProgress(slot);
        if (m_options.changed) {
            m_options.changed();
        }
    }
}

Status ReplicaLanes::workSnapshot(Slot& slot, const UploadTools& tools, std::stop_token stop) {
    if (!slot.snapshotsCleaned) {
        ENGINE_TRY(dropUnfinishedSnapshots(tools, stop));
        slot.snapshotsCleaned = true;
    }
    const auto progress = [&](std::uint64_t done, std::uint64_t total) {
        {
            MutexLock lock(m_mutex);
            slot.state.pagesDone = done;
            slot.state.pagesTotal = total;
        }
        if (m_options.changed) {
            m_options.changed();
        }
    };
    const Result<UploadedSnapshot> sent = uploadSnapshot(tools, progress, std::move(stop));
    MutexLock lock(m_mutex);
    slot.state.pagesDone = 0;
    slot.state.pagesTotal = 0;
    if (!sent.ok()) {
        slot.snapshotsCleaned = false;
        return sent.error();
    }
    slot.state.snapshots[sent.value().generation] = sent.value().tx;
    slot.state.snapshotWanted = false;
    slot.state.lastSnapshotAt = m_clock.now();
    slot.state.snapshotBytes = sent.value().bytes;
    slot.state.bytesSinceSnapshot = 0;
    return {};
}

}  // namespace engine
