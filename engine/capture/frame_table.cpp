// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/frame_table.h"

#include <algorithm>

#include "engine/base/ensure.h"

namespace engine {
namespace {

constexpr std::size_t kFirstSlots = 64;

constexpr std::uint32_t pageOf(std::uint64_t entry) noexcept {
    return static_cast<std::uint32_t>(entry >> 32);
}

}  // namespace

std::size_t FrameTable::slotOf(std::uint32_t page) const noexcept {
    const std::size_t mask = m_slots.size() - 1;
    // Neighbouring pages are the usual load, so they must not cluster: Fibonacci hashing.
    std::size_t at = static_cast<std::size_t>((page * 0x9e3779b97f4a7c15ull) >> 32) & mask;
    while (m_slots[at] != 0 && pageOf(m_slots[at]) != page) {
        at = (at + 1) & mask;
    }
    return at;
}

void FrameTable::set(std::uint32_t page, std::uint32_t number) {
    ENSURE(page != 0);
    if ((m_size + 1) * 10 > m_slots.size() * 7) {
        grow();
    }
    std::uint64_t& slot = m_slots[slotOf(page)];
    m_size += slot == 0 ? 1 : 0;
    slot = std::uint64_t{page} << 32 | number;
}

std::optional<std::uint32_t> FrameTable::find(std::uint32_t page) const noexcept {
    if (m_slots.empty() || page == 0) {
        return std::nullopt;
    }
    const std::uint64_t entry = m_slots[slotOf(page)];
    if (entry == 0) {
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(entry);
}

void FrameTable::clear() {
    m_slots = {};
    m_size = 0;
}

std::vector<std::uint64_t> FrameTable::sorted() const {
    std::vector<std::uint64_t> entries;
    entries.reserve(m_size);
    for (const std::uint64_t entry : m_slots) {
        if (entry != 0) {
            entries.push_back(entry);
        }
    }
    std::sort(entries.begin(), entries.end());
    return entries;
}

void FrameTable::grow() {
    std::vector<std::uint64_t> old(m_slots.empty() ? kFirstSlots : m_slots.size() * 2);
    old.swap(m_slots);
    for (const std::uint64_t entry : old) {
        if (entry != 0) {
            m_slots[slotOf(pageOf(entry))] = entry;
        }
    }
}

void PageSet::add(std::uint32_t page) {
    const std::size_t word = page / 64;
    if (word >= m_words.size()) {
        m_words.resize(std::max(word + 1, m_words.size() + m_words.size() / 2));
    }
    m_words[word] |= std::uint64_t{1} << (page % 64);
}

bool PageSet::contains(std::uint32_t page) const noexcept {
    const std::size_t word = page / 64;
    return word < m_words.size() && (m_words[word] >> (page % 64) & 1) != 0;
}

}  // namespace engine
