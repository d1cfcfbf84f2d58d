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
            return Error{ErrorCode::Corruption, "a frame of the local log has another page size"};
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
            return Error{ErrorCode::Corruption, "the local log does not follow the page map"};
        }
        map.resize(commit.highWaterMark);
        for (const auto& [page, h64] : m_staged) {
            if (map.contains(page)) {
                map.set(page, h64);
            }
        }
        m_staged.clear();
        if (map.root() != commit.root) {
            return Error{ErrorCode::Corruption,
                         "a commit of the local log has another root than it says"};
        }
        m_state.tx = commit.tx;
        m_lastCommitAt = commit.seenAt;
        return {};
    }

    void abandon() override { m_staged.clear(); }

private:
    PageMapCheckpoint& m_state;
    Time& m_lastCommitAt;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> m_staged;
};

}  // namespace

Result<RecoveredCapture> recoverCapture(const std::string& checkpointPath, const ShadowLog& log) {
    RecoveredCapture recovered;
    ENGINE_TRY_ASSIGN(recovered.state, loadPageMap(checkpointPath));
    PageMapCheckpoint& state = recovered.state;
    recovered.checkpointTx = state.tx;
    if (const auto at = state.position.find(kLastCommitAtAttr); at != state.position.end()) {
        ENGINE_TRY_ASSIGN(const std::uint64_t ms, parseDecimal(at->second));
        recovered.lastCommitAt = Time{static_cast<std::int64_t>(ms)};
        state.position.erase(at);
    }
    for (const ShadowSegment& segment : log.segmentsAfter(state.generation, state.tx)) {
        MapReplay replay(state, recovered.lastCommitAt);
        ENGINE_TRY(log.replay(segment, replay));
        if (state.tx != segment.lastTx) {
            return Error{ErrorCode::Corruption, "a segment of the local log ends early"};
        }
        ENGINE_TRY_ASSIGN(const ArtefactTable table, log.table(segment));
        state.position = table.summary.additionalAttrs;
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
    return DurableEnd{last->generation, last->lastTx, last->root, table.value().head.seed};
}

}  // namespace engine
