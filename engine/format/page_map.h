// SPDX-License-Identifier: Apache-2.0
// PageMap: page number -> h64, plus the root: the truth about what was captured (architecture
// part 5, rule 2). 8 bytes a page, in chunks, never doubled while it grows.
//
// Not thread-safe: it belongs to the capture of one database, under its controller's step lock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/format/commit.h"

namespace engine {

/// XXH3-64 of the page bytes with the database's seed.
std::uint64_t pageHash(ByteView page, std::uint64_t seed) noexcept;
/// The term that a page adds to the root: XXH3-128 over (page u64 LE, h64 u64 LE).
Hash128 rootTerm(std::uint64_t page, std::uint64_t h64) noexcept;

class PageMap {
public:
    PageMap() = default;
    /// firstPage: SQLite 1, bolt 0. pageSize: a power of two, 512..65536.
    PageMap(std::uint32_t pageSize, std::uint64_t firstPage, std::uint64_t seed);

    std::uint32_t pageSize() const noexcept { return m_pageSize; }

    std::uint64_t firstPage() const noexcept { return m_firstPage; }

    std::uint64_t seed() const noexcept { return m_seed; }

    std::uint64_t pageCount() const noexcept { return m_count; }

    /// One past the highest page number.
    std::uint64_t endPage() const noexcept { return m_firstPage + m_count; }

    bool contains(std::uint64_t page) const noexcept {
        return page >= m_firstPage && page < endPage();
    }

    const Root& root() const noexcept { return m_root; }

    std::uint64_t hashOf(ByteView page) const noexcept { return pageHash(page, m_seed); }

    /// page must be contained.
    std::uint64_t at(std::uint64_t page) const;

    bool equals(std::uint64_t page, std::uint64_t h64) const {
        return contains(page) && at(page) == h64;
    }

    /// page must be contained.
    void set(std::uint64_t page, std::uint64_t h64);
    /// Shrinks, or grows with pages of zeros; the root follows.
    void resize(std::uint64_t pageCount);

    /// True where every hash and the root are the same.
    friend bool operator==(const PageMap& a, const PageMap& b);

private:
    static constexpr std::size_t kChunkPages = 1024;
    using Chunk = std::unique_ptr<std::uint64_t[]>;

    std::uint64_t& slot(std::uint64_t index) const {
        return m_chunks[index / kChunkPages][index % kChunkPages];
    }

    std::uint32_t m_pageSize = 0;
    std::uint64_t m_firstPage = 0;
    std::uint64_t m_seed = 0;
    std::uint64_t m_count = 0;
    std::uint64_t m_zeroHash = 0;
    Root m_root;
    std::vector<Chunk> m_chunks;
};

/// A page map at one TxId with the position of the source there, as a file. Written as tmp, fsync,
/// rename. Layout in FORMAT.md.
struct PageMapCheckpoint {
    GenerationId generation;
    TxId tx;
    Attrs position;
    PageMap map;
};

/// The map stays where it is: it can be large.
Status savePageMap(const std::string& path,
                   GenerationId generation,
                   TxId tx,
                   const Attrs& position,
                   const PageMap& map);
/// Corruption for anything that is not exactly what savePageMap wrote.
Result<PageMapCheckpoint> loadPageMap(const std::string& path);

}  // namespace engine
