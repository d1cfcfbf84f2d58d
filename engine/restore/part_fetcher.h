// SPDX-License-Identifier: Apache-2.0
// Fetches the parts of a plan in parallel and hands them over in order, with bounded memory: at
// most `parallel` parts and kBytesInFlightMax bytes (but always one part) are held at a time, from
// the request until the last user has let go of the part.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/thread.h"
#include "engine/format/artefact_reader.h"
#include "engine/history/history.h"
#include "engine/replica/replica.h"

namespace engine {

/// The frames [firstFrame, endFrame) of one part.
struct PartJob {
    std::size_t planned = 0;   // index into the plan's artefacts
    std::size_t artefact = 0;  // index into History::artefacts
    std::uint32_t part = 1;
    std::uint64_t firstFrame = 0;
    std::uint64_t endFrame = 0;
};

/// A part in memory, or the blocks of it that hold the frames of the job; checked against the
/// artefact's summary and index, block checksums excepted.
class FetchedPart final : public PartSource {
public:
    FetchedPart(PartJob job, std::uint64_t partSize)
        : m_job(job)
        , m_partSize(partSize) {}

    Result<Buffer> read(std::uint64_t offset, std::uint64_t length) override;

    std::uint64_t size() const override { return m_partSize; }

    const PartJob& job() const noexcept { return m_job; }

    const PartIndex& index() const noexcept { return m_index; }

    /// The whole part, unless only some blocks of it were fetched.
    ByteView bytes() const noexcept { return m_bytes; }

private:
    friend class PartFetcher;
    const PartJob m_job;
    const std::uint64_t m_partSize;
    PartIndex m_index;
    Buffer m_bytes;
    std::uint64_t m_bytesOffset = 0;  // where m_bytes begin in the part
    std::shared_ptr<void> m_lease;    // of the memory; given back when the part goes
};

/// Owned by the thread that restores or verifies; that thread alone calls next().
class PartFetcher {
public:
    static constexpr std::uint64_t kBytesInFlightMax = 48u << 20;

    /// replica, sealer and history outlive the fetcher, and the fetcher the parts that it gave out.
    PartFetcher(Replica& replica,
                const Sealer* sealer,
                const History& history,
                std::vector<PartJob> jobs,
                unsigned parallel,
                std::stop_token stop);
    ~PartFetcher();

    /// The next part in order, null after the last one. The error of a part names its object and
    /// comes when it is that part's turn; the one after it may still be asked for.
    Result<std::shared_ptr<FetchedPart>> next();

    /// The job of the part that next() gave or failed to give.
    const PartJob& job() const { return m_jobs[m_given - 1]; }

    std::uint64_t fetchedBytes() const ENGINE_EXCLUDES(m_mutex);

private:
    using Outcome = Result<std::shared_ptr<FetchedPart>>;
    struct Lease;

    void fetchSome(std::stop_token stop);
    std::optional<std::size_t> takeJob(std::stop_token stop);
    Outcome fetch(const PartJob& job, std::stop_token stop);
    Status fetchWhole(FetchedPart& part, std::stop_token stop);
    Result<bool> fetchBlocks(FetchedPart& part, std::stop_token stop);
    Status checkIndex(const FetchedPart& part) const;
    const StoredPart& storedOf(const PartJob& job) const;
    void giveBack(std::uint64_t bytes);
    void count(std::uint64_t bytes);

    Replica& m_replica;
    const Sealer* m_sealer;
    const History& m_history;
    const std::vector<PartJob> m_jobs;
    const unsigned m_parallel;
    const bool m_ranges;
    std::size_t m_given = 0;  // the caller's thread only

    mutable Mutex m_mutex;
    Condition m_changed;
    std::vector<std::optional<Outcome>> m_outcomes ENGINE_GUARDED_BY(m_mutex);
    std::size_t m_taken ENGINE_GUARDED_BY(m_mutex) = 0;
    unsigned m_partsInFlight ENGINE_GUARDED_BY(m_mutex) = 0;
    std::uint64_t m_bytesInFlight ENGINE_GUARDED_BY(m_mutex) = 0;
    std::uint64_t m_fetchedBytes ENGINE_GUARDED_BY(m_mutex) = 0;

    std::stop_source m_ownStop;
    std::stop_callback<std::function<void()>> m_forwardStop;
    std::vector<Thread> m_threads;  // last: joined before the rest goes
};

}  // namespace engine
