// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/page_spill.h"

#include <algorithm>
#include <utility>

#include "engine/base/ensure.h"
#include "engine/base/file_system.h"
#include "engine/base/ids.h"
#include "engine/format/page_map.h"

namespace engine {
namespace {

constexpr std::size_t kWindowBytes = 256u << 10;

}  // namespace

PageSpill::PageSpill(std::string folder,
                     std::uint32_t pageSize,
                     std::uint64_t seed,
                     std::size_t memoryMax)
    : m_folder(std::move(folder))
    , m_pageSize(pageSize)
    , m_seed(seed)
    , m_memoryMax(memoryMax) {}

Status PageSpill::append(std::uint64_t page, std::uint64_t h64, ByteView bytes) {
    ENSURE(bytes.size() == m_pageSize);
    if (!m_tail.empty() && m_tail.size() + recordBytes() > m_memoryMax) {
        ENGINE_TRY(flush());
    }
    appendLe(m_tail, page);
    appendLe(m_tail, h64);
    appendBytes(m_tail, bytes);
    m_count += 1;
    return {};
}

Status PageSpill::flush() {
    if (!m_file.isOpen()) {
        ENGINE_TRY(makeFolders(m_folder));
        const std::string path = joinPath(m_folder, "spill-" + toHex16(randomId64()));
        ENGINE_TRY_ASSIGN(m_file, File::open(path, File::Mode::CreateNew));
        ENGINE_TRY(removeFile(path));
    }
    ENGINE_TRY(m_file.writeAt(m_flushed, m_tail));
    m_flushed += m_tail.size();
    m_tail.clear();
    return {};
}

Result<std::optional<SpilledPage>> PageSpill::next() {
    if (m_windowAt == m_window.size()) {
        ENGINE_TRY(fillWindow());
    }
    if (m_windowAt == m_window.size()) {
        return std::optional<SpilledPage>();
    }
    const ByteView record = ByteView(m_window).subspan(m_windowAt, recordBytes());
    m_windowAt += recordBytes();
    ENGINE_TRY_ASSIGN(const SpilledPage page, checked(record));
    return std::optional(page);
}

Result<SpilledPage> PageSpill::checked(ByteView record) const {
    SpilledPage page;
    page.page = loadLe<std::uint64_t>(record.data());
    page.h64 = loadLe<std::uint64_t>(record.data() + 8);
    page.bytes = record.subspan(16);
    if (pageHash(page.bytes, m_seed) != page.h64) {
        return Error{ErrorCode::Corruption, "a page kept in " + m_folder + " came back different"};
    }
    return page;
}

Result<SpilledPage> PageSpill::at(std::uint64_t index) {
    ENSURE(index < m_count);
    const std::uint64_t offset = index * recordBytes();
    if (offset >= m_flushed) {
        return checked(ByteView(m_tail).subspan(offset - m_flushed, recordBytes()));
    }
    m_window.resize(recordBytes());
    ENGINE_TRY(m_file.readExactAt(offset, m_window));
    return checked(m_window);
}

Status PageSpill::replace(std::uint64_t index,
                          std::uint64_t page,
                          std::uint64_t h64,
                          ByteView bytes) {
    ENSURE(index < m_count && bytes.size() == m_pageSize);
    Buffer record;
    record.reserve(recordBytes());
    appendLe(record, page);
    appendLe(record, h64);
    appendBytes(record, bytes);
    const std::uint64_t offset = index * recordBytes();
    if (offset < m_flushed) {
        return m_file.writeAt(offset, record);
    }
    std::memcpy(m_tail.data() + (offset - m_flushed), record.data(), record.size());
    return {};
}

void PageSpill::rewind() noexcept {
    m_read = 0;
    m_window.clear();
    m_windowAt = 0;
}

Status PageSpill::fillWindow() {
    const std::size_t records = std::max<std::size_t>(1, kWindowBytes / recordBytes());
    const bool fromFile = m_read < m_flushed;
    const std::uint64_t left = fromFile ? m_flushed - m_read : m_flushed + m_tail.size() - m_read;
    m_window.resize(std::min<std::uint64_t>(records * recordBytes(), left));
    m_windowAt = 0;
    if (fromFile) {
        ENGINE_TRY(m_file.readExactAt(m_read, m_window));
    } else if (!m_window.empty()) {
        std::memcpy(m_window.data(), m_tail.data() + (m_read - m_flushed), m_window.size());
    }
    m_read += m_window.size();
    return {};
}

}  // namespace engine
