// SPDX-License-Identifier: Apache-2.0
// The index of one part as bytes (FORMAT.md, "Part index"). Private to the room.
#pragma once

#include <span>

#include "engine/format/artefact_layout.h"
#include "engine/format/artefact_reader.h"

namespace engine {

/// Encodes block by block; knows at any time how long the index would be.
class PartIndexBuilder {
public:
    /// The numbers of the first block and frame of the part.
    PartIndexBuilder(std::uint64_t firstBlock, std::uint64_t firstFrame)
        : m_firstBlock(firstBlock)
        , m_firstFrame(firstFrame) {}

    void add(const BlockEntry& block, std::span<const FrameEntry> frames);
    /// At least what encode() will give, also after one more block with so many runs of frames.
    std::size_t bytesMax(std::size_t moreFrames) const noexcept;
    Buffer encode() const;

    std::uint64_t firstFrame() const noexcept { return m_firstFrame; }

    std::uint32_t frameCount() const noexcept { return m_frameCount; }

    std::uint32_t blockCount() const noexcept { return m_blockCount; }

private:
    struct Run {
        std::uint64_t page = 0;
        std::uint64_t count = 0;
    };

    void add(const FrameEntry& frame);
    static void appendRun(Buffer& to, const Run& run, std::uint64_t expected);

    std::uint64_t m_firstBlock;
    std::uint64_t m_firstFrame;
    std::uint32_t m_blockCount = 0;
    std::uint32_t m_frameCount = 0;
    Buffer m_blocks;
    Buffer m_frames;
    Run m_run;                     // not yet in m_frames
    std::uint64_t m_expected = 0;  // the page after the last that is in m_frames
};

/// Where the blocks lie in the part and what their frames are of.
struct PartIndexContext {
    std::uint32_t part = 0;
    std::uint32_t pageSize = 0;
    std::uint64_t firstPage = 0;
    bool sealed = false;
    std::uint64_t blocksEnd = 0;  // where the index begins
};

/// Every number is checked; the blocks end at blocksEnd without a gap.
Result<PartIndex> parsePartIndex(ByteView bytes, const PartIndexContext& context);

}  // namespace engine
