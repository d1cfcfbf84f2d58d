// SPDX-License-Identifier: Apache-2.0
// Turns captured commits into segments of the shadow log. Commits of up to kStagedBytesMax are
// staged in memory until they are complete; a larger one is streamed into a segment of its own, so
// that abandon() never leaves half a commit and memory stays bounded.
//
// Used by the controller under its turn; one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/clock.h"
#include "engine/shadow/shadow_log.h"

namespace engine {

/// What every segment of a generation has in common.
struct SegmentOrigin {
    DatabaseId database;
    GenerationId generation;
    WriterId writer;
    DatabaseEngine engine = DatabaseEngine::Sqlite;
    std::uint64_t seed = 0;
};

class SegmentBuilder final : public CommitSink {
public:
    static constexpr std::uint64_t kStagedBytesMax = 8u << 20;
    static constexpr std::uint64_t kSegmentBytesTarget = 8u << 20;
    static constexpr std::uint64_t kSegmentCommitsMax = 8192;

    /// The state that the next commit starts from, and since when it stands.
    struct Start {
        TxId tx;
        Root root;
        Time at;
    };

    SegmentBuilder(ShadowLog& log,
                   const SegmentOrigin& origin,
                   const Start& start,
                   const Clock& clock);

    Status frame(const PageFrame& frame) override;
    Status commit(const Commit& commit) override;
    void abandon() override;

    /// Publishes the open segment, if there is one.
    Status publish(bool durable = false);

    /// Commits that are not published; since when the oldest of them waits.
    bool hasOpenCommits() const noexcept { return m_openCommits > 0; }

    std::optional<Steady> openSince() const noexcept { return m_openSince; }

    Time oldestOpen() const noexcept { return m_oldestOpen; }

    /// Large enough to be published now.
    bool full() const noexcept;

    TxId publishedTx() const noexcept { return m_publishedTx; }

    TxId tx() const noexcept { return m_tx; }

    /// When tx() was seen.
    Time lastCommitAt() const noexcept { return m_lastCommitAt; }

private:
    struct StagedFrame {
        std::uint64_t page;
        std::uint32_t overflow;
        std::uint64_t offset;
        std::uint64_t size;
    };

    Status openSegment(std::uint32_t pageSize);
    Status writeStaged();
    void clearStaged() noexcept;

    ShadowLog& m_log;
    const SegmentOrigin m_origin;
    const Clock& m_clock;
    TxId m_tx;
    TxId m_publishedTx;
    Root m_root;
    Time m_lastCommitAt;
    std::unique_ptr<ShadowLog::SegmentWriter> m_segment;
    std::uint32_t m_segmentPageSize = 0;
    bool m_streaming = false;
    std::uint64_t m_openCommits = 0;
    std::optional<Steady> m_openSince;
    Time m_oldestOpen;
    std::vector<StagedFrame> m_staged;
    Buffer m_stagedBytes;
};

}  // namespace engine
