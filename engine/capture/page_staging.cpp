// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/page_staging.h"

#include <algorithm>

#include "engine/base/ensure.h"

namespace engine {
namespace {

enum class Frames : std::uint8_t { All, Overwritten, Stopped };

Result<Frames> handOnFrames(CommitSink& sink,
                            const PageMap& map,
                            std::span<const StagedPage> pages,
                            const PageFetch& fetch,
                            const std::stop_token& stop) {
    for (const StagedPage& staged : pages) {
        if (stop.stop_requested()) {
            return Frames::Stopped;
        }
        ENGINE_TRY_ASSIGN(const ByteView bytes, fetch(staged));
        if (bytes.size() != map.pageSize() || map.hashOf(bytes) != staged.h64) {
            return Frames::Overwritten;
        }
        ENGINE_TRY(sink.frame(PageFrame{staged.page, 0, bytes}));
    }
    return Frames::All;
}

}  // namespace

Root rootAfter(const PageMap& map, std::uint64_t pageCount, std::span<const StagedPage> pages) {
    Root root = map.root();
    for (std::uint64_t page = map.firstPage() + pageCount; page < map.endPage(); ++page) {
        root -= rootTerm(page, map.at(page));
    }
    const std::uint64_t zeroHash = map.hashOf(Buffer(map.pageSize()));
    for (std::uint64_t page = map.endPage(); page < map.firstPage() + pageCount; ++page) {
        root += rootTerm(page, zeroHash);
    }
    for (const StagedPage& staged : pages) {
        root -= rootTerm(staged.page, map.contains(staged.page) ? map.at(staged.page) : zeroHash);
        root += rootTerm(staged.page, staged.h64);
    }
    return root;
}

void applyTo(PageMap& map, std::uint64_t pageCount, std::span<const StagedPage> pages) {
    map.resize(pageCount);
    for (const StagedPage& staged : pages) {
        map.set(staged.page, staged.h64);
    }
}

Result<HandOn> handOn(CommitSink& sink,
                      PageMap& map,
                      Commit commit,
                      std::span<const StagedPage> pages,
                      const PageFetch& fetch,
                      std::stop_token stop) {
    commit.pageSize = map.pageSize();
    commit.parentRoot = map.root();
    commit.root = rootAfter(map, commit.highWaterMark, pages);
    auto frames = handOnFrames(sink, map, pages, fetch, stop);
    if (!frames.ok() || frames.value() != Frames::All) {
        sink.abandon();
    }
    ENGINE_TRY_ASSIGN(const Frames handed, std::move(frames));
    if (handed != Frames::All) {
        return handed == Frames::Stopped ? HandOn::Stopped : HandOn::Overwritten;
    }
    const Status taken = sink.commit(commit);
    if (!taken.ok()) {
        sink.abandon();
        return taken.error();
    }
    applyTo(map, commit.highWaterMark, pages);
    ENSURE(map.root() == commit.root);
    return HandOn::Done;
}

}  // namespace engine
