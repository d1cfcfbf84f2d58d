// SPDX-License-Identifier: Apache-2.0
// The self-describing container of segments and snapshots: its head, summary and commit table.
// Byte for byte in FORMAT.md; the writer and the reader are in artefact_writer.h/artefact_reader.h.
//
// An artefact is 1..n parts. Each part is: fixed header, (part 1: JSON head), blocks, part index
// (the part's block table and the page numbers of its frames), (last part: JSON summary and commit
// table), fixed footer. A frame is one PageFrame; frames are numbered through the artefact from 0;
// a commit owns a range of them; a block holds about 256 KiB of whole frames. Frames that no
// commit owns were abandoned and have no effect.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/format/codec.h"
#include "engine/format/commit.h"
#include "engine/format/object_name.h"

namespace engine {

inline constexpr std::uint32_t kPartBytesMax = 32u << 20;
inline constexpr std::uint32_t kBlockBytesTarget = 256u << 10;
inline constexpr std::uint16_t kFormatVersion = 1;
/// Commits of one artefact, so that its commit table and the memory for it stay bounded.
inline constexpr std::uint64_t kCommitsMax = 131072;
/// No page number or page count reaches it.
inline constexpr std::uint64_t kPagesMax = std::uint64_t{1} << 48;

/// Known at the start; in the clear. The seed's header fields are the merge of head and summary.
struct ArtefactHead {
    ArtefactId id;
    ArtefactKind kind = ArtefactKind::Segment;
    DatabaseId database;
    GenerationId generation;
    WriterId writer;
    DatabaseEngine engine = DatabaseEngine::Sqlite;
    TxId parentTxId;  // segment: the TxId before the first; snapshot: 0
    TxId firstTxId;   // at or before the first commit; snapshot: where the pass began
    std::uint32_t pageSize = 0;
    std::uint64_t seed = 0;  // of the page hashes
    Compression compression;
    Time createdAt;
    std::string keyId;  // empty = not sealed
    Attrs additionalAttrs;
    std::string otherKeys;  // JSON object: keys of a newer minor version, written back; or empty
};

struct PartSummary {
    std::uint64_t bytes = 0;     // of the whole part object; 0 for the last (it cannot know)
    std::uint64_t checksum = 0;  // XXH3-64 of the whole part object; 0 for the last
    std::uint64_t firstFrame = 0;
    std::uint64_t frameCount = 0;
};

/// Known at the end.
struct ArtefactSummary {
    TxId txId;  // snapshot: the TxId whose exact state it is; segment: = lastTxId
    TxId lastTxId;
    std::uint64_t pageCount = 0;      // frames in all
    std::uint64_t highWaterMark = 0;  // pages of the database after it
    Root root;
    std::vector<PartSummary> parts;
    Attrs additionalAttrs;  // origin of the last commit
    std::string otherKeys;  // as in the head
};

/// One row of the commit table. A snapshot has exactly one.
struct CommitEntry {
    TxId tx;
    Time time;
    std::uint64_t highWaterMark = 0;
    Root parentRoot;  // snapshot: zero
    Root root;
    bool catchUp = false;
    std::optional<std::uint64_t> merged;
    std::uint64_t firstFrame = 0;
    std::uint64_t frameCount = 0;
    friend bool operator==(const CommitEntry&, const CommitEntry&) = default;
};

/// The artefact without its pages.
struct ArtefactTable {
    ArtefactHead head;
    ArtefactSummary summary;
    std::vector<CommitEntry> commits;
};

}  // namespace engine
