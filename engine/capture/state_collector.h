// SPDX-License-Identifier: Apache-2.0
// Takes the pages of a state as a sweep finds them, in any order, a page maybe several times (the
// last one counts), and tells in the end how the state differs from the page map; or, against
// nothing, becomes the page map of the state.
//
// Owned by one sweep. Memory: 16 bytes a differing page; the bytes are spilled.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/capture/frame_table.h"
#include "engine/capture/page_spill.h"
#include "engine/capture/sqlite_wal_frames.h"
#include "engine/format/page_map.h"

namespace engine {

class StateCollector {
public:
    /// against: the captured map (must not change meanwhile), or null for a baseline.
    StateCollector(const PageMap* against,
                   std::uint32_t pageSize,
                   std::uint64_t seed,
                   std::string spillFolder);

    /// Whether take() will look at the bytes of this page.
    bool needsBytes(std::uint32_t page, std::uint64_t h64) const;
    /// bytes may be empty where they are not needed.
    Status take(std::uint32_t page, std::uint64_t h64, ByteView bytes);

    std::uint64_t hashOf(ByteView page) const noexcept { return pageHash(page, m_seed); }

    /// The state has pageCount pages and is complete; nothing is taken afterwards.
    void finish(std::uint32_t pageCount);

    /// Against a map, after finish: what differs, ascending; frame is the number for bytesOf().
    const std::vector<StagedPage>& differing() const noexcept { return m_differing; }

    Result<ByteView> bytesOf(const StagedPage& page);

    /// Baseline, after finish: the map of the state.
    PageMap takeFresh() { return std::move(*m_fresh); }

private:
    const PageMap* m_against;
    std::uint64_t m_seed;
    std::optional<PageMap> m_fresh;
    PageSpill m_spill;
    FrameTable m_records;                 // page -> record of the spill
    std::vector<std::uint64_t> m_hashes;  // of the records
    std::vector<StagedPage> m_differing;
};

}  // namespace engine
