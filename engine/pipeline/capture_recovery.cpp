// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/capture_recovery.h"

namespace engine {
namespace {

/// Applies the hashes of replayed commits to the map and insists on their roots.
class MapReplay final : public CommitSink {
public:
    MapReplay(PageMapCheckpoint& state, Time& lastCommitAt)
        : m_state(state)
        , m_lastCommitAt(lastCommitAt) {}

    Status frame(const PageFrame& frame) override {
        const std::uint32_t pageSize = m_state.map.pageSize();
        if (frame.bytes.size() != pageSize * (1ull + frame.overflow)) {
            return refuse("a frame of the local log has another page size");
        }
        for (std::uint32_t i = 0; i <= frame.overflow; ++i) {
            const ByteView page = frame.bytes.subspan(std::size_t{i} * pageSize, pageSize);
            m_staged.emplace_back(frame.page + i, m_state.map.hashOf(page));
        }
        return {};
    }

    Status commit(const Commit& commit) override {
        PageMap& map = m_state.map;
        if (commit.tx <= m_state.tx) {
            m_staged.clear();  // the checkpoint was taken inside this segment
            return {};
        }
        if (commit.tx != m_state.tx.next() || commit.parentRoot != map.root()) {
            return refuse("the local log does not follow the page map");
        }
        map.resize(commit.highWaterMark);
        for (const auto& [page, h64] : m_staged) {
            if (map.contains(page)) {
                map.set(page, h64);
            }
        }
        m_staged.clear();
        if (map.root() != commit.root) {
            return refuse("a commit of the local log has another root than it says");
        }
        m_state.tx = commit.tx;
        m_lastCommitAt = commit.seenAt;
        return {};
    }

    void abandon() override { m_staged.clear(); }

    /// The log is whole, but not the map's.
    bool refused() const noexcept { return m_refused; }

private:
    Error refuse(const char* why) {
        m_refused = true;
        return Error{ErrorCode::Corruption, why};
    }

    PageMapCheckpoint& m_state;
    Time& m_lastCommitAt;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> m_staged;
    bool m_refused = false;
};

bool isDamage(ErrorCode code) noexcept {
    return code == ErrorCode::Corruption || code == ErrorCode::InvalidArgument ||
           code == ErrorCode::NotFound || code == ErrorCode::Io;
}

Result<RecoveredCapture> loadCheckpoint(const std::string& path) {
    RecoveredCapture recovered;
    ENGINE_TRY_ASSIGN(recovered.state, loadPageMap(path));
    PageMapCheckpoint& state = recovered.state;
    recovered.checkpointTx = state.tx;
    if (const auto at = state.position.find(kLastCommitAtAttr); at != state.position.end()) {
        ENGINE_TRY_ASSIGN(const std::uint64_t ms, parseDecimal(at->second));
        recovered.lastCommitAt = Time{static_cast<std::int64_t>(ms)};
        state.position.erase(at);
    }
    if (const auto writer = state.position.find(kWriterAttr); writer != state.position.end()) {
        ENGINE_TRY_ASSIGN(recovered.writer, WriterId::parse(writer->second));
        state.position.erase(writer);
    }
    return recovered;
}

Status replaySegment(RecoveredCapture& recovered, const ShadowSegment& segment, ShadowLog& log) {
    PageMapCheckpoint& state = recovered.state;
    MapReplay replay(state, recovered.lastCommitAt);
    const Result<ArtefactTable> table = log.table(segment);
    const Status replayed = table.ok() ? log.replay(segment, replay) : Status(table.error());
    if (!replayed.ok()) {
        if (replay.refused() || !isDamage(replayed.error().code)) {
            return replayed;
        }
        ENGINE_TRY(log.setAside(segment));
        return Error{ErrorCode::Corruption,
                     "changes " + std::to_string(segment.firstTx.value) + " to " +
                         std::to_string(segment.lastTx.value) +
                         " were damaged in the local log: " + replayed.error().message};
    }
    if (state.tx != segment.lastTx) {
        return Error{ErrorCode::Corruption, "a segment of the local log ends early"};
    }
    state.position = table.value().summary.additionalAttrs;
    return {};
}

}  // namespace

Result<RecoveredCapture> recoverCapture(const std::string& checkpointPath, ShadowLog& log) {
    ENGINE_TRY_ASSIGN(RecoveredCapture recovered, loadCheckpoint(checkpointPath));
    const PageMapCheckpoint& state = recovered.state;
    const std::optional<ShadowSegment> last = log.lastSegment(state.generation);
    if (last && last->lastTx < state.tx) {
        return Error{ErrorCode::Corruption, "the local log ends before the page map"};
    }
    for (const ShadowSegment& segment : log.segmentsAfter(state.generation, state.tx)) {
        ENGINE_TRY(replaySegment(recovered, segment, log));
    }
    return recovered;
}

std::optional<DurableEnd> durableEndOf(const ShadowLog& log) {
    const std::vector<GenerationId> generations = log.generations();
    if (generations.empty()) {
        return std::nullopt;
    }
    const std::optional<ShadowSegment> last = log.lastSegment(generations.back());
    if (!last) {
        return std::nullopt;
    }
    const Result<ArtefactTable> table = log.table(*last);
    if (!table.ok()) {
        return std::nullopt;
    }
    return DurableEnd{last->generation,
                      last->lastTx,
                      last->root,
                      table.value().head.seed,
                      table.value().head.writer};
}

}  // namespace engine
