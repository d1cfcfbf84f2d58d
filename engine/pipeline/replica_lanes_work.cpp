// SPDX-License-Identifier: Apache-2.0
// What a lane does when a database is due.
#include <algorithm>

#include "engine/base/log.h"
#include "engine/pipeline/replica_slot.h"
#include "engine/pipeline/stored_lookup.h"

namespace engine {
namespace {

/// How often, while something is sent, it is asked whether somebody else sends there too; and how
/// far before what we know to be stored the first question begins.
constexpr std::chrono::minutes kOtherWriterPause{10};
constexpr std::uint64_t kOtherWriterLookBack = 4096;

}  // namespace

/// Before anything is sent by either lane: what is stored, and whether we are the only ones to
/// store there.
Status ReplicaLanes::lookAround(Slot& slot, const UploadTools& tools, std::stop_token stop) {
    if (!slot.looking.take(stop)) {
        return Error{ErrorCode::Cancelled, "stopped"};
    }
    const TurnHolder holder(slot.looking);
    const std::optional<RecordedGeneration> current = slot.controller.generation();
    if (!current) {
        return Error{ErrorCode::Unavailable, "the database is not being recorded right now"};
    }
    if (slot.looked) {
        return checkSoleWriter(slot, current->id, tools, std::move(stop));
    }
    ENGINE_TRY_ASSIGN(const std::optional<TxId> beyond, lookUpStored(tools, *current, stop));
    if (beyond) {
        slot.controller.reportBehind(*beyond);
        return Error{ErrorCode::Discontinuity, "the local log is not what this replica continues"};
    }
    takeOver(slot);
    slot.looked = true;
    slot.soleWriterOf = current->id;
    slot.soleWriterTx = tools.journal.state(current->id).segmentsTx;
    slot.soleWriterUntil = m_clock.steady() + kOtherWriterPause;
    MutexLock lock(m_mutex);
    slot.state.looked = true;
    return {};
}

/// Refused: somebody else stores into what we record, so our numbers may be theirs, too.
Status ReplicaLanes::checkSoleWriter(Slot& slot,
                                     GenerationId generation,
                                     const UploadTools& tools,
                                     std::stop_token stop) {
    const Steady now = m_clock.steady();
    const bool known = slot.soleWriterOf == generation;
    if (known && now < slot.soleWriterUntil) {
        return {};
    }
    const TxId stored = tools.journal.state(generation).segmentsTx;
    const std::uint64_t from = known ? slot.soleWriterTx.value : stored.value;
    const TxId back{from - std::min(from, kOtherWriterLookBack)};
    ENGINE_TRY(refuseOtherWriter(tools, generation, back, std::move(stop)));
    slot.soleWriterOf = generation;
    slot.soleWriterTx = stored;
    slot.soleWriterUntil = now + kOtherWriterPause;
    return {};
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

/// What an ended generation still owes can be sent: it follows what is stored.
bool ReplicaLanes::leadsOn(const Slot& slot, GenerationId generation) const {
    const TxId stored = slot.journal->state(generation).segmentsTx;
    const auto pending = slot.controller.pendingAfter(generation, stored);
    return pending.empty() || pending.front().firstTx == stored.next();
}

Status ReplicaLanes::workSegments(Slot& slot, const UploadTools& tools, std::stop_token stop) {
    const std::optional<RecordedGeneration> current = slot.controller.generation();
    if (!current) {
        return Error{ErrorCode::Unavailable, "the database is not being recorded right now"};
    }
    ENGINE_TRY(describeDatabase(slot, tools.replica, stop));
    for (const GenerationId generation : slot.controller.loggedGenerations()) {
        bool restorable = false;
        {
            MutexLock lock(m_mutex);
            restorable = slot.state.snapshots.contains(generation);
        }
        // Without a snapshot an older generation can never be restored: it is not worth sending.
        if (generation != current->id && restorable && leadsOn(slot, generation)) {
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
        bool recorded = false;
        bool paused = false;
        {
            MutexLock lock(m_mutex);
            SlotState& state = slot.state;
            paused = m_paused;
            recorded = generation == state.generation;
            if (recorded) {
                state.segmentsTx = stored;
                owed = owed || state.publishedTx > stored;
                if (!owed) {
                    state.pendingSince.reset();
                }
            }
        }
        if (!owed || paused || stop.stop_requested()) {
            return {};
        }
        if (pending.empty() || pending.front().firstTx != stored.next()) {
            if (!recorded) {
                return {};  // an ended generation gets no snapshot any more: this is its end
            }
            ENGINE_TRY(skipHole(slot, generation, stored, pending));
            continue;
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

/// What the replica lacks next is not in the log any more (it was given up, or damaged). The
/// replica goes on behind the hole, with a snapshot instead of the changes; until that is stored,
/// nothing behind the hole counts as restorable.
Status ReplicaLanes::skipHole(Slot& slot,
                              GenerationId generation,
                              TxId stored,
                              const std::vector<ShadowSegment>& pending) {
    const std::optional<RecordedGeneration> current = slot.controller.generation();
    const std::optional<PublishedPosition> published = slot.controller.published();
    if (!current || !published || current->id != generation) {
        return Error{ErrorCode::Unavailable, "a new generation began"};
    }
    const TxId next = pending.empty() ? published->tx : pending.front().parentTx;
    if (next <= stored) {
        slot.controller.reportStateLost();
        return Error{ErrorCode::Discontinuity, "the local log does not follow what is stored"};
    }
    log::pipeline().warn("changes given up db={} replica={} tx={}-{}",
                         slot.controller.config().name,
                         m_options.config.name,
                         stored.next().value,
                         next.value);
    AckState state = slot.journal->state(generation);
    state.segmentsTx = next;
    const bool covered = state.snapshotTx && *state.snapshotTx >= next;
    if (!covered) {
        state.snapshotTx.reset();
    }
    ENGINE_TRY(slot.journal->learned(generation, state));
    MutexLock lock(m_mutex);
    if (!covered) {
        slot.state.snapshots.erase(generation);
        m_changed.notifyAll();
    }
    return {};
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
