// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/image_builder.h"

#include <algorithm>

namespace engine {

namespace {

bool isZero(ByteView bytes) {
    // Most pages that are not zero show it in their first word.
    if (loadNative<std::uint64_t>(bytes.data()) != 0) {
        return false;
    }
    return std::memcmp(bytes.data(), bytes.data() + 8, bytes.size() - 8) == 0;
}

}  // namespace

std::vector<PartJob> jobsOf(const History& history, const RestorePlan& plan) {
    std::vector<PartJob> jobs;
    for (std::size_t planned = plan.artefacts.size(); planned-- > 0;) {
        const PlannedArtefact& range = plan.artefacts[planned];
        const ArtefactTable& table = *history.artefacts[range.artefact].table;
        const CommitEntry& first = table.commits[range.firstCommit];
        const CommitEntry& last = table.commits[range.firstCommit + range.commitCount - 1];
        const std::uint64_t begin = first.firstFrame;
        const std::uint64_t end = last.firstFrame + last.frameCount;
        for (std::size_t part = table.summary.parts.size(); part-- > 0;) {
            const PartSummary& summary = table.summary.parts[part];
            const std::uint64_t from = std::max(begin, summary.firstFrame);
            const std::uint64_t to = std::min(end, summary.firstFrame + summary.frameCount);
            if (from < to) {
                const auto number = static_cast<std::uint32_t>(part + 1);
                jobs.push_back(PartJob{planned, range.artefact, number, from, to});
            }
        }
    }
    return jobs;
}

ImageBuilder::ImageBuilder(File& file,
                           const History& history,
                           const RestorePlan& plan,
                           const Sealer* sealer,
                           WorkerPool& pool)
    : m_file(file)
    , m_history(history)
    , m_plan(plan)
    , m_sealer(sealer)
    , m_pool(pool)
    , m_firstPage(firstPageOf(plan.engine))
    , m_claimed((plan.highWaterMark + 63) / 64)
    , m_limit(plan.highWaterMark)
    , m_planned(plan.artefacts.size()) {}

ImageBuilder::~ImageBuilder() {
    ignoreError(finish(), "who wanted to know has asked");
}

Status ImageBuilder::begin() {
    return m_file.truncate(m_plan.highWaterMark * m_plan.pageSize);
}

/// Makes a planned artefact the one at hand; the sizes of those that are left behind still count.
void ImageBuilder::enter(std::size_t planned) {
    ENSURE(planned <= m_planned);
    while (m_planned > planned) {
        if (m_planned < m_plan.artefacts.size()) {
            while (m_commit > m_plan.artefacts[m_planned].firstCommit) {
                leaveCommit();
            }
        }
        --m_planned;
        const PlannedArtefact& range = m_plan.artefacts[m_planned];
        m_commit = range.firstCommit + range.commitCount;
    }
}

void ImageBuilder::leaveCommit() {
    const auto& commits = m_history.artefacts[m_plan.artefacts[m_planned].artefact].table->commits;
    m_limit = std::min(m_limit, commits[m_commit - 1].highWaterMark);
    --m_commit;
}

/// Makes the commit that owns a frame the one at hand. False: no commit of the plan owns it.
bool ImageBuilder::goBackTo(std::uint64_t frame) {
    const PlannedArtefact& range = m_plan.artefacts[m_planned];
    const auto& commits = m_history.artefacts[range.artefact].table->commits;
    while (m_commit > range.firstCommit) {
        const CommitEntry& commit = commits[m_commit - 1];
        if (frame >= commit.firstFrame + commit.frameCount) {
            return false;
        }
        if (frame >= commit.firstFrame) {
            m_limit = std::min(m_limit, commit.highWaterMark);
            return true;
        }
        leaveCommit();
    }
    return false;
}

bool ImageBuilder::claim(std::uint64_t index) {
    const std::uint64_t bit = std::uint64_t{1} << (index % 64);
    std::uint64_t& word = m_claimed[index / 64];
    const bool isNew = (word & bit) == 0;
    word |= bit;
    return isNew;
}

/// From the last page of the frame to its first, so that runs grow at their front.
void ImageBuilder::claimFrame(const FrameEntry& frame,
                              std::uint32_t plainOffset,
                              std::vector<Run>& runs) {
    const std::uint32_t pageSize = m_plan.pageSize;
    for (std::uint32_t i = frame.overflow + 1; i-- > 0;) {
        const std::uint64_t index = frame.page + i - m_firstPage;
        if (frame.page < m_firstPage || index >= m_limit || !claim(index)) {
            continue;
        }
        const Run page{index * pageSize, plainOffset + i * pageSize, pageSize};
        if (!runs.empty() && runs.back().fileOffset == page.fileOffset + pageSize &&
            runs.back().plainOffset == page.plainOffset + pageSize) {
            runs.back() = Run{page.fileOffset, page.plainOffset, runs.back().bytes + pageSize};
        } else {
            runs.push_back(page);
        }
    }
}

std::vector<ImageBuilder::Run> ImageBuilder::claimBlock(const FetchedPart& part,
                                                        const BlockEntry& block) {
    std::vector<Run> runs;
    const PartIndex& index = part.index();
    const PartJob& job = part.job();
    std::uint32_t plainOffset = block.plainBytes;
    for (std::uint32_t i = block.frameCount; i-- > 0;) {
        const std::uint64_t number = block.firstFrame + i;
        const FrameEntry& frame = index.frames[number - index.firstFrame];
        plainOffset -= (frame.overflow + 1) * m_plan.pageSize;
        if (number >= job.firstFrame && number < job.endFrame && goBackTo(number)) {
            claimFrame(frame, plainOffset, runs);
        }
    }
    return runs;
}

Status ImageBuilder::apply(std::shared_ptr<FetchedPart> part) {
    ENGINE_TRY(failure());
    enter(part->job().planned);
    const std::vector<BlockEntry>& blocks = part->index().blocks;
    for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
        std::vector<Run> runs = claimBlock(*part, *block);
        if (runs.empty()) {
            continue;
        }
        {
            MutexLock lock(m_mutex);
            ++m_pending;
        }
        const BlockEntry* entry = &*block;
        m_pool.submit([this, part, entry, runs = std::move(runs)]() mutable {
            Status status = failure();
            if (status.ok()) {
                status = writeBlock(*part, *entry, runs);
            }
            taskDone(part, std::move(status));
        });
    }
    return failure();
}

Status ImageBuilder::writeBlock(FetchedPart& part,
                                const BlockEntry& block,
                                const std::vector<Run>& runs) {
    const HistoryArtefact& artefact = m_history.artefacts[part.job().artefact];
    Result<Buffer> plain = readBlock(part, artefact.table->head, part.index(), block, m_sealer);
    if (!plain.ok()) {
        return std::move(plain).error().context(
            artefact.descriptor.parts[part.job().part - 1].name);
    }
    for (const Run& run : runs) {
        ENGINE_TRY(
            writeRun(ByteView(plain.value()).subspan(run.plainOffset, run.bytes), run.fileOffset));
    }
    return {};
}

/// Writes the stretches of a run that are not zero.
Status ImageBuilder::writeRun(ByteView plain, std::uint64_t fileOffset) {
    const std::size_t pageSize = m_plan.pageSize;
    std::size_t begin = 0;
    for (std::size_t end = 0; end <= plain.size(); end += pageSize) {
        const bool isData = end < plain.size() && !isZero(plain.subspan(end, pageSize));
        if (isData) {
            continue;
        }
        if (begin < end) {
            ENGINE_TRY(m_file.writeAt(fileOffset + begin, plain.subspan(begin, end - begin)));
        }
        begin = end + pageSize;
    }
    return {};
}

void ImageBuilder::taskDone(std::shared_ptr<FetchedPart>& part, Status status) {
    const std::size_t artefact = part->job().artefact;
    part.reset();  // its memory is free before anyone who waits goes on
    MutexLock lock(m_mutex);
    --m_pending;
    if (!status.ok() && !m_failure) {
        m_failure = std::move(status).error();
        m_damaged =
            m_failure->code == ErrorCode::Corruption ? std::optional(artefact) : std::nullopt;
    }
    m_changed.notifyAll();
}

Status ImageBuilder::failure() const {
    MutexLock lock(m_mutex);
    return m_failure ? Status(*m_failure) : Status();
}

Status ImageBuilder::finish() {
    {
        MutexLock lock(m_mutex);
        m_changed.wait(
            m_mutex, std::stop_token{}, [this]() ENGINE_NO_TSA { return m_pending == 0; });
    }
    return failure();
}

std::optional<std::size_t> ImageBuilder::damagedArtefact() const {
    MutexLock lock(m_mutex);
    return m_damaged;
}

}  // namespace engine
