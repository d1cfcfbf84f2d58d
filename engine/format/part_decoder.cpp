// SPDX-License-Identifier: Apache-2.0
// Decodes whole parts that are in memory, on one thread or with the pool.
#include "engine/format/artefact_json.h"
#include "engine/format/artefact_layout.h"
#include "engine/format/artefact_reader.h"
#include "engine/format/ordered_work.h"
#include "engine/format/part_index.h"

namespace engine {
namespace {

struct OpenedPart {
    SectionOpener opener;
    PartIndex index;
};

/// Checks all of the part but its blocks.
Result<OpenedPart> openPart(ByteView part,
                            const ArtefactHead& head,
                            std::uint32_t partNumber,
                            const Sealer* sealer) {
    if (part.size() < kPartHeaderBytes + kPartFooterBytes) {
        return corrupt("a part is too short");
    }
    ENGINE_TRY_ASSIGN(const PartHeader header, parseHeader(part.first(kPartHeaderBytes)));
    ENGINE_TRY(checkHeader(header, head, partNumber));
    ENGINE_TRY_ASSIGN(const PartFooter footer,
                      parseFooter(part.last(kPartFooterBytes), part.size()));
    if (footer.identity != header.identity) {
        return corrupt("a part begins and ends as different parts");
    }
    const auto sectionBytes = static_cast<std::size_t>(footer.sectionBytes());
    const std::size_t blocksEnd = part.size() - kPartFooterBytes - sectionBytes;
    const std::size_t blocksBegin = kPartHeaderBytes + header.headBytes;
    if (blocksBegin > blocksEnd) {
        return corrupt("a part is too short for its head");
    }
    const ByteView sections = part.subspan(blocksEnd, sectionBytes);
    ENGINE_TRY(checkSections(footer, sections));
    if (partNumber == 1 &&
        sha256(part.subspan(kPartHeaderBytes, header.headBytes)) != header.identity.headDigest) {
        return corrupt("the head of an artefact is damaged");
    }
    OpenedPart opened;
    ENGINE_TRY_ASSIGN(opened.opener, makeOpener(head, header.identity, sealer));
    Buffer holder;
    ENGINE_TRY_ASSIGN(
        const ByteView index,
        opened.opener.open(opened.opener.section(SealedSection::Kind::PartIndex, 0, footer.last),
                           sections.first(footer.indexBytes),
                           holder));
    ENGINE_TRY_ASSIGN(
        opened.index,
        parsePartIndex(
            index,
            PartIndexContext{
                partNumber, head.pageSize, firstPageOf(head.engine), header.sealed, blocksEnd}));
    const std::vector<BlockEntry>& blocks = opened.index.blocks;
    if ((blocks.empty() ? blocksEnd : blocks.front().offset) != blocksBegin) {
        return corrupt("the blocks of a part do not fill it");
    }
    return opened;
}

/// One block on its way: checked and unpacked on the pool, visited by the caller.
struct UnpackJob {
    const SectionOpener* opener = nullptr;
    const BlockEntry* block = nullptr;
    ByteView stored;
    BlockDecompressor decompressor;
    Buffer opened;
    Buffer plain;
    Status status;

    void run() { status = unpack(); }

    Status unpack() {
        if (xxh3(stored) != block->checksum) {
            return corrupt("block " + std::to_string(block->number) + " is damaged");
        }
        const SealedSection section =
            opener->section(SealedSection::Kind::Block, block->number, false);
        ENGINE_TRY_ASSIGN(const ByteView packed, opener->open(section, stored, opened));
        plain.resize(block->plainBytes);
        return decompressor.decompress(block->codec, packed, plain);
    }
};

Status visitFrames(const PartIndex& index,
                   const UnpackJob& job,
                   std::uint32_t pageSize,
                   const FrameVisitor& visitor) {
    ENGINE_TRY(Status(job.status));
    const auto first = static_cast<std::size_t>(job.block->firstFrame - index.firstFrame);
    ByteView rest = job.plain;
    for (std::size_t i = first; i < first + job.block->frameCount; ++i) {
        const FrameEntry& frame = index.frames[i];
        const std::size_t bytes = (std::size_t{frame.overflow} + 1) * pageSize;
        ENGINE_TRY(visitor(frame, rest.first(bytes)));
        rest = rest.subspan(bytes);
    }
    ENSURE(rest.empty());
    return {};
}

}  // namespace

Status decodePart(ByteView part,
                  const ArtefactHead& head,
                  std::uint32_t partNumber,
                  const Sealer* sealer,
                  const FrameVisitor& visitor,
                  WorkerPool* pool) {
    ENGINE_TRY_ASSIGN(const OpenedPart opened, openPart(part, head, partNumber, sealer));
    OrderedWork<UnpackJob> work(pool);
    const auto visitOldest = [&]() -> Status {
        std::unique_ptr<UnpackJob> job = work.takeOldest();
        ENGINE_TRY(visitFrames(opened.index, *job, head.pageSize, visitor));
        work.recycle(std::move(job));
        return {};
    };
    for (const BlockEntry& block : opened.index.blocks) {
        if (work.full()) {
            ENGINE_TRY(visitOldest());
        }
        std::unique_ptr<UnpackJob> job = work.spare();
        job->opener = &opened.opener;
        job->block = &block;
        job->stored = part.subspan(static_cast<std::size_t>(block.offset), block.storedBytes);
        work.start(std::move(job));
    }
    while (!work.empty()) {
        ENGINE_TRY(visitOldest());
    }
    return {};
}

Status checkPart(ByteView part, const ArtefactSummary& summary, std::uint32_t partNumber) {
    ENSURE(partNumber >= 1);
    if (partNumber > summary.parts.size()) {
        return corrupt("a part that the summary does not have");
    }
    if (partNumber == summary.parts.size()) {
        return {};  // the last part cannot know itself
    }
    const PartSummary& expected = summary.parts[partNumber - 1];
    if (part.size() != expected.bytes || xxh3(part) != expected.checksum) {
        return corrupt("part " + std::to_string(partNumber) + " is not the one of the summary");
    }
    return {};
}

}  // namespace engine
