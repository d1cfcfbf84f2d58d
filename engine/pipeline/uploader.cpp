// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/uploader.h"

#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/base/file_system.h"
#include "engine/base/log.h"
#include "engine/format/artefact_writer.h"
#include "engine/pipeline/part_upload.h"
#include "engine/pipeline/snapshotter.h"

namespace engine {
namespace {

/// Hands the commits of the log's segments on to the writer of the stored one.
class MergeSink final : public CommitSink {
public:
    MergeSink(ArtefactWriter& writer, std::stop_token stop)
        : m_writer(writer)
        , m_stop(std::move(stop)) {}

    Status frame(const PageFrame& frame) override {
        if (m_stop.stop_requested()) {
            m_failed = true;
            return Error{ErrorCode::Cancelled, "the upload was stopped"};
        }
        m_failed = true;
        ENGINE_TRY(m_writer.frame(frame));
        m_failed = false;
        return {};
    }

    Status commit(const Commit& commit) override {
        m_failed = true;
        ENGINE_TRY(m_writer.commit(commit));
        m_failed = false;
        return {};
    }

    void abandon() override {}

    /// It was the stored side that failed, not the log.
    bool failed() const noexcept { return m_failed; }

private:
    ArtefactWriter& m_writer;
    const std::stop_token m_stop;
    bool m_failed = false;
};

/// How many of the pending segments go into one stored segment.
std::size_t batchOf(const std::vector<ShadowSegment>& pending) {
    std::uint64_t commits = 0;
    std::uint64_t bytes = 0;
    std::size_t count = 0;
    for (const ShadowSegment& segment : pending) {
        commits += segment.commits;
        bytes += segment.plainBytes;
        const bool follows = count == 0 || segment.parentTx == pending[count - 1].lastTx;
        const bool large = commits > kUploadCommitsMax || bytes > kUploadPlainBytesMax;
        if (!follows || (count > 0 && large)) {
            break;
        }
        ++count;
    }
    return count;
}

std::optional<PendingUpload> begunSegment(const AckJournal& journal, GenerationId generation) {
    for (PendingUpload& upload : journal.pending()) {
        if (upload.kind == ArtefactKind::Segment && upload.generation == generation) {
            return std::move(upload);
        }
    }
    return std::nullopt;
}

/// Of the very files: a range that was recorded again would not give the same bytes.
std::uint64_t fingerprintOf(const std::vector<ShadowSegment>& segments) {
    std::string names;
    for (const ShadowSegment& segment : segments) {
        names += fileNameOf(segment.partPaths.back()) + "\n";
    }
    return xxh3(viewOf(names));
}

/// The segments firstTx..lastTx of what is pending; empty where the log does not have exactly them.
std::vector<ShadowSegment> segmentsOf(const std::vector<ShadowSegment>& pending,
                                      const PendingUpload& upload) {
    std::vector<ShadowSegment> segments;
    for (const ShadowSegment& segment : pending) {
        if (segment.lastTx <= upload.lastTx) {
            segments.push_back(segment);
        }
    }
    const bool exact = !segments.empty() && segments.front().firstTx == upload.firstTx &&
                       segments.back().lastTx == upload.lastTx &&
                       fingerprintOf(segments) == upload.source;
    return exact ? segments : std::vector<ShadowSegment>{};
}

Result<PendingUpload> beginSegment(const UploadTools& tools,
                                   GenerationId generation,
                                   const std::vector<ShadowSegment>& segments) {
    PendingUpload upload;
    upload.kind = ArtefactKind::Segment;
    upload.generation = generation;
    upload.artefact = randomArtefactId();
    upload.firstTx = segments.front().firstTx;
    upload.lastTx = segments.back().lastTx;
    upload.createdAt = tools.clock.now();
    upload.source = fingerprintOf(segments);
    ENGINE_TRY(tools.journal.begin(upload));
    return upload;
}

/// A segment could not be read: damaged, unless it was given up meanwhile.
Error unreadable(const UploadTools& tools, const ShadowSegment& segment, const Error& why) {
    const auto now = tools.controller.pendingAfter(segment.generation, segment.parentTx);
    if (now.empty() || now.front().firstTx != segment.firstTx) {
        return Error{ErrorCode::Unavailable, "the changes were given up while they were sent"};
    }
    if (why.code == ErrorCode::Corruption || why.code == ErrorCode::NotFound ||
        why.code == ErrorCode::Io) {
        tools.controller.reportDamage(segment, why.message);
        return Error{ErrorCode::Unavailable, "the local log is damaged: " + why.message};
    }
    return why;
}

Status sendSegments(const UploadTools& tools,
                    const PendingUpload& upload,
                    const std::vector<ShadowSegment>& segments,
                    PartUpload& sink,
                    std::stop_token stop) {
    const ShadowLog& log = tools.controller.log();
    const Result<ArtefactTable> first = log.table(segments.front());
    if (!first.ok()) {
        return unreadable(tools, segments.front(), first.error());
    }
    ArtefactHead head = first.value().head;
    head.id = upload.artefact;
    head.createdAt = upload.createdAt;
    head.compression = tools.controller.config().compression;
    ArtefactWriterOptions options;
    options.location = tools.controller.location();
    // Packed on this lane's thread: a burst of the app must not find every core busy with it.
    options.pool = nullptr;
    ENGINE_TRY_ASSIGN(const std::unique_ptr<ArtefactWriter> writer,
                      ArtefactWriter::create(head, options, sink));
    MergeSink merge(*writer, stop);
    for (const ShadowSegment& segment : segments) {
        const Status replayed = log.replay(segment, merge);
        if (!replayed.ok()) {
            return merge.failed() ? replayed.error() : unreadable(tools, segment, replayed.error());
        }
    }
    ENGINE_TRY(writer->finish());
    return sink.drain();
}

}  // namespace

Result<UploadedSegment> uploadSegments(const UploadTools& tools,
                                       GenerationId generation,
                                       const std::vector<ShadowSegment>& pending,
                                       std::stop_token stop) {
    ENSURE(!pending.empty());
    std::vector<ShadowSegment> segments;
    PendingUpload upload;
    if (std::optional<PendingUpload> begun = begunSegment(tools.journal, generation)) {
        segments = segmentsOf(pending, *begun);
        if (segments.empty()) {
            ENGINE_TRY(tools.journal.dropped(begun->artefact));
        }
        upload = std::move(*begun);
    }
    if (segments.empty()) {
        segments.assign(pending.begin(),
                        pending.begin() + static_cast<std::ptrdiff_t>(batchOf(pending)));
        ENGINE_TRY_ASSIGN(upload, beginSegment(tools, generation, segments));
    }
    PartUpload sink(tools, upload, stop);
    ENGINE_TRY(sendSegments(tools, upload, segments, sink, stop));
    ENGINE_TRY(
        tools.journal.stored(upload.artefact, upload.lastTx, tools.clock.now(), sink.bytes()));
    log::pipeline().debug("segment stored db={} replica={} tx={}-{} bytes={}",
                          tools.controller.config().name,
                          tools.replica.traits().kind,
                          upload.firstTx.value,
                          upload.lastTx.value,
                          sink.bytes());
    return UploadedSegment{upload.lastTx, sink.bytes()};
}

Result<UploadedSnapshot> uploadSnapshot(const UploadTools& tools,
                                        const SnapshotProgressFn& progress,
                                        std::stop_token stop) {
    const std::optional<RecordedGeneration> generation = tools.controller.generation();
    if (!generation) {
        return Error{ErrorCode::Unavailable, "the database is not being recorded right now"};
    }
    PendingUpload upload;
    upload.kind = ArtefactKind::Snapshot;
    upload.generation = generation->id;
    upload.artefact = randomArtefactId();
    upload.createdAt = tools.clock.now();
    ENGINE_TRY(tools.journal.begin(upload));
    SnapshotOrder order;
    order.id = upload.artefact;
    order.createdAt = upload.createdAt;
    order.compression = tools.controller.config().compression;
    order.pool = tools.pool;
    order.progress = progress;
    PartUpload sink(tools, upload, stop);
    ENGINE_TRY_ASSIGN(const SnapshotResult taken,
                      takeSnapshot(tools.controller, order, sink, stop));
    ENGINE_TRY(sink.drain());
    if (taken.generation != generation->id) {
        return Error{ErrorCode::Unavailable, "a new generation started during the snapshot"};
    }
    ENGINE_TRY(tools.journal.stored(upload.artefact, taken.tx, tools.clock.now(), sink.bytes()));
    log::pipeline().info("snapshot stored db={} replica={} generation={} tx={} bytes={}",
                         tools.controller.config().name,
                         tools.replica.traits().kind,
                         taken.generation.text(),
                         taken.tx.value,
                         sink.bytes());
    return UploadedSnapshot{taken.generation, taken.tx, sink.bytes()};
}

Status dropUnfinishedSnapshots(const UploadTools& tools, std::stop_token stop) {
    for (const PendingUpload& upload : tools.journal.pending()) {
        if (upload.kind != ArtefactKind::Snapshot) {
            continue;
        }
        if (!upload.parts.empty()) {
            const Status removed = tools.replica.remove(upload.parts, stop);
            // Write-only credentials: the parts stay as orphans, which no reader takes for a
            // snapshot.
            if (!removed.ok() && removed.error().code != ErrorCode::PermissionDenied) {
                return removed;
            }
        }
        ENGINE_TRY(tools.journal.dropped(upload.artefact));
    }
    return {};
}

}  // namespace engine
