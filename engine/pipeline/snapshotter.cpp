// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/snapshotter.h"

#include <algorithm>
#include <unordered_map>

#include "engine/base/pause.h"
#include "engine/pipeline/log_hold.h"

namespace engine {
namespace {

constexpr std::uint64_t kSliceBytes = 256u << 10;
constexpr std::chrono::milliseconds kRetryPause{20};
constexpr unsigned kRetriesMax = 3000;  // x 20 ms = a minute

/// Walks the frames of the log's segments after a TxId, knowing the TxId of each frame.
class FrameWalk final : public CommitSink {
public:
    using Visitor = std::function<Status(TxId tx, const PageFrame& frame)>;

    FrameWalk(TxId after, TxId upTo, const Visitor& visitor)
        : m_after(after)
        , m_upTo(upTo)
        , m_visitor(visitor) {}

    Status walk(const ShadowLog& log, GenerationId generation) {
        for (const ShadowSegment& segment : log.segmentsAfter(generation, m_after)) {
            m_tx = segment.firstTx;
            ENGINE_TRY(log.replay(segment, *this));
        }
        return {};
    }

    Status frame(const PageFrame& frame) override {
        return m_tx > m_after && m_tx <= m_upTo ? m_visitor(m_tx, frame) : Status{};
    }

    Status commit(const Commit& commit) override {
        m_tx = commit.tx.next();
        return {};
    }

    void abandon() override {}

private:
    const TxId m_after;
    const TxId m_upTo;
    const Visitor& m_visitor;
    TxId m_tx;
};

class SnapshotPass {
public:
    SnapshotPass(Controller& controller, const SnapshotOrder& order, std::stop_token stop)
        : m_controller(controller)
        , m_order(order)
        , m_stop(std::move(stop)) {}

    Result<SnapshotResult> run(PartSink& sink) {
        ENGINE_TRY(begin());
        ENGINE_TRY(createWriter(sink));
        ENGINE_TRY(takePages());
        ENGINE_TRY(settleMissing());
        ENGINE_TRY(overlay());
        Commit commit;
        commit.tx = m_end.tx;
        commit.seenAt = m_end.time;
        commit.pageSize = m_pageSize;
        commit.highWaterMark = m_end.pageCount;
        commit.root = m_end.root;
        commit.origin = m_end.origin;
        ENGINE_TRY(m_writer->commit(commit));
        ENGINE_TRY(m_writer->finish());
        return SnapshotResult{m_generation, m_end.tx, m_end.time};
    }

private:
    struct End {
        TxId tx;
        Time time;
        std::uint64_t pageCount = 0;
        Root root;
        Attrs origin;
    };

    Status interrupted() const {
        return m_stop.stop_requested()
                   ? Error{ErrorCode::Cancelled, "the snapshot was cancelled"}
                   : Error{ErrorCode::Unavailable, "the database is not being recorded right now"};
    }

    /// Runs use() between two steps of capture, as long as it still is the same generation.
    Status inTurn(const Controller::CaptureUse& use) {
        bool same = false;
        const bool taken =
            m_controller.withCapture(m_stop, [&](Capture& capture, SegmentBuilder& builder) {
                const GenerationId now = capture.position().generation;
                if (m_generation.empty()) {
                    m_generation = now;
                }
                same = now == m_generation;
                if (same) {
                    use(capture, builder);
                }
            });
        return taken && same ? Status{} : interrupted();
    }

    Status begin() {
        return inTurn([this](Capture& capture, SegmentBuilder& builder) {
            m_start = builder.tx();
            m_hold = m_controller.holdLog(m_start);
            m_pageSize = capture.map().pageSize();
            m_firstPage = capture.map().firstPage();
            m_endPage = capture.map().endPage();
            m_seed = capture.map().seed();
        });
    }

    Status createWriter(PartSink& sink) {
        ArtefactHead head;
        head.id = m_order.id;
        head.kind = ArtefactKind::Snapshot;
        head.database = m_controller.location().database;
        head.generation = m_generation;
        head.writer = m_controller.writer();
        head.firstTxId = m_start;
        head.pageSize = m_pageSize;
        head.seed = m_seed;
        head.compression = m_order.compression;
        head.createdAt = m_order.createdAt;
        ArtefactWriterOptions options;
        options.location = m_controller.location();
        options.pool = m_order.pool;
        ENGINE_TRY_ASSIGN(m_writer, ArtefactWriter::create(head, options, sink));
        return {};
    }

    /// Reads pages first..end (or those of a list) in slices; what does not match now is missing.
    Status takeSlice(const std::vector<std::uint64_t>& pages) {
        m_slice.resize(pages.size() * m_pageSize);
        std::vector<bool> taken;
        Status read;
        ENGINE_TRY(inTurn([&](Capture& capture, SegmentBuilder&) {
            Result<std::vector<bool>> matched = capture.readPages(pages, m_slice);
            if (!matched.ok()) {
                read = matched.error();
                return;
            }
            taken = std::move(matched).value();
            for (std::size_t i = 0; i < pages.size(); ++i) {
                // One that was cut off meanwhile comes with frames if it comes back.
                if (!taken[i] && capture.map().contains(pages[i])) {
                    m_missing.push_back(pages[i]);
                }
            }
        }));
        ENGINE_TRY(std::move(read));
        for (std::size_t i = 0; i < pages.size(); ++i) {
            if (taken[i]) {
                const ByteView bytes = ByteView(m_slice).subspan(i * m_pageSize, m_pageSize);
                ENGINE_TRY(m_writer->frame(PageFrame{pages[i], 0, bytes}));
            }
        }
        return {};
    }

    Status takePages() {
        const std::uint64_t perSlice = std::max<std::uint64_t>(1, kSliceBytes / m_pageSize);
        std::vector<std::uint64_t> pages;
        for (std::uint64_t page = m_firstPage; page < m_endPage;) {
            pages.clear();
            for (; page < m_endPage && pages.size() < perSlice; ++page) {
                pages.push_back(page);
            }
            ENGINE_TRY(takeSlice(pages));
            if (m_order.progress) {
                m_order.progress(page - m_firstPage, m_endPage - m_firstPage);
            }
        }
        return {};
    }

    /// Until every page is taken or has a frame after the start: then the end is fixed.
    Status settleMissing() {
        for (unsigned tries = 0; tries < kRetriesMax; ++tries) {
            std::vector<std::uint64_t> missing = std::exchange(m_missing, {});
            Status published;
            ENGINE_TRY(inTurn([&](Capture& capture, SegmentBuilder& builder) {
                published = builder.publish();
                m_end = End{builder.tx(),
                            builder.lastCommitAt(),
                            capture.map().pageCount(),
                            capture.map().root(),
                            capture.position().origin};
            }));
            if (!published.ok()) {
                return Error{ErrorCode::Unavailable, published.error().message};
            }
            ENGINE_TRY(noteChanged());
            std::erase_if(missing, [this](std::uint64_t page) {
                return m_changed.contains(page) || page >= m_firstPage + m_end.pageCount;
            });
            if (missing.empty()) {
                return {};
            }
            const std::size_t perSlice = std::max<std::size_t>(1, kSliceBytes / m_pageSize);
            for (std::size_t at = 0; at < missing.size(); at += perSlice) {
                const auto first = missing.begin() + static_cast<std::ptrdiff_t>(at);
                const auto last = missing.begin() + static_cast<std::ptrdiff_t>(
                                                        std::min(at + perSlice, missing.size()));
                ENGINE_TRY(takeSlice(std::vector<std::uint64_t>(first, last)));
            }
            if (!m_missing.empty() && !pauseFor(m_stop, kRetryPause)) {
                return interrupted();
            }
        }
        m_controller.reportStateLost();
        return Error{ErrorCode::Timeout, "a page of the database stayed unreadable for a minute"};
    }

    /// Notes for each page the last commit up to the end that wrote it.
    Status noteChanged() {
        const FrameWalk::Visitor note = [this](TxId tx, const PageFrame& frame) -> Status {
            m_changed[frame.page] = tx;
            return {};
        };
        ENGINE_TRY(FrameWalk(std::max(m_start, m_notedUpTo), m_end.tx, note)
                       .walk(m_controller.log(), m_generation));
        m_notedUpTo = m_end.tx;
        return {};
    }

    Status overlay() {
        const FrameWalk::Visitor write = [this](TxId tx, const PageFrame& frame) -> Status {
            const bool last = m_changed.at(frame.page) == tx;
            const bool inside = frame.page < m_firstPage + m_end.pageCount;
            return last && inside ? m_writer->frame(frame) : Status{};
        };
        return FrameWalk(m_start, m_end.tx, write).walk(m_controller.log(), m_generation);
    }

    Controller& m_controller;
    const SnapshotOrder& m_order;
    const std::stop_token m_stop;
    std::unique_ptr<Controller::LogHold> m_hold;
    std::unique_ptr<ArtefactWriter> m_writer;
    GenerationId m_generation;
    TxId m_start;
    std::uint32_t m_pageSize = 0;
    std::uint64_t m_firstPage = 0;
    std::uint64_t m_endPage = 0;
    std::uint64_t m_seed = 0;
    End m_end;
    Buffer m_slice;
    std::vector<std::uint64_t> m_missing;
    std::unordered_map<std::uint64_t, TxId> m_changed;
    TxId m_notedUpTo;
};

}  // namespace

Result<SnapshotResult> takeSnapshot(Controller& controller,
                                    const SnapshotOrder& order,
                                    PartSink& sink,
                                    std::stop_token stop) {
    return SnapshotPass(controller, order, std::move(stop)).run(sink);
}

}  // namespace engine
