// SPDX-License-Identifier: Apache-2.0
// The nouns that flow forward: PageFrame and Commit (architecture part 1), and what takes them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/checksum.h"
#include "engine/base/clock.h"
#include "engine/base/ids.h"

namespace engine {

enum class DatabaseEngine : std::uint8_t { Sqlite, Bolt };
std::string_view toText(DatabaseEngine engine) noexcept;  // "sqlite", "bolt"

/// A power of two, 512..65536: what SQLite has, and bolt.
constexpr bool isPageSize(std::uint64_t bytes) noexcept {
    return bytes >= 512 && bytes <= 65536 && (bytes & (bytes - 1)) == 0;
}

/// The number of an engine's first page.
constexpr std::uint64_t firstPageOf(DatabaseEngine engine) noexcept {
    return engine == DatabaseEngine::Sqlite ? 1 : 0;
}

/// root = sum mod 2^128 of XXH3-128(pageNumber, h64) over all pages (architecture part 1).
using Root = Hash128;

/// Names and values that explain where a commit came from; enough for capture to go on there.
using Attrs = std::map<std::string, std::string>;

/// One page that a commit wrote. bytes are valid during the call only.
struct PageFrame {
    std::uint64_t page = 0;      // SQLite from 1, bolt from 0
    std::uint32_t overflow = 0;  // bolt: pages that follow and belong to this one; SQLite 0
    ByteView bytes;              // (1 + overflow) * page size
};

/// One transaction of the source, or (catchUp) an exact state whose history in between is unseen.
/// Its frames come before it; of two frames of one page the later wins.
struct Commit {
    TxId tx;
    Time seenAt;
    std::uint32_t pageSize = 0;
    std::uint64_t highWaterMark = 0;  // page count after it
    Root parentRoot;
    Root root;
    bool catchUp = false;
    std::optional<std::uint64_t> merged;  // of how many transactions, if known
    Attrs origin;
};

/// Takes frames, then the commit that they make; or abandon(): the proof failed, forget the frames
/// since the last commit. An error from it ends the step; the source position does not move.
class CommitSink {
public:
    virtual ~CommitSink() = default;
    virtual Status frame(const PageFrame& frame) = 0;
    virtual Status commit(const Commit& commit) = 0;
    virtual void abandon() = 0;
};

}  // namespace engine
