// SPDX-License-Identifier: Apache-2.0
#include "engine/format/page_map.h"

#include <algorithm>
#include <array>

namespace engine {

std::uint64_t pageHash(ByteView page, std::uint64_t seed) noexcept {
    return xxh3(page, seed);
}

Hash128 rootTerm(std::uint64_t page, std::uint64_t h64) noexcept {
    std::array<std::byte, 16> bytes;
    storeLe(bytes.data(), page);
    storeLe(bytes.data() + 8, h64);
    return xxh3_128(bytes);
}

PageMap::PageMap(std::uint32_t pageSize, std::uint64_t firstPage, std::uint64_t seed)
    : m_pageSize(pageSize)
    , m_firstPage(firstPage)
    , m_seed(seed) {
    ENSURE(isPageSize(pageSize));
    ENSURE(firstPage <= 1);
    m_zeroHash = pageHash(Buffer(pageSize), seed);
}

std::uint64_t PageMap::at(std::uint64_t page) const {
    ENSURE(contains(page));
    return slot(page - m_firstPage);
}

void PageMap::set(std::uint64_t page, std::uint64_t h64) {
    ENSURE(contains(page));
    std::uint64_t& stored = slot(page - m_firstPage);
    if (stored == h64) {
        return;
    }
    m_root -= rootTerm(page, stored);
    m_root += rootTerm(page, h64);
    stored = h64;
}

void PageMap::resize(std::uint64_t pageCount) {
    ENSURE(m_pageSize != 0);
    for (std::uint64_t index = pageCount; index < m_count; ++index) {
        m_root -= rootTerm(m_firstPage + index, slot(index));
    }
    const std::size_t chunks =
        static_cast<std::size_t>(pageCount / kChunkPages + (pageCount % kChunkPages != 0 ? 1 : 0));
    if (chunks < m_chunks.size()) {
        m_chunks.resize(chunks);
    }
    while (m_chunks.size() < chunks) {
        m_chunks.push_back(std::make_unique<std::uint64_t[]>(kChunkPages));
    }
    for (std::uint64_t index = m_count; index < pageCount; ++index) {
        slot(index) = m_zeroHash;
        m_root += rootTerm(m_firstPage + index, m_zeroHash);
    }
    m_count = pageCount;
}

bool operator==(const PageMap& a, const PageMap& b) {
    if (a.m_pageSize != b.m_pageSize || a.m_firstPage != b.m_firstPage || a.m_seed != b.m_seed ||
        a.m_count != b.m_count || a.m_root != b.m_root) {
        return false;
    }
    for (std::uint64_t index = 0; index < a.m_count; ++index) {
        if (a.slot(index) != b.slot(index)) {
            return false;
        }
    }
    return true;
}

}  // namespace engine
