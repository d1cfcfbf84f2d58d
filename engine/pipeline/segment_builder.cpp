// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/segment_builder.h"

namespace engine {

SegmentBuilder::SegmentBuilder(ShadowLog& log,
                               const SegmentOrigin& origin,
                               const Start& start,
                               const Clock& clock)
    : m_log(log)
    , m_origin(origin)
    , m_clock(clock)
    , m_tx(start.tx)
    , m_publishedTx(start.tx)
    , m_root(start.root)
    , m_lastCommitAt(start.at) {}

Status SegmentBuilder::openSegment(std::uint32_t pageSize) {
    ENSURE(m_segment == nullptr);
    ArtefactHead head;
    head.id = randomArtefactId();
    head.kind = ArtefactKind::Segment;
    head.database = m_origin.database;
    head.generation = m_origin.generation;
    head.writer = m_origin.writer;
    head.engine = m_origin.engine;
    head.parentTxId = m_tx;
    head.firstTxId = m_tx.next();
    head.pageSize = pageSize;
    head.seed = m_origin.seed;
    // The local log is read once and removed: packing it is work without a use.
    head.compression = Compression{Codec::None, 0, 0};
    head.createdAt = m_clock.now();
    ENGINE_TRY_ASSIGN(m_segment, m_log.beginSegment(head));
    m_segmentPageSize = pageSize;
    return {};
}

Status SegmentBuilder::frame(const PageFrame& frame) {
    if (!m_streaming && m_stagedBytes.size() + frame.bytes.size() > kStagedBytesMax) {
        ENGINE_TRY(publish());
        ENGINE_TRY(
            openSegment(static_cast<std::uint32_t>(frame.bytes.size() / (1 + frame.overflow))));
        m_streaming = true;
        ENGINE_TRY(writeStaged());
    }
    if (m_streaming) {
        return m_segment->writer().frame(frame);
    }
    m_staged.push_back(
        StagedFrame{frame.page, frame.overflow, m_stagedBytes.size(), frame.bytes.size()});
    appendBytes(m_stagedBytes, frame.bytes);
    return {};
}

Status SegmentBuilder::writeStaged() {
    for (const StagedFrame& staged : m_staged) {
        const ByteView bytes = ByteView(m_stagedBytes).subspan(staged.offset, staged.size);
        ENGINE_TRY(m_segment->writer().frame(PageFrame{staged.page, staged.overflow, bytes}));
    }
    clearStaged();
    return {};
}

void SegmentBuilder::clearStaged() noexcept {
    m_staged.clear();
    m_stagedBytes.clear();
}

Status SegmentBuilder::commit(const Commit& commit) {
    ENSURE(commit.tx == m_tx.next());
    ENSURE(commit.parentRoot == m_root);
    if (m_segment != nullptr && m_segmentPageSize != commit.pageSize) {
        ENSURE(!m_streaming);
        ENGINE_TRY(publish());
    }
    if (m_segment == nullptr) {
        ENGINE_TRY(openSegment(commit.pageSize));
    }
    ENGINE_TRY(writeStaged());
    ENGINE_TRY(m_segment->writer().commit(commit));
    m_tx = commit.tx;
    m_root = commit.root;
    m_lastCommitAt = commit.seenAt;
    if (m_openCommits++ == 0) {
        m_openSince = m_clock.steady();
        m_oldestOpen = commit.seenAt;
    }
    if (m_streaming || full()) {
        return publish();
    }
    return {};
}

void SegmentBuilder::abandon() {
    clearStaged();
    if (m_streaming) {
        m_streaming = false;
        m_segment.reset();
    }
}

bool SegmentBuilder::full() const noexcept {
    return m_segment != nullptr && (m_segment->writer().plainBytes() >= kSegmentBytesTarget ||
                                    m_openCommits >= kSegmentCommitsMax);
}

Status SegmentBuilder::publish(bool durable) {
    if (m_openCommits == 0) {
        return {};
    }
    ENSURE(m_segment != nullptr);
    // Whatever comes of it, this writer is used up: a failure is answered by recovering from what
    // the log holds.
    const std::unique_ptr<ShadowLog::SegmentWriter> segment = std::move(m_segment);
    m_streaming = false;
    m_openCommits = 0;
    m_openSince.reset();
    ENGINE_TRY_ASSIGN(const ShadowSegment published, segment->publish(durable));
    ENSURE(published.lastTx == m_tx);
    ENSURE(published.root == m_root);
    m_publishedTx = m_tx;
    return {};
}

}  // namespace engine
