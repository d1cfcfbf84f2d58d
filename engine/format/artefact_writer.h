// SPDX-License-Identifier: Apache-2.0
// Writes one artefact as a stream of parts. Memory: the part being built (at most 32 MiB) and a
// few blocks, whatever the database size. One thread at a time; blocks are packed on the pool. The
// same head, options and calls give the same bytes, whatever the number of threads.
#pragma once

#include <memory>
#include <string>

#include "engine/base/worker_pool.h"
#include "engine/format/artefact.h"
#include "engine/format/sealer.h"

namespace engine {

/// A part, complete: its name and its bytes are final.
struct FinishedPart {
    PartName name;
    Buffer bytes;

    bool last() const noexcept { return name.last.has_value(); }
};

/// Takes the parts in order. An error ends the writing: every later call gives it again.
class PartSink {
public:
    virtual ~PartSink() = default;
    virtual Status part(FinishedPart part) = 0;

    /// Memory to build the next part in: of one that is not needed any more, or none.
    virtual Buffer spare() { return {}; }
};

struct ArtefactWriterOptions {
    DatabaseLocation location;
    std::uint32_t partBytesTarget = 16u << 20;  // <= kPartBytesMax
    WorkerPool* pool = nullptr;                 // null: pack on the caller's thread
    const Sealer* sealer = nullptr;             // null: not sealed
};

class ArtefactWriter {
public:
    /// InvalidArgument for a head that cannot be (page size, compression, not the location's
    /// database, another key than the sealer's; an empty keyId is filled in).
    static Result<std::unique_ptr<ArtefactWriter>> create(ArtefactHead head,
                                                          const ArtefactWriterOptions& options,
                                                          PartSink& sink);
    virtual ~ArtefactWriter() = default;

    /// Adds a frame to the commit being written.
    virtual Status frame(const PageFrame& frame) = 0;
    /// Ends the commit; TxIds are strictly increasing (ENSURE). A snapshot has exactly one, a
    /// segment at most kCommitsMax; one more is InvalidArgument and changes nothing.
    virtual Status commit(const Commit& commit) = 0;
    /// Forgets the frames since the last commit (those already packed stay as dead weight).
    virtual void abandon() = 0;
    /// Ends the artefact: gives the last part to the sink. At least one commit (ENSURE); frames
    /// after the last one are abandoned.
    virtual Status finish() = 0;

    /// Frames and plain bytes so far, to decide when to end a segment.
    virtual std::uint64_t frameCount() const noexcept = 0;
    virtual std::uint64_t plainBytes() const noexcept = 0;
    virtual std::uint64_t commitCount() const noexcept = 0;
};

}  // namespace engine
