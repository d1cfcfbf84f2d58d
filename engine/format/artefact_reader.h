// SPDX-License-Identifier: Apache-2.0
// Reads artefacts. Every byte is hostile: sizes are checked before memory is taken, malformed is
// Corruption (a newer major version Unsupported, a key that is not open PermissionDenied), never a
// crash. A clear artefact is read whether or not there is a sealer: who expects sealed ones only
// looks at head.keyId. No state: the functions may be called from several threads.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/base/worker_pool.h"
#include "engine/format/artefact.h"
#include "engine/format/sealer.h"

namespace engine {

/// Bytes of one part by range; from a replica, a file or memory.
class PartSource {
public:
    virtual ~PartSource() = default;
    /// Exactly length bytes at offset, else an error.
    virtual Result<Buffer> read(std::uint64_t offset, std::uint64_t length) = 0;
    virtual std::uint64_t size() const = 0;
};

class MemoryPartSource final : public PartSource {
public:
    explicit MemoryPartSource(ByteView bytes)
        : m_bytes(bytes) {}

    Result<Buffer> read(std::uint64_t offset, std::uint64_t length) override;

    std::uint64_t size() const override { return m_bytes.size(); }

private:
    ByteView m_bytes;
};

/// The head, from the front of part 1. Clear, needs no key.
Result<ArtefactHead> readHead(PartSource& firstPart);
/// Head, summary and commit table from the first and the last part (the same one for n = 1), with
/// as few reads as it takes: one of at most 64 KiB at the end, a second where that was too short,
/// one at the front.
Result<ArtefactTable> readTable(PartSource& firstPart, PartSource& lastPart, const Sealer* sealer);

/// Where a frame is: which block of which part.
struct FrameEntry {
    std::uint64_t frame = 0;  // number in the artefact
    std::uint64_t page = 0;
    std::uint32_t overflow = 0;
};

struct BlockEntry {
    std::uint64_t number = 0;  // in the artefact
    std::uint64_t offset = 0;  // in the part
    std::uint32_t storedBytes = 0;
    std::uint32_t plainBytes = 0;
    Codec codec = Codec::None;
    std::uint64_t checksum = 0;  // XXH3-64 of the stored bytes
    std::uint64_t firstFrame = 0;
    std::uint32_t frameCount = 0;
};

/// One part's own index; enough to decode the part alone.
struct PartIndex {
    std::uint32_t part = 0;
    Sha256 headDigest{};           // what its sealed sections are bound to
    std::uint64_t firstFrame = 0;  // number in the artefact; also where the part has none
    std::vector<BlockEntry> blocks;
    std::vector<FrameEntry> frames;
};

/// The part index alone: one tail read, a second where that was too short. Which part it is, is in
/// the result: compare it with the name's.
Result<PartIndex> readPartIndex(PartSource& part, const ArtefactHead& head, const Sealer* sealer);
/// One block, unpacked: one read.
Result<Buffer> readBlock(PartSource& part,
                         const ArtefactHead& head,
                         const PartIndex& index,
                         const BlockEntry& block,
                         const Sealer* sealer);

/// Called for each frame of a part in order. The bytes are valid during the call; those of frames
/// of one block lie behind each other in memory.
using FrameVisitor = std::function<Status(const FrameEntry& entry, ByteView bytes)>;

/// Decodes a whole part that is in memory: checks header, footer, every block checksum and every
/// size, and visits the frames in order. partNumber is what the name said. With a pool the blocks
/// are unpacked on it, a few ahead; the visitor is called on the caller's thread all the same.
Status decodePart(ByteView part,
                  const ArtefactHead& head,
                  std::uint32_t partNumber,
                  const Sealer* sealer,
                  const FrameVisitor& visitor,
                  WorkerPool* pool = nullptr);
/// Corruption where the part is not the one that the artefact's summary describes.
Status checkPart(ByteView part, const ArtefactSummary& summary, std::uint32_t partNumber);

/// Reads every frame of an artefact, part by part, commit by commit, into a sink: the frames of a
/// commit, then Commit with the table's values. The last commit has the summary's attributes as its
/// origin, the others none. fetch gives the part with the number (from 1).
using PartFetch = std::function<Result<Buffer>(std::uint32_t part)>;
Status replayArtefact(const ArtefactTable& table,
                      const PartFetch& fetch,
                      const Sealer* sealer,
                      CommitSink& sink,
                      WorkerPool* pool = nullptr);

/// The table as JSON text for `inspect` and for people.
std::string describeTable(const ArtefactTable& table);

}  // namespace engine
