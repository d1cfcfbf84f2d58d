// SPDX-License-Identifier: Apache-2.0
#include "engine/format/artefact_writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/format/artefact_json.h"
#include "engine/format/artefact_layout.h"
#include "engine/format/commit_table.h"
#include "engine/format/ordered_work.h"
#include "engine/format/part_index.h"

namespace engine {
namespace {

/// One block on its way: filled by the writer, packed on the pool, placed by the writer.
struct PackJob {
    // The compressor stays with the job, so that each context is made once and used again.
    std::optional<BlockCompressor> compressor;
    Buffer plain;
    std::vector<FrameEntry> frames;
    Buffer packed;
    Result<Codec> codec = Codec::None;
    std::uint64_t checksum = 0;

    void run() {
        codec = compressor->compress(plain, packed);
        checksum = xxh3(packed);
    }
};

class StreamingWriter final : public ArtefactWriter {
public:
    StreamingWriter(ArtefactHead head,
                    std::string headJson,
                    const ArtefactWriterOptions& options,
                    PartSink& sink);

    Status frame(const PageFrame& frame) override;
    Status commit(const Commit& commit) override;
    void abandon() override;
    Status finish() override;

    std::uint64_t frameCount() const noexcept override { return m_frames; }

    std::uint64_t plainBytes() const noexcept override { return m_plainBytes; }

    std::uint64_t commitCount() const noexcept override { return m_commits.count(); }

private:
    Status keep(Status status);
    Status addPiece(const PageFrame& piece);
    Status startBlock();
    Status placeOldest();
    Status placeAll();
    Status place(const PackJob& job);
    bool fits(const PackJob& job) const;
    void beginPart();
    Status endPart(const std::optional<LastPart>& last);
    Status appendSection(SealedSection::Kind kind, bool last, ByteView plain, std::uint32_t& bytes);
    Status appendTail(const std::optional<LastPart>& last, PartFooter& footer);
    Buffer encodeSummary() const;

    const ArtefactHead m_head;
    const std::string m_headJson;
    const ArtefactWriterOptions m_options;
    PartSink& m_sink;
    PartIdentity m_identity;  // of the part being built

    OrderedWork<PackJob> m_work;
    std::unique_ptr<PackJob> m_open;  // the block being filled
    Buffer m_part;
    PartIndexBuilder m_index;
    std::uint64_t m_blocks = 0;  // placed in all parts

    CommitTableBuilder m_commits;
    Attrs m_origin;
    Time m_firstTime;
    std::vector<PartSummary> m_parts;  // the finished ones
    std::uint64_t m_frames = 0;
    std::uint64_t m_ownedEnd = 0;  // frames before it belong to commits or are abandoned
    std::uint64_t m_plainBytes = 0;
    bool m_finished = false;
    std::optional<Error> m_failed;
};

StreamingWriter::StreamingWriter(ArtefactHead head,
                                 std::string headJson,
                                 const ArtefactWriterOptions& options,
                                 PartSink& sink)
    : m_head(std::move(head))
    , m_headJson(std::move(headJson))
    , m_options(options)
    , m_sink(sink)
    , m_identity{m_head.id, sha256(viewOf(m_headJson)), 0}
    , m_work(options.pool)
    , m_index(0, 0) {
    beginPart();
}

/// After an error nothing goes on: the parts would have a hole.
Status StreamingWriter::keep(Status status) {
    if (!status.ok() && !m_failed) {
        m_failed = status.error();
    }
    return status;
}

Status StreamingWriter::frame(const PageFrame& frame) {
    ENSURE(!m_finished);
    if (m_failed) {
        return *m_failed;
    }
    const std::uint64_t pages = std::uint64_t{frame.overflow} + 1;
    ENSURE(frame.bytes.size() == pages * m_head.pageSize);
    if (frame.page < firstPageOf(m_head.engine) || frame.page > kPagesMax - pages) {
        return Error{ErrorCode::InvalidArgument, "a frame of a page that cannot be"};
    }
    const std::uint64_t pagesMax = kFrameBytesMax / m_head.pageSize;
    for (std::uint64_t done = 0; done < pages;) {
        const std::uint64_t count = std::min(pagesMax, pages - done);
        ENGINE_TRY(keep(addPiece(
            PageFrame{frame.page + done,
                      static_cast<std::uint32_t>(count - 1),
                      frame.bytes.subspan(static_cast<std::size_t>(done * m_head.pageSize),
                                          static_cast<std::size_t>(count * m_head.pageSize))})));
        done += count;
    }
    return {};
}

Status StreamingWriter::addPiece(const PageFrame& piece) {
    if (m_open && !m_open->plain.empty() &&
        m_open->plain.size() + piece.bytes.size() > kBlockBytesTarget) {
        ENGINE_TRY(startBlock());
    }
    if (!m_open) {
        m_open = m_work.spare();
        m_open->plain.clear();
        m_open->frames.clear();
    }
    appendBytes(m_open->plain, piece.bytes);
    m_open->frames.push_back(FrameEntry{m_frames, piece.page, piece.overflow});
    ++m_frames;
    m_plainBytes += piece.bytes.size();
    return {};
}

Status StreamingWriter::startBlock() {
    if (m_work.full()) {
        ENGINE_TRY(placeOldest());
    }
    if (!m_open->compressor) {
        m_open->compressor.emplace(m_head.compression);
    }
    m_work.start(std::move(m_open));
    return {};
}

Status StreamingWriter::placeOldest() {
    std::unique_ptr<PackJob> job = m_work.takeOldest();
    ENGINE_TRY(place(*job));
    m_work.recycle(std::move(job));
    return {};
}

Status StreamingWriter::placeAll() {
    if (m_open && !m_open->plain.empty()) {
        ENGINE_TRY(startBlock());
    }
    while (!m_work.empty()) {
        ENGINE_TRY(placeOldest());
    }
    return {};
}

bool StreamingWriter::fits(const PackJob& job) const {
    const std::size_t after = m_part.size() + job.packed.size() +
                              m_index.bytesMax(job.frames.size()) + 2 * kSealOverheadMax +
                              kPartFooterBytes;
    return after <= m_options.partBytesTarget && m_index.blockCount() < kBlocksPerPartMax &&
           m_index.frameCount() + job.frames.size() <= kFramesPerPartMax;
}

Status StreamingWriter::place(const PackJob& job) {
    ENGINE_TRY_ASSIGN(const Codec codec, job.codec);
    if (m_index.blockCount() != 0 && !fits(job)) {
        ENGINE_TRY(endPart(std::nullopt));
        beginPart();
    }
    BlockEntry entry;
    entry.codec = codec;
    entry.checksum = job.checksum;
    entry.frameCount = static_cast<std::uint32_t>(job.frames.size());
    const std::size_t start = m_part.size();
    if (m_options.sealer == nullptr) {
        appendBytes(m_part, job.packed);
    } else {
        const SealedSection section{SealedSection::Kind::Block, m_identity.part, m_blocks, false};
        ENGINE_TRY_ASSIGN(
            const Buffer sealed,
            m_options.sealer->seal(m_identity.id, m_identity.headDigest, section, job.packed));
        ENSURE(sealed.size() <= job.packed.size() + kSealOverheadMax);
        entry.checksum = xxh3(sealed);
        appendBytes(m_part, sealed);
    }
    entry.storedBytes = static_cast<std::uint32_t>(m_part.size() - start);
    m_index.add(entry, job.frames);
    ++m_blocks;
    return {};
}

void StreamingWriter::beginPart() {
    const std::uint64_t firstFrame = m_index.firstFrame() + m_index.frameCount();
    m_index = PartIndexBuilder(m_blocks, firstFrame);
    const bool first = ++m_identity.part == 1;
    m_part = m_sink.spare();
    m_part.clear();
    if (!first) {
        // Another part was full, so this one may be too: no growing by copies.
        m_part.reserve(m_options.partBytesTarget);
    }
    appendHeader(m_part,
                 PartHeader{m_head.kind,
                            m_options.sealer != nullptr,
                            m_identity,
                            first ? static_cast<std::uint32_t>(m_headJson.size()) : 0});
    if (first) {
        appendBytes(m_part, viewOf(m_headJson));
    }
}

Status StreamingWriter::endPart(const std::optional<LastPart>& last) {
    PartFooter footer;
    footer.identity = m_identity;
    footer.last = last.has_value();
    ENGINE_TRY(appendTail(last, footer));
    footer.partBytes = m_part.size() + kPartFooterBytes;
    appendFooter(m_part, footer);
    ENSURE(m_part.size() == footer.partBytes && m_part.size() <= kPartBytesMax);
    m_parts.push_back(
        PartSummary{m_part.size(), xxh3(m_part), m_index.firstFrame(), m_index.frameCount()});
    if (m_parts.size() == kPartsMax && !last) {
        return Error{ErrorCode::InvalidArgument, "the database is too large for one artefact"};
    }
    FinishedPart part;
    part.name = PartName{m_options.location,
                         m_head.generation,
                         m_head.kind,
                         m_head.firstTxId,
                         m_head.writer,
                         m_head.id,
                         m_identity.part,
                         last};
    part.bytes = std::move(m_part);
    return m_sink.part(std::move(part));
}

Status StreamingWriter::appendTail(const std::optional<LastPart>& last, PartFooter& footer) {
    using Kind = SealedSection::Kind;
    const std::size_t start = m_part.size();
    ENGINE_TRY(appendSection(Kind::PartIndex, footer.last, m_index.encode(), footer.indexBytes));
    if (last) {
        ENGINE_TRY(appendSection(Kind::Summary, true, encodeSummary(), footer.summaryBytes));
        ENGINE_TRY(
            appendSection(Kind::CommitTable, true, m_commits.encode(), footer.commitTableBytes));
    }
    footer.tailChecksum = xxh3(ByteView(m_part).subspan(start));
    return {};
}

Status StreamingWriter::appendSection(SealedSection::Kind kind,
                                      bool last,
                                      ByteView plain,
                                      std::uint32_t& bytes) {
    const std::size_t start = m_part.size();
    if (m_options.sealer == nullptr) {
        appendBytes(m_part, plain);
    } else {
        const SealedSection section{kind, m_identity.part, 0, last};
        ENGINE_TRY_ASSIGN(
            const Buffer sealed,
            m_options.sealer->seal(m_identity.id, m_identity.headDigest, section, plain));
        ENSURE(sealed.size() <= plain.size() + kSealOverheadMax);
        appendBytes(m_part, sealed);
    }
    bytes = static_cast<std::uint32_t>(m_part.size() - start);
    return {};
}

Buffer StreamingWriter::encodeSummary() const {
    const CommitEntry& commit = m_commits.last();
    ArtefactSummary summary;
    summary.txId = commit.tx;
    summary.lastTxId = commit.tx;
    summary.pageCount = m_frames;
    summary.highWaterMark = commit.highWaterMark;
    summary.root = commit.root;
    summary.parts = m_parts;
    summary.parts.push_back(PartSummary{0, 0, m_index.firstFrame(), m_index.frameCount()});
    summary.additionalAttrs = m_origin;
    const std::string json = summaryToJson(summary);
    return Buffer(viewOf(json).begin(), viewOf(json).end());
}

Status StreamingWriter::commit(const Commit& commit) {
    ENSURE(!m_finished);
    if (m_failed) {
        return *m_failed;
    }
    ENSURE(commit.tx > m_commits.last().tx);
    if (commit.pageSize != m_head.pageSize || commit.highWaterMark > kPagesMax ||
        !isRepresentable(commit.seenAt)) {
        return Error{ErrorCode::InvalidArgument, "a commit that does not fit the artefact"};
    }
    if (commit.tx < m_head.firstTxId || commit.tx <= m_head.parentTxId) {
        return Error{ErrorCode::InvalidArgument, "a commit from before the artefact"};
    }
    if (m_commits.count() == (m_head.kind == ArtefactKind::Snapshot ? 1 : kCommitsMax)) {
        return Error{ErrorCode::InvalidArgument, "no more commits fit into the artefact"};
    }
    if (m_commits.count() == 0) {
        m_firstTime = commit.seenAt;
    }
    m_commits.add(CommitEntry{commit.tx,
                              commit.seenAt,
                              commit.highWaterMark,
                              commit.parentRoot,
                              commit.root,
                              commit.catchUp,
                              commit.merged,
                              m_ownedEnd,
                              m_frames - m_ownedEnd});
    m_ownedEnd = m_frames;
    m_origin = commit.origin;
    return {};
}

void StreamingWriter::abandon() {
    // Frames of the open block go; those that were packed already stay and belong to no commit.
    while (m_open && m_frames > m_ownedEnd && !m_open->frames.empty()) {
        const std::size_t bytes =
            (std::size_t{m_open->frames.back().overflow} + 1) * m_head.pageSize;
        m_open->plain.resize(m_open->plain.size() - bytes);
        m_open->frames.pop_back();
        m_plainBytes -= bytes;
        --m_frames;
    }
    m_ownedEnd = m_frames;
}

Status StreamingWriter::finish() {
    ENSURE(!m_finished && m_commits.count() != 0);
    if (m_failed) {
        return *m_failed;
    }
    abandon();
    ENGINE_TRY(keep(placeAll()));
    const std::size_t summary = encodeSummary().size();
    if (summary > kSummaryBytesMax - kSealOverheadMax) {
        return keep(Error{ErrorCode::InvalidArgument, "the attributes of a commit are too long"});
    }
    const std::size_t tail =
        m_index.bytesMax(0) + summary + m_commits.bytes() + 3 * kSealOverheadMax + kPartFooterBytes;
    if (m_part.size() + tail > kPartBytesMax) {
        ENGINE_TRY(keep(endPart(std::nullopt)));
        beginPart();
    }
    m_finished = true;
    return keep(endPart(LastPart{m_commits.last().tx, m_firstTime, m_commits.last().time}));
}

Status checkOptions(const ArtefactHead& head, const ArtefactWriterOptions& options) {
    ENGINE_TRY(checkCompression(head.compression));
    const bool snapshot = head.kind == ArtefactKind::Snapshot;
    if (!isPageSize(head.pageSize) || !isRepresentable(head.createdAt) ||
        options.location.database != head.database || (snapshot && head.parentTxId.value != 0)) {
        return Error{ErrorCode::InvalidArgument, "a head that cannot be"};
    }
    if (options.partBytesTarget == 0 || options.partBytesTarget > kPartBytesMax) {
        return Error{ErrorCode::InvalidArgument, "parts of a size that cannot be"};
    }
    const std::string keyId = options.sealer == nullptr ? std::string() : options.sealer->keyId();
    if (head.keyId != keyId || (options.sealer != nullptr && keyId.empty())) {
        return Error{ErrorCode::InvalidArgument, "the head names another key than the sealer"};
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<ArtefactWriter>> ArtefactWriter::create(ArtefactHead head,
                                                               const ArtefactWriterOptions& options,
                                                               PartSink& sink) {
    if (head.keyId.empty() && options.sealer != nullptr) {
        head.keyId = options.sealer->keyId();
    }
    ENGINE_TRY(checkOptions(head, options));
    head.compression.window = usableWindow(head.compression.window);
    std::string json = headToJson(head);
    if (json.size() > kHeadBytesMax) {
        return Error{ErrorCode::InvalidArgument, "the attributes of an artefact are too long"};
    }
    return std::unique_ptr<ArtefactWriter>(
        std::make_unique<StreamingWriter>(std::move(head), std::move(json), options, sink));
}

}  // namespace engine
