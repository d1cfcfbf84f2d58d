// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/state_walk.h"

#include <utility>

namespace engine {

StateWalk::StateWalk(std::uint32_t pageSize, DatabaseEngine engine, std::uint64_t seed)
    : m_map(pageSize, firstPageOf(engine), seed) {}

bool StateWalk::isPlausible(std::uint64_t highWaterMark, std::uint64_t pagesSeen) {
    constexpr std::uint64_t kUnseenPagesMax = 1u << 20;
    constexpr std::uint64_t kGrowthMax = 64;  // pages for each that was written
    return highWaterMark / kGrowthMax <= pagesSeen || highWaterMark <= pagesSeen + kUnseenPagesMax;
}

void StateWalk::apply(const FrameHashes& hashes, std::size_t commit, const CommitEntry& entry) {
    m_cutOff.clear();
    m_replaced.clear();
    m_oldCount = m_map.pageCount();
    for (std::uint64_t page = m_map.firstPage() + entry.highWaterMark; page < m_map.endPage();
         ++page) {
        m_cutOff.push_back({page, m_map.at(page)});
    }
    m_map.resize(entry.highWaterMark);
    const std::size_t begin = commit == 0 ? 0 : hashes.commitEnd[commit - 1];
    for (std::size_t i = begin; i < hashes.commitEnd[commit]; ++i) {
        const FrameHashes::Page& frame = hashes.pages[i];
        if (m_map.contains(frame.page)) {
            m_replaced.push_back({frame.page, m_map.at(frame.page)});
            m_map.set(frame.page, frame.h64);
        }
    }
}

void StateWalk::undo() {
    for (auto old = m_replaced.rbegin(); old != m_replaced.rend(); ++old) {
        m_map.set(old->page, old->h64);
    }
    m_map.resize(m_oldCount);
    for (const FrameHashes::Page& old : m_cutOff) {
        m_map.set(old.page, old.h64);
    }
}

bool StateWalk::proves(const FrameHashes& hashes, std::size_t commit, const CommitEntry& entry) {
    ENSURE(m_state.has_value());
    if (!isPlausible(entry.highWaterMark, m_pagesSeen + hashes.pages.size())) {
        return false;
    }
    apply(hashes, commit, entry);
    const bool proved = m_map.root() == entry.root;
    undo();
    return proved;
}

void StateWalk::advance(const FrameHashes& hashes,
                        std::size_t commit,
                        const CommitEntry& entry,
                        std::uint32_t state) {
    apply(hashes, commit, entry);
    ENSURE(m_map.root() == entry.root);
    m_pagesSeen += m_replaced.size();
    m_state = state;
}

void StateWalk::jump(PageMap map, std::uint32_t state) {
    m_map = std::move(map);
    m_pagesSeen = std::max(m_pagesSeen, m_map.pageCount());
    m_state = state;
}

}  // namespace engine
