// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/part_fetcher.h"

#include <algorithm>

#include "engine/history/replica_read.h"

namespace engine {

namespace {

// Below this a part is fetched whole: a second request costs more than the bytes.
constexpr std::uint64_t kRangesFrom = 2u << 20;
// A local disk is no faster for more; each thread costs memory that the allocator keeps for it.
constexpr unsigned kLocalParallelMax = 2;
// Ranges are clearly cheaper where less than a quarter of the part is needed.
constexpr std::uint64_t kRangesShare = 4;

unsigned lanesFor(const Replica& replica, unsigned parallel) {
    const unsigned wanted = std::max(1u, parallel);
    return replica.traits().local ? std::min(wanted, kLocalParallelMax) : wanted;
}

}  // namespace

Result<Buffer> FetchedPart::read(std::uint64_t offset, std::uint64_t length) {
    const bool inside = offset >= m_bytesOffset && offset - m_bytesOffset <= m_bytes.size() &&
                        length <= m_bytes.size() - (offset - m_bytesOffset);
    if (!inside) {
        return Error{ErrorCode::Corruption, "unexpected end"};
    }
    const auto from = m_bytes.begin() + static_cast<std::ptrdiff_t>(offset - m_bytesOffset);
    return Buffer(from, from + static_cast<std::ptrdiff_t>(length));
}

/// Gives the memory back to the fetcher when the last user of a part is done.
struct PartFetcher::Lease {
    PartFetcher& fetcher;
    std::uint64_t bytes;

    Lease(PartFetcher& owner, std::uint64_t count)
        : fetcher(owner)
        , bytes(count) {}

    ~Lease() { fetcher.giveBack(bytes); }

    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
};

PartFetcher::PartFetcher(Replica& replica,
                         const Sealer* sealer,
                         const History& history,
                         std::vector<PartJob> jobs,
                         unsigned parallel,
                         std::stop_token stop)
    : m_replica(replica)
    , m_sealer(sealer)
    , m_history(history)
    , m_jobs(std::move(jobs))
    , m_parallel(lanesFor(replica, parallel))
    , m_ranges(replica.traits().nativeRange)
    , m_outcomes(m_jobs.size())
    , m_forwardStop(std::move(stop), [this] { m_ownStop.request_stop(); }) {
    const std::size_t threads = std::min<std::size_t>(m_parallel, m_jobs.size());
    for (std::size_t i = 0; i < threads; ++i) {
        m_threads.emplace_back("fetch-" + std::to_string(i), [this](const std::stop_token&) {
            fetchSome(m_ownStop.get_token());
        });
    }
}

PartFetcher::~PartFetcher() {
    m_ownStop.request_stop();
    m_threads.clear();
}

Result<std::shared_ptr<FetchedPart>> PartFetcher::next() {
    if (m_given == m_jobs.size()) {
        return std::shared_ptr<FetchedPart>();
    }
    const std::size_t at = m_given++;
    MutexLock lock(m_mutex);
    const bool ready = m_changed.wait(
        m_mutex, m_ownStop.get_token(), [&]() ENGINE_NO_TSA { return m_outcomes[at].has_value(); });
    if (!ready) {
        return Error{ErrorCode::Cancelled, "stopped while objects were fetched"};
    }
    Outcome outcome = std::move(*m_outcomes[at]);
    m_outcomes[at].reset();
    return outcome;
}

std::uint64_t PartFetcher::fetchedBytes() const {
    MutexLock lock(m_mutex);
    return m_fetchedBytes;
}

void PartFetcher::fetchSome(std::stop_token stop) {
    while (const std::optional<std::size_t> job = takeJob(stop)) {
        Outcome outcome = fetch(m_jobs[*job], stop);
        MutexLock lock(m_mutex);
        m_outcomes[*job] = std::move(outcome);
        m_changed.notifyAll();
    }
}

/// Jobs are taken in order, so that the part that is waited for never waits for memory that later
/// parts hold.
std::optional<std::size_t> PartFetcher::takeJob(std::stop_token stop) {
    MutexLock lock(m_mutex);
    const bool room = m_changed.wait(m_mutex, stop, [this]() ENGINE_NO_TSA {
        if (m_taken == m_jobs.size() || m_partsInFlight == 0) {
            return true;
        }
        const std::uint64_t size = storedOf(m_jobs[m_taken]).size;
        return m_partsInFlight < m_parallel && m_bytesInFlight + size <= kBytesInFlightMax;
    });
    if (!room || stop.stop_requested() || m_taken == m_jobs.size()) {
        return std::nullopt;
    }
    ++m_partsInFlight;
    m_bytesInFlight += storedOf(m_jobs[m_taken]).size;
    return m_taken++;
}

PartFetcher::Outcome PartFetcher::fetch(const PartJob& job, std::stop_token stop) {
    const StoredPart& stored = storedOf(job);
    auto part = std::make_shared<FetchedPart>(job, stored.size);
    part->m_lease = std::make_shared<Lease>(*this, stored.size);
    ENGINE_TRY_ASSIGN(const bool done, fetchBlocks(*part, stop));
    if (!done) {
        ENGINE_TRY(fetchWhole(*part, stop));
    }
    if (Status fits = checkIndex(*part); !fits.ok()) {
        return std::move(fits).error().context(stored.name);
    }
    return part;
}

Status PartFetcher::fetchWhole(FetchedPart& part, std::stop_token stop) {
    const PartJob& job = part.job();
    const StoredPart& stored = storedOf(job);
    const ArtefactTable& table = *m_history.artefacts[job.artefact].table;
    ENGINE_TRY_ASSIGN(part.m_bytes, readObject(m_replica, stored.name, stop));
    count(part.m_bytes.size());
    if (part.m_bytes.size() != stored.size) {
        return Error{ErrorCode::Corruption, stored.name + ": another size than was listed"};
    }
    if (Status whole = checkPart(part.m_bytes, table.summary, job.part); !whole.ok()) {
        return std::move(whole).error().context(stored.name);
    }
    Result<PartIndex> index = readPartIndex(part, table.head, m_sealer);
    if (!index.ok()) {
        return std::move(index).error().context(stored.name);
    }
    part.m_index = std::move(index).value();
    return {};
}

/// False: nothing was fetched, the whole part is the better way.
Result<bool> PartFetcher::fetchBlocks(FetchedPart& part, std::stop_token stop) {
    const PartJob& job = part.job();
    const StoredPart& stored = storedOf(job);
    const ArtefactTable& table = *m_history.artefacts[job.artefact].table;
    const std::uint64_t frames = table.summary.parts[job.part - 1].frameCount;
    if (!m_ranges || stored.size < kRangesFrom ||
        (job.endFrame - job.firstFrame) * kRangesShare > frames) {
        return false;
    }
    ReplicaPartSource source(m_replica, stored, stop);
    Result<PartIndex> index = readPartIndex(source, table.head, m_sealer);
    count(source.fetchedBytes());
    if (!index.ok()) {
        return std::move(index).error().context(stored.name);
    }
    std::uint64_t begin = stored.size;
    std::uint64_t end = 0;
    for (const BlockEntry& block : index.value().blocks) {
        if (block.firstFrame < job.endFrame &&
            block.firstFrame + block.frameCount > job.firstFrame) {
            begin = std::min(begin, block.offset);
            end = std::max(end, block.offset + block.storedBytes);
        }
    }
    if (begin >= end || (end - begin) * 2 > stored.size) {
        return false;
    }
    ENGINE_TRY_ASSIGN(part.m_bytes,
                      readObjectRange(m_replica, stored.name, ByteRange{begin, end - begin}, stop));
    count(part.m_bytes.size());
    part.m_bytesOffset = begin;
    part.m_index = std::move(index).value();
    return true;
}

/// The part is the one that the summary tells of, and its frames are those that it says.
Status PartFetcher::checkIndex(const FetchedPart& part) const {
    const PartJob& job = part.job();
    const PartSummary& summary =
        m_history.artefacts[job.artefact].table->summary.parts[job.part - 1];
    const PartIndex& index = part.index();
    if (index.part != job.part || index.firstFrame != summary.firstFrame ||
        index.frames.size() != summary.frameCount) {
        return Error{ErrorCode::Corruption, "is not the part that its name says"};
    }
    return {};
}

const StoredPart& PartFetcher::storedOf(const PartJob& job) const {
    return m_history.artefacts[job.artefact].descriptor.parts[job.part - 1];
}

void PartFetcher::giveBack(std::uint64_t bytes) {
    MutexLock lock(m_mutex);
    ENSURE(m_partsInFlight > 0 && m_bytesInFlight >= bytes);
    --m_partsInFlight;
    m_bytesInFlight -= bytes;
    m_changed.notifyAll();
}

void PartFetcher::count(std::uint64_t bytes) {
    MutexLock lock(m_mutex);
    m_fetchedBytes += bytes;
}

}  // namespace engine
