// SPDX-License-Identifier: Apache-2.0
#include "engine/format/artefact_layout.h"
#include "engine/format/artefact_reader.h"

namespace engine {
namespace {

/// Hands the frames of an artefact to a sink, and each commit when its last frame has come.
class Replay {
public:
    Replay(const ArtefactTable& table, CommitSink& sink)
        : m_table(table)
        , m_sink(sink) {}

    Status frame(const FrameEntry& entry, ByteView bytes) {
        if (entry.frame != m_frames) {
            return corrupt("the frames of an artefact do not follow each other");
        }
        ENGINE_TRY(endCommits());
        ++m_frames;
        if (m_next == m_table.commits.size() || entry.frame < m_table.commits[m_next].firstFrame) {
            return {};  // abandoned: no commit owns it
        }
        return m_sink.frame(PageFrame{entry.page, entry.overflow, bytes});
    }

    Status finish() {
        if (m_frames != m_table.summary.pageCount) {
            return corrupt("an artefact has fewer frames than its summary says");
        }
        return endCommits();
    }

private:
    /// The commits whose frames have all been handed on.
    Status endCommits() {
        while (m_next < m_table.commits.size()) {
            const CommitEntry& entry = m_table.commits[m_next];
            if (entry.firstFrame + entry.frameCount > m_frames) {
                return {};
            }
            ++m_next;
            ENGINE_TRY(m_sink.commit(commitOf(entry)));
        }
        return {};
    }

    Commit commitOf(const CommitEntry& entry) const {
        Commit commit;
        commit.tx = entry.tx;
        commit.seenAt = entry.time;
        commit.pageSize = m_table.head.pageSize;
        commit.highWaterMark = entry.highWaterMark;
        commit.parentRoot = entry.parentRoot;
        commit.root = entry.root;
        commit.catchUp = entry.catchUp;
        commit.merged = entry.merged;
        if (m_next == m_table.commits.size()) {
            commit.origin = m_table.summary.additionalAttrs;
        }
        return commit;
    }

    const ArtefactTable& m_table;
    CommitSink& m_sink;
    std::size_t m_next = 0;
    std::uint64_t m_frames = 0;
};

}  // namespace

Status replayArtefact(const ArtefactTable& table,
                      const PartFetch& fetch,
                      const Sealer* sealer,
                      CommitSink& sink,
                      WorkerPool* pool) {
    Replay replay(table, sink);
    const FrameVisitor visitor = [&replay](const FrameEntry& entry, ByteView bytes) {
        return replay.frame(entry, bytes);
    };
    for (std::size_t i = 0; i < table.summary.parts.size(); ++i) {
        const auto number = static_cast<std::uint32_t>(i + 1);
        ENGINE_TRY_ASSIGN(const Buffer part, fetch(number));
        ENGINE_TRY(checkPart(part, table.summary, number));
        ENGINE_TRY(decodePart(part, table.head, number, sealer, visitor, pool));
    }
    return replay.finish();
}

}  // namespace engine
