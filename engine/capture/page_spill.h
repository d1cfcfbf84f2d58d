// SPDX-License-Identifier: Apache-2.0
// Pages of a state that is not proved yet, in the order in which they came: in memory up to a
// bound, behind that in a file of ours without a name, so that a crash leaves nothing.
//
// Belongs to one scan; not thread-safe. Errors are those of our own folder (NoSpace, Io).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/file.h"
#include "engine/base/result.h"

namespace engine {

struct SpilledPage {
    std::uint64_t page = 0;
    std::uint64_t h64 = 0;
    ByteView bytes;  // valid until the next call
};

class PageSpill {
public:
    static constexpr std::size_t kMemoryMax = 8u << 20;

    /// seed: of the page hashes; what is read back must still have its hash.
    PageSpill(std::string folder,
              std::uint32_t pageSize,
              std::uint64_t seed,
              std::size_t memoryMax = kMemoryMax);

    std::uint64_t count() const noexcept { return m_count; }

    std::uint64_t bytesOnDisk() const noexcept { return m_flushed; }

    /// bytes: exactly a page, h64 its hash.
    Status append(std::uint64_t page, std::uint64_t h64, ByteView bytes);

    /// The index-th page that was appended. Not to be mixed with next().
    Result<SpilledPage> at(std::uint64_t index);
    /// Puts newer bytes in the place of the index-th page.
    Status replace(std::uint64_t index, std::uint64_t page, std::uint64_t h64, ByteView bytes);

    /// The pages from the first on; empty at the end. Nothing is appended after the first call.
    Result<std::optional<SpilledPage>> next();
    /// next() begins at the first page again.
    void rewind() noexcept;

private:
    Status flush();
    Status fillWindow();
    Result<SpilledPage> checked(ByteView record) const;

    std::size_t recordBytes() const noexcept { return 16 + std::size_t{m_pageSize}; }

    std::string m_folder;
    std::uint32_t m_pageSize;
    std::uint64_t m_seed;
    std::size_t m_memoryMax;
    std::uint64_t m_count = 0;

    File m_file;
    std::uint64_t m_flushed = 0;  // bytes in the file; what follows is in m_tail
    Buffer m_tail;

    std::uint64_t m_read = 0;  // bytes of file and tail taken into the window
    Buffer m_window;           // whole records
    std::size_t m_windowAt = 0;
};

}  // namespace engine
