// SPDX-License-Identifier: Apache-2.0
#include "engine/history/table_check.h"

#include <algorithm>
#include <limits>

namespace engine {

namespace {

constexpr std::uint64_t kDatabaseBytesMax = std::uint64_t{1} << 62;

Error bad(std::string what) {
    return Error{ErrorCode::Corruption, std::move(what)};
}

Status checkHead(const ArtefactDescriptor& descriptor, const ArtefactHead& head) {
    if (head.id != descriptor.artefact || head.writer != descriptor.writer) {
        return bad("holds another artefact than its name says");
    }
    if (head.kind != descriptor.kind || head.generation != descriptor.generation ||
        head.database != descriptor.location.database) {
        return bad("belongs to another history than its name says");
    }
    const bool powerOfTwo = head.pageSize != 0 && (head.pageSize & (head.pageSize - 1)) == 0;
    if (!powerOfTwo || head.pageSize < 512 || head.pageSize > 65536) {
        return bad("has a page size that no database has");
    }
    return {};
}

Status checkParts(const ArtefactDescriptor& descriptor, const ArtefactSummary& summary) {
    if (summary.parts.size() != descriptor.parts.size()) {
        return bad("has another number of parts than its names say");
    }
    std::uint64_t frames = 0;
    for (std::size_t i = 0; i < summary.parts.size(); ++i) {
        const PartSummary& part = summary.parts[i];
        const bool isLast = i + 1 == summary.parts.size();
        if (!isLast && part.bytes != descriptor.parts[i].size) {
            return bad("part " + std::to_string(i + 1) + " has another size than was written");
        }
        if (part.firstFrame != frames || part.frameCount > summary.pageCount - frames) {
            return bad("has parts that do not follow each other");
        }
        frames += part.frameCount;
    }
    return frames == summary.pageCount ? Status{} : bad("has parts that do not hold every frame");
}

Status checkCommits(const ArtefactTable& table) {
    const bool isSnapshot = table.head.kind == ArtefactKind::Snapshot;
    const std::vector<CommitEntry>& commits = table.commits;
    if (commits.empty() || (isSnapshot && commits.size() != 1)) {
        return bad("has a commit table of the wrong length");
    }
    TxId before = isSnapshot ? TxId{} : table.head.parentTxId;
    std::uint64_t frames = 0;
    for (const CommitEntry& commit : commits) {
        if (commit.tx <= before) {
            return bad("has changes out of order");
        }
        // Frames in between may belong to no commit: the writer abandoned them.
        if (commit.firstFrame < frames || commit.firstFrame > table.summary.pageCount ||
            commit.frameCount > table.summary.pageCount - commit.firstFrame) {
            return bad("has changes whose frames do not follow each other");
        }
        if (commit.highWaterMark > kDatabaseBytesMax / table.head.pageSize) {
            return bad("has a database size that no disk holds");
        }
        before = commit.tx;
        frames = commit.firstFrame + commit.frameCount;
    }
    return frames == table.summary.pageCount ? Status{}
                                             : bad("has frames that belong to no change");
}

}  // namespace

Status checkTable(const ArtefactDescriptor& descriptor, const ArtefactTable& table) {
    ENGINE_TRY(checkHead(descriptor, table.head));
    ENGINE_TRY(checkParts(descriptor, table.summary));
    ENGINE_TRY(checkCommits(table));
    const CommitEntry& last = table.commits.back();
    if (last.tx != descriptor.lastTx || table.head.firstTxId != descriptor.firstTx ||
        table.summary.txId != last.tx || table.commits.front().tx < descriptor.firstTx) {
        return bad("has other changes than its name says");
    }
    if (table.summary.root != last.root || table.summary.highWaterMark != last.highWaterMark) {
        return bad("has a summary that contradicts its commit table");
    }
    return {};
}

}  // namespace engine
