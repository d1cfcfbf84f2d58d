// SPDX-License-Identifier: Apache-2.0
// The one-pass snapshot (capture.md part 6): pages are taken while the app goes on writing, then
// the frames of the commits that came meanwhile are laid over; exact at the TxId where it ends.
// Memory: a slice of pages, plus 16 bytes for each page that changed during the pass.
#pragma once

#include <functional>
#include <stop_token>

#include "engine/format/artefact_writer.h"
#include "engine/pipeline/controller.h"

namespace engine {

struct SnapshotOrder {
    ArtefactId id;
    Time createdAt;
    Compression compression;
    WorkerPool* pool = nullptr;
    std::function<void(std::uint64_t pagesDone, std::uint64_t pagesTotal)> progress;
};

struct SnapshotResult {
    GenerationId generation;
    TxId tx;  // the TxId whose exact state it is
    Time time;
};

/// Unavailable: nothing is being recorded right now, or the generation ended meanwhile. Timeout: a
/// page stayed unreadable for a minute (the source is written faster than it can be read).
Result<SnapshotResult> takeSnapshot(Controller& controller,
                                    const SnapshotOrder& order,
                                    PartSink& sink,
                                    std::stop_token stop);

}  // namespace engine
