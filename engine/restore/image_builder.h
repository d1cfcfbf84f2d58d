// SPDX-License-Identifier: Apache-2.0
// Writes the pages of a plan straight to their place in a new file, each once: the parts are
// applied from the newest to the oldest, and a page that a newer frame has claimed is not written
// again. Blocks in which nothing is claimed are not even unpacked.
//
// A page that a later commit cut off and a still later one grew over again is zero, not what an
// older frame says: while it goes back, the builder keeps the least size that the database had
// since. Pages of zeros stay holes of the file.
//
// One thread calls it; blocks are unpacked and written on the pool.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/file.h"
#include "engine/base/mutex.h"
#include "engine/base/worker_pool.h"
#include "engine/history/restore_plan.h"
#include "engine/restore/part_fetcher.h"

namespace engine {

/// The jobs of a plan in the order in which the builder takes them.
std::vector<PartJob> jobsOf(const History& history, const RestorePlan& plan);

class ImageBuilder {
public:
    /// file is empty; all of them outlive the builder.
    ImageBuilder(File& file,
                 const History& history,
                 const RestorePlan& plan,
                 const Sealer* sealer,
                 WorkerPool& pool);
    /// Waits for what is on the pool.
    ~ImageBuilder();
    ImageBuilder(const ImageBuilder&) = delete;
    ImageBuilder& operator=(const ImageBuilder&) = delete;

    /// Gives the file its size.
    Status begin();
    /// Claims the pages of a part and has them written. Reports what failed so far.
    Status apply(std::shared_ptr<FetchedPart> part);
    /// Waits until everything is written.
    Status finish();
    /// The artefact in which the reported damage is.
    std::optional<std::size_t> damagedArtefact() const ENGINE_EXCLUDES(m_mutex);

private:
    /// Bytes of an unpacked block that go to one place of the file.
    struct Run {
        std::uint64_t fileOffset = 0;
        std::uint32_t plainOffset = 0;
        std::uint32_t bytes = 0;
    };

    void enter(std::size_t planned);
    bool goBackTo(std::uint64_t frame);
    void leaveCommit();
    bool claim(std::uint64_t index);
    std::vector<Run> claimBlock(const FetchedPart& part, const BlockEntry& block);
    void claimFrame(const FrameEntry& frame, std::uint32_t plainOffset, std::vector<Run>& runs);
    Status writeBlock(FetchedPart& part, const BlockEntry& block, const std::vector<Run>& runs);
    Status writeRun(ByteView plain, std::uint64_t fileOffset);
    void taskDone(std::shared_ptr<FetchedPart>& part, Status status) ENGINE_EXCLUDES(m_mutex);
    Status failure() const ENGINE_EXCLUDES(m_mutex);

    File& m_file;
    const History& m_history;
    const RestorePlan& m_plan;
    const Sealer* const m_sealer;
    WorkerPool& m_pool;
    const std::uint64_t m_firstPage;

    std::vector<std::uint64_t> m_claimed;  // one bit a page
    std::uint64_t m_limit;                 // pages of the smallest size since the commit at hand
    std::size_t m_planned;       // the planned artefact at hand; how many there are: none yet
    std::uint64_t m_commit = 0;  // one past the commit at hand; its first one: none is left

    mutable Mutex m_mutex;
    Condition m_changed;
    std::size_t m_pending ENGINE_GUARDED_BY(m_mutex) = 0;
    std::optional<Error> m_failure ENGINE_GUARDED_BY(m_mutex);
    std::optional<std::size_t> m_damaged ENGINE_GUARDED_BY(m_mutex);
};

}  // namespace engine
