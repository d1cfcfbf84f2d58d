// SPDX-License-Identifier: Apache-2.0
// A compact table from page numbers to 32-bit numbers (frames, slots): 8 bytes a slot, open
// addressing, no removal. For pages of one WAL generation or of one sweep.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace engine {

class FrameTable {
public:
    /// page is not 0.
    void set(std::uint32_t page, std::uint32_t number);
    std::optional<std::uint32_t> find(std::uint32_t page) const noexcept;

    std::size_t size() const noexcept { return m_size; }

    void clear();
    /// All entries as page << 32 | number, by page.
    std::vector<std::uint64_t> sorted() const;

private:
    std::size_t slotOf(std::uint32_t page) const noexcept;
    void grow();

    std::vector<std::uint64_t> m_slots;
    std::size_t m_size = 0;
};

/// A growing set of page numbers, one bit each.
class PageSet {
public:
    void add(std::uint32_t page);
    bool contains(std::uint32_t page) const noexcept;

    void clear() { m_words.clear(); }

private:
    std::vector<std::uint64_t> m_words;
};

}  // namespace engine
