// SPDX-License-Identifier: Apache-2.0
// Sends artefacts to one replica: merges pending segments of the shadow log into one segment, or
// takes a snapshot. What was begun and what was acknowledged is in the ack journal, so that after
// a crash a segment is made again byte for byte and only its missing parts are sent.
//
// One lane's thread; it never retries: errors go to the lane, which knows when to try again.
#pragma once

#include <functional>
#include <stop_token>

#include "engine/base/worker_pool.h"
#include "engine/pipeline/controller.h"
#include "engine/replica/replica.h"
#include "engine/shadow/ack_journal.h"

namespace engine {

struct UploadTools {
    Replica& replica;
    AckJournal& journal;
    Controller& controller;
    WorkerPool* pool = nullptr;
    const Clock& clock;
};

/// Commits and plain bytes that go into one uploaded segment at most.
inline constexpr std::uint64_t kUploadCommitsMax = 32768;
inline constexpr std::uint64_t kUploadPlainBytesMax = 64u << 20;

struct UploadedSegment {
    TxId lastTx;
    std::uint64_t bytes = 0;
};

/// Finishes what the journal says was begun in the generation, or sends the oldest of `pending`
/// (not empty, in order). Discontinuity: a segment that the replica needs is no longer in the log.
Result<UploadedSegment> uploadSegments(const UploadTools& tools,
                                       GenerationId generation,
                                       const std::vector<ShadowSegment>& pending,
                                       std::stop_token stop);

struct UploadedSnapshot {
    GenerationId generation;
    TxId tx;
    std::uint64_t bytes = 0;
};

using SnapshotProgressFn = std::function<void(std::uint64_t pagesDone, std::uint64_t pagesTotal)>;
Result<UploadedSnapshot> uploadSnapshot(const UploadTools& tools,
                                        const SnapshotProgressFn& progress,
                                        std::stop_token stop);

/// Removes the parts of a snapshot that was begun and not finished: it cannot be made again byte
/// for byte.
Status dropUnfinishedSnapshots(const UploadTools& tools, std::stop_token stop);

}  // namespace engine
