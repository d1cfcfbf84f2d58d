// SPDX-License-Identifier: Apache-2.0
#include "engine/format/part_index.h"

namespace engine {
namespace {

constexpr std::size_t kBlockRowBytesMin = 11;
constexpr std::size_t kBlockRowBytesMax = 20;
constexpr std::size_t kRunBytesMax = 16;
constexpr std::size_t kFixedBytesMax = 32;
constexpr std::uint64_t kBlockNumberMax = std::uint64_t{kPartsMax} * kBlocksPerPartMax;
constexpr std::uint64_t kFrameNumberMax = std::uint64_t{kPartsMax} * kFramesPerPartMax;

Result<BlockEntry> readBlockRow(ByteReader& reader) {
    BlockEntry block;
    ENGINE_TRY_ASSIGN(const std::uint64_t frames, reader.varint());
    ENGINE_TRY_ASSIGN(const std::uint64_t stored, reader.varint());
    ENGINE_TRY_ASSIGN(const auto codec, reader.le<std::uint8_t>());
    ENGINE_TRY_ASSIGN(block.checksum, reader.le<std::uint64_t>());
    if (frames == 0 || frames > kFramesPerPartMax || stored == 0 || stored > kPartBytesMax ||
        codec > static_cast<std::uint8_t>(Codec::Zstd)) {
        return corrupt("a block has values that cannot be");
    }
    block.frameCount = static_cast<std::uint32_t>(frames);
    block.storedBytes = static_cast<std::uint32_t>(stored);
    block.codec = static_cast<Codec>(codec);
    return block;
}

/// Reads the block table; offsets count back from its end, where the index begins.
Result<std::uint64_t> readBlocks(ByteReader& reader,
                                 const PartIndexContext& context,
                                 PartIndex& index) {
    ENGINE_TRY_ASSIGN(const std::uint64_t firstBlock, reader.varint());
    ENGINE_TRY_ASSIGN(const std::uint64_t firstFrame, reader.varint());
    ENGINE_TRY_ASSIGN(const std::uint64_t count, reader.varint());
    if (firstBlock > kBlockNumberMax || firstFrame > kFrameNumberMax || count > kBlocksPerPartMax ||
        count > reader.remaining() / kBlockRowBytesMin) {
        return corrupt("a part index says " + std::to_string(count) + " blocks");
    }
    index.blocks.reserve(count);
    index.firstFrame = firstFrame;
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        ENGINE_TRY_ASSIGN(BlockEntry block, readBlockRow(reader));
        block.number = firstBlock + i;
        block.firstFrame = firstFrame + frames;
        block.offset = bytes;
        frames += block.frameCount;
        bytes += block.storedBytes;
        index.blocks.push_back(block);
    }
    if (frames > kFramesPerPartMax || context.blocksEnd < kPartHeaderBytes ||
        bytes > context.blocksEnd - kPartHeaderBytes) {
        return corrupt("the blocks of a part do not fit in it");
    }
    for (BlockEntry& block : index.blocks) {
        block.offset += context.blocksEnd - bytes;
    }
    return frames;
}

struct FrameRun {
    std::uint64_t page = 0;
    std::uint64_t count = 0;
    std::uint32_t overflow = 0;
};

Result<FrameRun> readRun(ByteReader& reader,
                         std::uint64_t expected,
                         std::uint64_t framesLeft,
                         const PartIndexContext& context) {
    FrameRun run;
    ENGINE_TRY_ASSIGN(const std::uint64_t tag, reader.varint());
    ENGINE_TRY_ASSIGN(const std::int64_t step, reader.signedVarint());
    run.count = tag >> 1;
    run.page = expected + static_cast<std::uint64_t>(step);
    if ((tag & 1) != 0) {
        ENGINE_TRY_ASSIGN(const std::uint64_t overflow, reader.varint());
        if (run.count != 1 || overflow == 0 || overflow >= kFrameBytesMax / context.pageSize) {
            return corrupt("a frame has a length that cannot be");
        }
        run.overflow = static_cast<std::uint32_t>(overflow);
    }
    if (run.count == 0 || run.count > framesLeft || run.page < context.firstPage ||
        run.page > kPagesMax || run.page + run.count + run.overflow > kPagesMax) {
        return corrupt("frames have page numbers that cannot be");
    }
    return run;
}

Status readFrames(ByteReader& reader,
                  std::uint64_t count,
                  const PartIndexContext& context,
                  PartIndex& index) {
    index.frames.reserve(count);
    std::uint64_t expected = 0;
    while (index.frames.size() < count) {
        const std::uint64_t left = count - index.frames.size();
        ENGINE_TRY_ASSIGN(const FrameRun run, readRun(reader, expected, left, context));
        for (std::uint64_t i = 0; i < run.count; ++i) {
            index.frames.push_back(
                FrameEntry{index.firstFrame + index.frames.size(), run.page + i, run.overflow});
        }
        expected = run.page + run.count + run.overflow;
    }
    if (reader.remaining() != 0) {
        return corrupt("bytes behind the part index");
    }
    return {};
}

/// The plain size of a block is that of its frames.
Status measureBlocks(const PartIndexContext& context, PartIndex& index) {
    std::size_t next = 0;
    for (BlockEntry& block : index.blocks) {
        std::uint64_t pages = 0;
        for (std::uint32_t i = 0; i < block.frameCount; ++i) {
            pages += std::uint64_t{1} + index.frames[next++].overflow;
        }
        const std::uint64_t bytes = pages * context.pageSize;
        if (bytes > kFrameBytesMax ||
            (block.codec == Codec::None && !context.sealed && bytes != block.storedBytes)) {
            return corrupt("a block has another size than its frames");
        }
        block.plainBytes = static_cast<std::uint32_t>(bytes);
    }
    return {};
}

}  // namespace

void PartIndexBuilder::add(const BlockEntry& block, std::span<const FrameEntry> frames) {
    ENSURE(block.frameCount == frames.size() && !frames.empty());
    appendVarint(m_blocks, block.frameCount);
    appendVarint(m_blocks, block.storedBytes);
    appendLe(m_blocks, static_cast<std::uint8_t>(block.codec));
    appendLe(m_blocks, block.checksum);
    for (const FrameEntry& frame : frames) {
        add(frame);
    }
    m_frameCount += block.frameCount;
    ++m_blockCount;
}

void PartIndexBuilder::add(const FrameEntry& frame) {
    if (frame.overflow == 0 && m_run.count != 0 && frame.page == m_run.page + m_run.count) {
        ++m_run.count;
        return;
    }
    if (m_run.count != 0) {
        appendRun(m_frames, m_run, m_expected);
        m_expected = m_run.page + m_run.count;
        m_run = Run{};
    }
    if (frame.overflow == 0) {
        m_run = Run{frame.page, 1};
        return;
    }
    appendVarint(m_frames, 3);
    appendSignedVarint(m_frames, static_cast<std::int64_t>(frame.page - m_expected));
    appendVarint(m_frames, frame.overflow);
    m_expected = frame.page + 1 + frame.overflow;
}

void PartIndexBuilder::appendRun(Buffer& to, const Run& run, std::uint64_t expected) {
    appendVarint(to, run.count << 1);
    appendSignedVarint(to, static_cast<std::int64_t>(run.page - expected));
}

std::size_t PartIndexBuilder::bytesMax(std::size_t moreFrames) const noexcept {
    return kFixedBytesMax + m_blocks.size() + m_frames.size() + kBlockRowBytesMax +
           (moreFrames + 1) * kRunBytesMax;
}

Buffer PartIndexBuilder::encode() const {
    Buffer bytes;
    bytes.reserve(bytesMax(0));
    appendVarint(bytes, m_firstBlock);
    appendVarint(bytes, m_firstFrame);
    appendVarint(bytes, m_blockCount);
    appendBytes(bytes, m_blocks);
    appendBytes(bytes, m_frames);
    if (m_run.count != 0) {
        appendRun(bytes, m_run, m_expected);
    }
    return bytes;
}

Result<PartIndex> parsePartIndex(ByteView bytes, const PartIndexContext& context) {
    PartIndex index;
    index.part = context.part;
    ByteReader reader(bytes);
    ENGINE_TRY_ASSIGN(const std::uint64_t frames, readBlocks(reader, context, index));
    ENGINE_TRY(readFrames(reader, frames, context, index));
    ENGINE_TRY(measureBlocks(context, index));
    return index;
}

}  // namespace engine
