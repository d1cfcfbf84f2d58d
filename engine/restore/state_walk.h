// SPDX-License-Identifier: Apache-2.0
// Proves the recorded roots of one lane of a history: keeps the page hashes of one state (8 bytes
// a page) and goes from commit to commit, in the order of the TxIds, with nothing but the hashes
// of their frames. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/format/artefact.h"
#include "engine/format/page_map.h"

namespace engine {

/// The page hashes of an artefact, commit by commit.
struct FrameHashes {
    struct Page {
        std::uint64_t page = 0;
        std::uint64_t h64 = 0;
    };

    std::vector<Page> pages;             // in the order of the frames
    std::vector<std::size_t> commitEnd;  // by commit: one past its pages
};

class StateWalk {
public:
    StateWalk(std::uint32_t pageSize, DatabaseEngine engine, std::uint64_t seed);

    /// Number of the state in the graph that the walk is at.
    std::optional<std::uint32_t> state() const noexcept { return m_state; }

    /// Whether the commit leads from the state of the walk to the root of its entry. The walk stays
    /// where it is.
    bool proves(const FrameHashes& hashes, std::size_t commit, const CommitEntry& entry);
    /// Goes on over a commit that proves() said true of.
    void advance(const FrameHashes& hashes,
                 std::size_t commit,
                 const CommitEntry& entry,
                 std::uint32_t state);
    /// Goes on from a snapshot's state.
    void jump(PageMap map, std::uint32_t state);

    /// False: a size that the pages do not explain; nobody makes us take memory for it.
    static bool isPlausible(std::uint64_t highWaterMark, std::uint64_t pagesSeen);

private:
    void apply(const FrameHashes& hashes, std::size_t commit, const CommitEntry& entry);
    void undo();

    PageMap m_map;
    std::optional<std::uint32_t> m_state;
    std::uint64_t m_pagesSeen = 0;
    // What the last apply() replaced, to take it back.
    std::uint64_t m_oldCount = 0;
    std::vector<FrameHashes::Page> m_cutOff;
    std::vector<FrameHashes::Page> m_replaced;
};

}  // namespace engine
