// SPDX-License-Identifier: Apache-2.0
#include "engine/shadow/shadow_log.h"

#include <algorithm>

#include "engine/base/file_system.h"
#include "engine/base/log.h"
#include "engine/shadow/part_file.h"
#include "engine/shadow/segment_writer.h"
#include "engine/shadow/shadow_recovery.h"

namespace engine {

ShadowLog::ShadowLog(std::string folder, DatabaseLocation location)
    : m_folder(std::move(folder))
    , m_location(location) {}

Result<std::unique_ptr<ShadowLog>> ShadowLog::open(const std::string& folder,
                                                   const DatabaseLocation& location) {
    const bool isNew = !factsOf(folder).ok();
    ENGINE_TRY(makeFolders(folder));
    if (isNew) {
        ENGINE_TRY(syncFolder(parentOf(folder)));
    }
    std::unique_ptr<ShadowLog> log(new ShadowLog(folder, location));
    ENGINE_TRY(log->recover());
    return log;
}

Status ShadowLog::recover() {
    ENGINE_TRY_ASSIGN(RecoveredLog recovered, recoverShadowFolder(m_folder, m_location));
    m_recovery = recovered.report;
    if (m_recovery.setAside > 0 || m_recovery.holes > 0) {
        log::shadow().error("shadow log damaged db={} segments={} setAside={} holes={} problem={}",
                            m_location.database.text(),
                            m_recovery.segments,
                            m_recovery.setAside,
                            m_recovery.holes,
                            m_recovery.firstProblem);
    }
    for (ShadowSegment& segment : recovered.segments) {
        append(std::move(segment));
    }
    return {};
}

std::string ShadowLog::generationFolder(GenerationId generation) const {
    return joinPath(m_folder, generation.text());
}

Result<std::unique_ptr<ShadowLog::SegmentWriter>> ShadowLog::beginSegment(
    const ArtefactHead& head) {
    ENSURE(head.kind == ArtefactKind::Segment && head.database == m_location.database);
    ENGINE_TRY_ASSIGN(std::unique_ptr<FileSegmentWriter> writer,
                      FileSegmentWriter::create(*this, head));
    return std::unique_ptr<SegmentWriter>(std::move(writer));
}

Status ShadowLog::checkFollows(const ShadowSegment& segment) const {
    MutexLock lock(m_mutex);
    const auto end = m_ends.find(segment.generation);
    if (end != m_ends.end() &&
        (segment.parentTx != end->second.lastTx || segment.parentRoot != end->second.root)) {
        return Error{ErrorCode::Discontinuity,
                     "the segment does not begin where the generation's chain ends"};
    }
    return {};
}

void ShadowLog::append(ShadowSegment segment) {
    ENSURE(segment.firstTx <= segment.lastTx && !segment.partPaths.empty());
    MutexLock lock(m_mutex);
    m_ends[segment.generation] = ChainEnd{segment.lastTx, segment.root};
    // After the last of its generation; a generation that is new goes to the end.
    const auto last =
        std::find_if(m_segments.rbegin(), m_segments.rend(), [&](const ShadowSegment& other) {
            return other.generation == segment.generation;
        });
    m_segments.insert(last == m_segments.rend() ? m_segments.end() : last.base(),
                      std::move(segment));
}

std::vector<ShadowSegment> ShadowLog::segmentsAfter(GenerationId generation, TxId after) const {
    MutexLock lock(m_mutex);
    std::vector<ShadowSegment> found;
    std::copy_if(m_segments.begin(),
                 m_segments.end(),
                 std::back_inserter(found),
                 [&](const ShadowSegment& segment) {
                     return segment.generation == generation && segment.lastTx > after;
                 });
    return found;
}

std::optional<ShadowSegment> ShadowLog::lastSegment(GenerationId generation) const {
    MutexLock lock(m_mutex);
    const auto last =
        std::find_if(m_segments.rbegin(), m_segments.rend(), [&](const ShadowSegment& segment) {
            return segment.generation == generation;
        });
    return last == m_segments.rend() ? std::nullopt : std::optional<ShadowSegment>(*last);
}

std::vector<GenerationId> ShadowLog::generations() const {
    MutexLock lock(m_mutex);
    std::vector<GenerationId> found;
    for (const ShadowSegment& segment : m_segments) {
        if (found.empty() || found.back() != segment.generation) {
            found.push_back(segment.generation);
        }
    }
    return found;
}

std::uint64_t ShadowLog::fileBytes() const {
    MutexLock lock(m_mutex);
    std::uint64_t sum = 0;
    for (const ShadowSegment& segment : m_segments) {
        sum += segment.fileBytes;
    }
    return sum;
}

Result<ArtefactTable> ShadowLog::table(const ShadowSegment& segment) const {
    ENSURE(!segment.partPaths.empty());
    return readTableFromFiles(segment.partPaths.front(), segment.partPaths.back());
}

Status ShadowLog::replay(const ShadowSegment& segment, CommitSink& sink) const {
    ENGINE_TRY_ASSIGN(const ArtefactTable artefact, table(segment));
    const auto fetch = [&segment](std::uint32_t part) -> Result<Buffer> {
        if (part == 0 || part > segment.partPaths.size()) {
            return Error{ErrorCode::Corruption, "the segment has no part " + std::to_string(part)};
        }
        return readWholeFile(segment.partPaths[part - 1], kPartBytesMax);
    };
    return replayArtefact(artefact, fetch, nullptr, sink);
}

/// Takes the segments within these bounds out of the list; readers do not see them any more.
std::vector<ShadowSegment> ShadowLog::take(GenerationId generation,
                                           TxId firstAtLeast,
                                           TxId lastAtMost) {
    MutexLock lock(m_mutex);
    const auto first =
        std::stable_partition(m_segments.begin(), m_segments.end(), [&](const ShadowSegment& s) {
            return s.generation != generation || s.firstTx < firstAtLeast || s.lastTx > lastAtMost;
        });
    std::vector<ShadowSegment> taken(std::make_move_iterator(first),
                                     std::make_move_iterator(m_segments.end()));
    m_segments.erase(first, m_segments.end());
    return taken;
}

Status ShadowLog::trim(GenerationId generation, TxId upTo) {
    // Oldest first, and of each the last part first: whatever a crash leaves is a chain that
    // begins later, or parts that were never published.
    for (const ShadowSegment& segment : take(generation, TxId{0}, upTo)) {
        for (auto path = segment.partPaths.rbegin(); path != segment.partPaths.rend(); ++path) {
            ENGINE_TRY(removeFile(*path));
        }
    }
    return {};
}

Status ShadowLog::setAside(const ShadowSegment& segment) {
    const std::vector<ShadowSegment> bad =
        take(segment.generation, segment.firstTx, segment.lastTx);
    for (const ShadowSegment& one : bad) {
        log::shadow().error("shadow segment set aside db={} generation={} tx={}-{}",
                            m_location.database.text(),
                            one.generation.text(),
                            one.firstTx.value,
                            one.lastTx.value);
        for (auto path = one.partPaths.rbegin(); path != one.partPaths.rend(); ++path) {
            ENGINE_TRY(renameReplace(*path, *path + std::string(kBadSuffix)));
        }
    }
    return {};
}

Status ShadowLog::removeGeneration(GenerationId generation) {
    {
        MutexLock lock(m_mutex);
        std::erase_if(m_segments, [&](const ShadowSegment& segment) {
            return segment.generation == generation;
        });
        m_ends.erase(generation);
    }
    return removeTree(generationFolder(generation));
}

}  // namespace engine
