// SPDX-License-Identifier: Apache-2.0
// Hands one commit to a sink and, once the sink took it, to the page map: both or neither.
#pragma once

#include <functional>
#include <span>
#include <stop_token>

#include "engine/capture/sqlite_wal_frames.h"
#include "engine/format/page_map.h"

namespace engine {

/// The root that the map would have with pageCount pages and these hashes. pages ascend, each
/// once, none above pageCount.
Root rootAfter(const PageMap& map, std::uint64_t pageCount, std::span<const StagedPage> pages);
/// Moves the map there.
void applyTo(PageMap& map, std::uint64_t pageCount, std::span<const StagedPage> pages);

/// Gives the bytes of a staged page: a view that is valid until the next call, empty where they
/// cannot be had any more. They are compared with the staged hash before they are handed on.
using PageFetch = std::function<Result<ByteView>(const StagedPage& page)>;

enum class HandOn : std::uint8_t {
    Done,
    Overwritten,  // the source moved on under us; the sink was told to forget
    Stopped,
};

/// Fills in pageSize, roots and page count of the commit. Errors: the sink's or the source's; the
/// map then is as it was.
Result<HandOn> handOn(CommitSink& sink,
                      PageMap& map,
                      Commit commit,
                      std::span<const StagedPage> pages,
                      const PageFetch& fetch,
                      std::stop_token stop);

}  // namespace engine
