// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "engine/history/plan_reason.h"
#include "engine/history/state_graph.h"
#include "engine/restore/part_fetcher.h"
#include "engine/restore/state_walk.h"
#include "engine/restore/verifier.h"

namespace engine {

namespace {

constexpr unsigned kParallel = 3;
constexpr unsigned kUnpackThreadsMax = 8;

/// Segments are read where their first commit stands, snapshots where their state does.
TxId placeOf(const HistoryArtefact& artefact) {
    const bool isSnapshot = artefact.descriptor.kind == ArtefactKind::Snapshot;
    return isSnapshot ? artefact.descriptor.lastTx : artefact.table->commits.front().tx;
}

/// One reading of everything.
class ReplicaVerify {
public:
    ReplicaVerify(Replica& replica,
                  const History& history,
                  const Sealer* sealer,
                  const std::function<void(const VerifyProgress&)>& progress,
                  std::stop_token stop)
        : m_history(history)
        , m_sealer(sealer)
        , m_progress(progress)
        , m_graph(history)
        , m_order(readingOrder())
        , m_pool(std::clamp(std::jthread::hardware_concurrency(), 1u, kUnpackThreadsMax))
        , m_fetcher(replica, sealer, history, jobs(), kParallel, std::move(stop)) {
        for (const std::size_t artefact : m_order) {
            m_total.bytesTotal += history.artefacts[artefact].descriptor.bytes();
        }
    }

    Result<VerifyReport> run() {
        noteUnreadable();
        for (std::uint32_t lane = 0; lane < m_graph.lanes().size(); ++lane) {
            ENGINE_TRY(walk(m_graph.lanes()[lane]));
        }
        ENSURE(m_next == m_order.size());
        findLost();
        return std::move(m_report);
    }

private:
    /// By lane, then in the order in which the walk needs them.
    std::vector<std::size_t> readingOrder() {
        m_stateOf.assign(m_history.artefacts.size(), StateGraph::kNone);
        for (std::uint32_t i = 0; i < m_graph.states().size(); ++i) {
            for (const std::uint32_t id : m_graph.stepsInto(m_graph.states()[i])) {
                m_stateOf[m_graph.step(id).artefact] = i;
            }
        }
        std::vector<std::size_t> order;
        for (std::size_t i = 0; i < m_stateOf.size(); ++i) {
            if (m_stateOf[i] != StateGraph::kNone) {
                order.push_back(i);
            }
        }
        const auto rank = [this](std::size_t artefact) {
            const HistoryArtefact& ranked = m_history.artefacts[artefact];
            return std::tuple(laneOf(artefact), placeOf(ranked), ranked.descriptor.kind);
        };
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return rank(a) < rank(b);
        });
        return order;
    }

    std::uint32_t laneOf(std::size_t artefact) const {
        return m_graph.states()[m_stateOf[artefact]].lane;
    }

    std::vector<PartJob> jobs() const {
        std::vector<PartJob> jobs;
        for (const std::size_t artefact : m_order) {
            const auto& parts = m_history.artefacts[artefact].table->summary.parts;
            for (std::size_t i = 0; i < parts.size(); ++i) {
                const std::uint64_t end = parts[i].firstFrame + parts[i].frameCount;
                jobs.push_back(PartJob{
                    0, artefact, static_cast<std::uint32_t>(i + 1), parts[i].firstFrame, end});
            }
        }
        return jobs;
    }

    /// Damage that shows without reading: tables, and parts that are not there although their last
    /// one is (it is written last).
    void noteUnreadable() {
        for (std::size_t i = 0; i < m_history.artefacts.size(); ++i) {
            const HistoryArtefact& artefact = m_history.artefacts[i];
            if (artefact.table == nullptr) {
                damage(i, artefact.descriptor.parts.back().name, artefact.problem);
            }
        }
        for (const std::string& name : m_history.incomplete) {
            const Result<PartName> part = PartName::parse(name);
            if (part.ok() && part.value().last) {
                m_report.damaged.push_back(
                    DamagedObject{name,
                                  "another part of the same " +
                                      std::string(toText(part.value().kind)) + " is missing"});
            }
        }
    }

    void damage(std::size_t artefact, const std::string& name, std::string problem) {
        m_damaged.insert(artefact);
        if (m_named.insert(name).second) {
            m_report.damaged.push_back(DamagedObject{name, std::move(problem)});
        }
    }

    bool isSound(std::size_t artefact) const { return m_damaged.count(artefact) == 0; }

    /// Reads the parts of the next artefact and visits the hash of every page of it in order.
    template <class Visit>
    Status readNext(std::size_t artefact, Visit visit) {
        ENSURE(m_order[m_next] == artefact);
        ++m_next;
        const HistoryArtefact& read = m_history.artefacts[artefact];
        const std::uint32_t pageSize = read.table->head.pageSize;
        for (std::size_t i = 0; i < read.descriptor.parts.size(); ++i) {
            Result<std::shared_ptr<FetchedPart>> part = m_fetcher.next();
            ++m_report.objects;
            m_report.bytes += read.descriptor.parts[i].size;
            if (part.ok()) {
                part = decode(std::move(part).value(), pageSize, visit);
            }
            if (!part.ok()) {
                const ErrorCode code = part.error().code;
                if (code != ErrorCode::Corruption && code != ErrorCode::NotFound &&
                    code != ErrorCode::Unsupported) {
                    return std::move(part).error();
                }
                damage(artefact, read.descriptor.parts[i].name, part.error().message);
            }
            m_total.bytesDone += read.descriptor.parts[i].size;
            if (m_progress) {
                m_progress(m_total);
            }
        }
        return {};
    }

    template <class Visit>
    Result<std::shared_ptr<FetchedPart>> decode(std::shared_ptr<FetchedPart> part,
                                                std::uint32_t pageSize,
                                                Visit& visit) {
        const ArtefactHead& head = m_history.artefacts[part->job().artefact].table->head;
        const auto visitFrame = [&](const FrameEntry& frame, ByteView bytes) -> Status {
            for (std::uint32_t i = 0; i <= frame.overflow; ++i) {
                const std::uint64_t h64 =
                    pageHash(bytes.subspan(std::size_t{i} * pageSize, pageSize), head.seed);
                visit(frame.frame, FrameHashes::Page{frame.page + i, h64});
            }
            return {};
        };
        ENGINE_TRY(
            decodePart(part->bytes(), head, part->job().part, m_sealer, visitFrame, &m_pool));
        return part;
    }

    Status openSegment(std::size_t artefact) {
        const std::vector<CommitEntry>& commits = m_history.artefacts[artefact].table->commits;
        FrameHashes hashes;
        hashes.commitEnd.resize(commits.size());
        std::size_t commit = 0;
        const auto visit = [&](std::uint64_t frame, const FrameHashes::Page& page) {
            while (commit < commits.size() &&
                   frame >= commits[commit].firstFrame + commits[commit].frameCount) {
                hashes.commitEnd[commit++] = hashes.pages.size();
            }
            if (commit < commits.size() && frame >= commits[commit].firstFrame) {
                hashes.pages.push_back(page);
            }
        };
        ENGINE_TRY(readNext(artefact, visit));
        while (commit < commits.size()) {
            hashes.commitEnd[commit++] = hashes.pages.size();
        }
        if (isSound(artefact)) {
            m_open.emplace(artefact, std::move(hashes));
        }
        return {};
    }

    Status openSnapshot(std::size_t artefact, StateWalk& walk) {
        const ArtefactTable& table = *m_history.artefacts[artefact].table;
        const CommitEntry& entry = table.commits.front();
        PageMap map(table.head.pageSize, firstPageOf(table.head.engine), table.head.seed);
        const bool plausible = StateWalk::isPlausible(entry.highWaterMark, entry.frameCount);
        map.resize(plausible ? entry.highWaterMark : 0);
        const auto visit = [&](std::uint64_t frame, const FrameHashes::Page& page) {
            const bool owned =
                frame >= entry.firstFrame && frame < entry.firstFrame + entry.frameCount;
            if (owned && map.contains(page.page)) {
                map.set(page.page, page.h64);
            }
        };
        ENGINE_TRY(readNext(artefact, visit));
        if (!isSound(artefact)) {
            return {};
        }
        if (map.root() != entry.root || map.pageCount() != entry.highWaterMark) {
            damageRoot(artefact, entry.tx);
        } else if (walk.state() != m_stateOf[artefact]) {
            walk.jump(std::move(map), m_stateOf[artefact]);
        }
        return {};
    }

    void damageRoot(std::size_t artefact, TxId tx) {
        damage(artefact,
               m_history.artefacts[artefact].descriptor.parts.back().name,
               "its pages do not give the recorded root of change " + std::to_string(tx.value));
    }

    Status walk(const StateGraph::Lane& lane) {
        StateWalk walk(lane.pageSize, lane.engine, lane.seed);
        for (std::uint32_t first = lane.firstState; first < lane.endState;) {
            const std::uint32_t end = m_graph.endOfTx(first);
            const TxId tx = m_graph.pointOf(m_graph.states()[first]).tx;
            while (isNext(ArtefactKind::Segment, first, tx)) {
                ENGINE_TRY(openSegment(m_order[m_next]));
            }
            proveSteps(walk, first, end);
            while (isNext(ArtefactKind::Snapshot, first, tx)) {
                ENGINE_TRY(openSnapshot(m_order[m_next], walk));
            }
            closeSegments(tx);
            first = end;
        }
        m_open.clear();
        return {};
    }

    /// Whether the next artefact in order is of this kind, and its place is where `state` is.
    bool isNext(ArtefactKind kind, std::uint32_t state, TxId tx) const {
        if (m_next == m_order.size()) {
            return false;
        }
        const HistoryArtefact& next = m_history.artefacts[m_order[m_next]];
        return next.descriptor.kind == kind &&
               laneOf(m_order[m_next]) == m_graph.states()[state].lane && placeOf(next) == tx;
    }

    /// Of the states of one TxId: proves every commit that starts where the walk is, then goes on
    /// to the one that leads furthest.
    void proveSteps(StateWalk& walk, std::uint32_t first, std::uint32_t end) {
        std::optional<std::uint32_t> best;  // the step to go on over
        for (std::uint32_t i = first; i < end && walk.state(); ++i) {
            for (const std::uint32_t id : m_graph.stepsInto(m_graph.states()[i])) {
                const StateGraph::Step& step = m_graph.step(id);
                const auto open = m_open.find(step.artefact);
                if (step.isSnapshot || step.parent != *walk.state() || open == m_open.end()) {
                    continue;
                }
                if (!walk.proves(open->second, step.commit, m_graph.entryOf(step))) {
                    damageRoot(step.artefact, m_graph.entryOf(step).tx);
                } else if (!best || m_graph.leadsFurther(i, m_graph.step(*best).state)) {
                    best = id;
                }
            }
        }
        if (best) {
            const StateGraph::Step& step = m_graph.step(*best);
            walk.advance(m_open.at(step.artefact), step.commit, m_graph.entryOf(step), step.state);
        }
    }

    void closeSegments(TxId tx) {
        for (auto open = m_open.begin(); open != m_open.end();) {
            const bool done = m_history.artefacts[open->first].descriptor.lastTx <= tx;
            open = done ? m_open.erase(open) : std::next(open);
        }
    }

    /// What hangs in the air (an object that it needs is gone without a trace) is named too.
    void noteGapBefore(std::uint32_t index) {
        for (const std::uint32_t id : m_graph.stepsInto(m_graph.states()[index])) {
            const StateGraph::Step& step = m_graph.step(id);
            const std::string& name =
                m_history.artefacts[step.artefact].descriptor.parts.front().name;
            if (step.parent == StateGraph::kNone && m_named.insert(name).second) {
                m_report.damaged.push_back(DamagedObject{
                    name,
                    "what it follows is missing: " + whyUnreachable(m_graph, index).sentence});
            }
        }
    }

    void findLost() {
        History sound = m_history;
        for (const std::size_t artefact : m_damaged) {
            sound.artefacts[artefact].table = nullptr;
            sound.artefacts[artefact].problem = "is damaged";
        }
        std::set<std::pair<Point, Root>> left;
        for (const TimelinePoint& point : buildTimeline(sound)) {
            left.emplace(point.point, point.root);
        }
        m_report.lost = findHiddenPoints(m_graph);
        m_report.points = m_report.lost.size();
        const std::vector<std::uint32_t> gaps = findLostStates(m_graph);
        auto gap = gaps.begin();
        for (std::uint32_t i = 0; i < m_graph.states().size(); ++i) {
            const StateGraph::State& state = m_graph.states()[i];
            const bool hangs = gap != gaps.end() && *gap == i;
            if (hangs) {
                noteGapBefore(i);
                ++gap;
            }
            if (!hangs && !state.reachable()) {
                continue;
            }
            const Point point = m_graph.pointOf(state);
            ++m_report.points;
            if (left.count({point, m_graph.entryOf(state).root}) == 0) {
                m_report.lost.push_back(point);
            }
        }
    }

    const History& m_history;
    const Sealer* const m_sealer;
    const std::function<void(const VerifyProgress&)>& m_progress;
    const StateGraph m_graph;
    std::vector<std::uint32_t> m_stateOf;  // by artefact: one of its states, a snapshot's only one
    const std::vector<std::size_t> m_order;  // artefacts, as they are read
    WorkerPool m_pool;
    PartFetcher m_fetcher;
    std::size_t m_next = 0;                     // of m_order
    std::map<std::size_t, FrameHashes> m_open;  // segments whose commits are not all passed
    std::set<std::size_t> m_damaged;
    std::set<std::string> m_named;  // in the report already
    VerifyProgress m_total;
    VerifyReport m_report;
};

}  // namespace

Result<VerifyReport> verifyHistory(Replica& replica,
                                   const History& history,
                                   const Sealer* sealer,
                                   const std::function<void(const VerifyProgress&)>& progress,
                                   std::stop_token stop) {
    ReplicaVerify verify(replica, history, sealer, progress, std::move(stop));
    return verify.run();
}

}  // namespace engine
