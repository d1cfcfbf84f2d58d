// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/base/file.h"
#include "engine/format/page_map.h"
#include "engine/restore/verifier.h"

namespace engine {

namespace {

constexpr std::size_t kReadBytes = 1u << 20;

}  // namespace

Status checkRoot(const std::string& path,
                 std::uint32_t pageSize,
                 std::uint64_t seed,
                 DatabaseEngine engine,
                 std::uint64_t highWaterMark,
                 const Root& root,
                 std::stop_token stop) {
    ENGINE_TRY_ASSIGN(const File file, File::open(path, File::Mode::Read));
    ENGINE_TRY_ASSIGN(const FileFacts facts, file.facts());
    const std::uint64_t size = highWaterMark * pageSize;
    if (facts.size != size) {
        return Error{ErrorCode::Corruption,
                     "the file has " + std::to_string(facts.size) +
                         " bytes where the record says " + std::to_string(size)};
    }
    Root sum;
    std::uint64_t page = firstPageOf(engine);
    Buffer buffer(std::max<std::size_t>(kReadBytes, pageSize));
    for (std::uint64_t offset = 0; offset < size;) {
        if (stop.stop_requested()) {
            return Error{ErrorCode::Cancelled, "stopped while the file was checked"};
        }
        const auto length =
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - offset));
        ENGINE_TRY(file.readExactAt(offset, MutableBytes(buffer).first(length)));
        for (std::size_t at = 0; at < length; at += pageSize) {
            sum += rootTerm(page++, pageHash(ByteView(buffer).subspan(at, pageSize), seed));
        }
        offset += length;
    }
    if (sum != root) {
        return Error{ErrorCode::Corruption,
                     "the pages do not give the recorded root: " + sum.text() + " instead of " +
                         root.text()};
    }
    return {};
}

}  // namespace engine
