// SPDX-License-Identifier: Apache-2.0
// The shadow log: the local, ordered, checksummed queue of segments between capture and upload.
//
// A folder per database, laid out like a replica (<generation>/<last element of the part's name>),
// files 0600, folders 0700. A segment is an artefact whose last part is published by rename after
// all others, so that it is there whole or not at all. Segments follow each other by TxId and by
// root. One that is found damaged (a torn file, a flipped byte in a table) or contradicts the one
// before it is set aside and said in ShadowRecovery; those after it stay, so readers have to expect
// a hole. Blocks are checked when they are read, not when the log is opened.
//
// Threads: append() and trim() by the controller under its step lock; the reading calls from any
// thread at the same time. A segment that is trimmed while it is read gives NotFound.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/format/artefact_reader.h"
#include "engine/format/artefact_writer.h"

namespace engine {

struct ShadowSegment {
    GenerationId generation;
    TxId parentTx;  // the one before firstTx
    TxId firstTx;   // at or before the first commit, as in the head and the name
    TxId lastTx;
    Time firstTime;
    Time lastTime;
    Time createdAt;
    Root parentRoot;  // before firstTx
    Root root;        // after lastTx
    std::uint64_t commits = 0;
    std::uint64_t plainBytes = 0;
    std::uint64_t fileBytes = 0;
    std::vector<std::string> partPaths;
};

struct ShadowRecovery {
    std::uint64_t segments = 0;
    std::uint64_t setAside = 0;     // damaged files, renamed *.bad
    std::uint64_t holes = 0;        // between two segments of a generation
    std::uint64_t unpublished = 0;  // files of segments that were never published, removed
    std::string firstProblem;       // empty = none
};

class ShadowLog {
public:
    /// Opens or creates the log; lists it, reads each table, checks the chain. Unsupported: it was
    /// written by a newer version, and nothing is touched.
    static Result<std::unique_ptr<ShadowLog>> open(const std::string& folder,
                                                   const DatabaseLocation& location);

    const ShadowRecovery& recovery() const noexcept { return m_recovery; }

    /// A writer for the next segment; its parts go to temporary names. publish() makes the segment
    /// part of the log; dropping the writer without it leaves nothing.
    class SegmentWriter;
    Result<std::unique_ptr<SegmentWriter>> beginSegment(const ArtefactHead& head);

    /// The segments of the generation that hold TxIds after `after`, oldest first; there may be
    /// holes between them.
    std::vector<ShadowSegment> segmentsAfter(GenerationId generation, TxId after) const;
    std::optional<ShadowSegment> lastSegment(GenerationId generation) const;
    /// Those that hold segments, in the order of their birth.
    std::vector<GenerationId> generations() const;
    std::uint64_t fileBytes() const;

    /// Frames and commits of one segment, in order; checks everything that a reader checks.
    Status replay(const ShadowSegment& segment, CommitSink& sink) const;
    Result<ArtefactTable> table(const ShadowSegment& segment) const;

    /// Removes the segments whose lastTx is at or before `upTo` in the generation.
    Status trim(GenerationId generation, TxId upTo);
    /// A segment's contents proved to be damaged when they were read: it is set aside (*.bad).
    Status setAside(const ShadowSegment& segment);
    /// Removes a generation that has ended and is stored everywhere, with what was set aside there.
    Status removeGeneration(GenerationId generation);

private:
    class FileSegmentWriter;

    /// Where a generation's chain ends; the next segment must begin there, also after trim().
    struct ChainEnd {
        TxId lastTx;
        Root root;
    };

    ShadowLog(std::string folder, DatabaseLocation location);
    Status recover();
    Status checkFollows(const ShadowSegment& segment) const;
    void append(ShadowSegment segment);
    std::vector<ShadowSegment> take(GenerationId generation, TxId firstAtLeast, TxId lastAtMost);
    std::string generationFolder(GenerationId generation) const;

    const std::string m_folder;
    const DatabaseLocation m_location;
    ShadowRecovery m_recovery;
    mutable Mutex m_mutex;
    /// By generation in the order of birth, then by TxId.
    std::vector<ShadowSegment> m_segments ENGINE_GUARDED_BY(m_mutex);
    std::map<GenerationId, ChainEnd> m_ends ENGINE_GUARDED_BY(m_mutex);
};

/// Frames and commits in, a published segment out. One thread; the log outlives it.
class ShadowLog::SegmentWriter {
public:
    virtual ~SegmentWriter() = default;
    /// Takes frames and commits; publish() does the finish().
    virtual ArtefactWriter& writer() = 0;
    /// finish() of the artefact, fsync where asked for, rename of the parts, last part last.
    /// Once. Discontinuity: it does not begin where the generation's chain ends.
    virtual Result<ShadowSegment> publish(bool durable) = 0;
};

}  // namespace engine
