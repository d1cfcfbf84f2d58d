// SPDX-License-Identifier: Apache-2.0
#include "engine/history/state_graph.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace engine {

namespace {

/// A step with what it is sorted by, side by side for the cache.
struct SortRow {
    std::uint32_t lane;
    std::uint32_t step;
    TxId tx;
    Root root;

    bool sameState(const SortRow& other) const noexcept {
        return lane == other.lane && tx == other.tx && root == other.root;
    }

    friend bool operator<(const SortRow& a, const SortRow& b) noexcept {
        return std::tie(a.lane, a.tx, a.root, a.step) < std::tie(b.lane, b.tx, b.root, b.step);
    }
};

/// The part that holds a frame. Parts cover the frames without gaps (loadHistory checked it).
std::size_t partOfFrame(const std::vector<PartSummary>& parts, std::uint64_t frame) {
    const auto after = std::upper_bound(
        parts.begin(), parts.end(), frame, [](std::uint64_t value, const PartSummary& part) {
            return value < part.firstFrame;
        });
    return static_cast<std::size_t>(after - parts.begin()) - 1;
}

/// Bytes of the parts that hold frames [first, first + count), without those before `from`.
std::uint64_t bytesOfFrames(const HistoryArtefact& artefact,
                            std::uint64_t first,
                            std::uint64_t count,
                            std::size_t from) {
    if (count == 0) {
        return 0;
    }
    const auto& parts = artefact.table->summary.parts;
    std::uint64_t bytes = 0;
    const std::size_t end = partOfFrame(parts, first + count - 1) + 1;
    for (std::size_t part = std::max(partOfFrame(parts, first), from); part < end; ++part) {
        bytes += artefact.descriptor.parts[part].size;
    }
    return bytes;
}

}  // namespace

std::uint64_t bytesOfCommits(const HistoryArtefact& artefact,
                             std::uint64_t firstCommit,
                             std::uint64_t commitCount) {
    const CommitEntry& first = artefact.table->commits[firstCommit];
    const CommitEntry& last = artefact.table->commits[firstCommit + commitCount - 1];
    const std::uint64_t frames = last.firstFrame + last.frameCount - first.firstFrame;
    return bytesOfFrames(artefact, first.firstFrame, frames, 0);
}

StateGraph::StateGraph(const History& history)
    : m_history(history) {
    findLanes();
    makeSteps();
    makeStates();
    linkParents();
    findBestPaths();
    findTips();
}

void StateGraph::findLanes() {
    using LaneKey = std::tuple<GenerationId, std::uint32_t, std::uint64_t, DatabaseEngine>;
    std::map<LaneKey, std::uint32_t> lanes;
    std::map<GenerationId, Time> births;
    m_laneOf.assign(m_history.artefacts.size(), kNone);
    for (std::size_t i = 0; i < m_history.artefacts.size(); ++i) {
        const HistoryArtefact& artefact = m_history.artefacts[i];
        if (artefact.table == nullptr) {
            continue;
        }
        const ArtefactHead& head = artefact.table->head;
        const Time first = artefact.table->commits.front().time;
        const auto [birth, isNew] = births.try_emplace(head.generation, first);
        birth->second = std::min(birth->second, first);
        lanes.try_emplace(LaneKey{head.generation, head.pageSize, head.seed, head.engine}, 0);
    }
    for (const auto& [key, unused] : lanes) {
        Lane lane;
        std::tie(lane.generation, lane.pageSize, lane.seed, lane.engine) = key;
        lane.birth = births[lane.generation];
        m_lanes.push_back(lane);
    }
    std::stable_sort(m_lanes.begin(), m_lanes.end(), [](const Lane& a, const Lane& b) {
        return std::tie(a.birth, a.generation) < std::tie(b.birth, b.generation);
    });
    for (std::uint32_t i = 0; i < m_lanes.size(); ++i) {
        const Lane& lane = m_lanes[i];
        lanes[LaneKey{lane.generation, lane.pageSize, lane.seed, lane.engine}] = i;
    }
    for (std::size_t i = 0; i < m_history.artefacts.size(); ++i) {
        if (const auto& table = m_history.artefacts[i].table) {
            const ArtefactHead& head = table->head;
            m_laneOf[i] = lanes[LaneKey{head.generation, head.pageSize, head.seed, head.engine}];
        }
    }
}

void StateGraph::makeSteps() {
    m_firstStep.reserve(m_history.artefacts.size());
    for (std::size_t i = 0; i < m_history.artefacts.size(); ++i) {
        const HistoryArtefact& artefact = m_history.artefacts[i];
        m_firstStep.push_back(static_cast<std::uint32_t>(m_steps.size()));
        const std::size_t commits = artefact.table == nullptr ? 0 : artefact.table->commits.size();
        ENSURE(m_steps.size() + commits < kNone);
        for (std::size_t commit = 0; commit < commits; ++commit) {
            Step step;
            step.artefact = static_cast<std::uint32_t>(i);
            step.commit = static_cast<std::uint32_t>(commit);
            step.isSnapshot = artefact.descriptor.kind == ArtefactKind::Snapshot;
            m_steps.push_back(step);
        }
    }
}

void StateGraph::makeStates() {
    std::vector<SortRow> rows;
    rows.reserve(m_steps.size());
    for (std::uint32_t id = 0; id < m_steps.size(); ++id) {
        const CommitEntry& entry = entryOf(m_steps[id]);
        rows.push_back(SortRow{m_laneOf[m_steps[id].artefact], id, entry.tx, entry.root});
    }
    std::sort(rows.begin(), rows.end());
    m_order.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (i == 0 || !rows[i].sameState(rows[i - 1])) {
            State state;
            state.lane = rows[i].lane;
            state.firstStep = static_cast<std::uint32_t>(i);
            m_states.push_back(state);
        }
        ++m_states.back().stepCount;
        m_order.push_back(rows[i].step);
        m_steps[rows[i].step].state = static_cast<std::uint32_t>(m_states.size() - 1);
    }
    for (std::uint32_t i = 0; i < m_states.size(); ++i) {
        Lane& lane = m_lanes[m_states[i].lane];
        lane.firstState = lane.endState == 0 ? i : lane.firstState;
        lane.endState = i + 1;
    }
}

std::uint32_t StateGraph::findState(std::uint32_t lane, TxId tx, const Root& root) const {
    const auto begin = m_states.begin() + m_lanes[lane].firstState;
    const auto end = m_states.begin() + m_lanes[lane].endState;
    const auto found = std::partition_point(begin, end, [&](const State& state) {
        const CommitEntry& entry = entryOf(m_steps[m_order[state.firstStep]]);
        return std::tie(entry.tx, entry.root) < std::tie(tx, root);
    });
    if (found == end) {
        return kNone;
    }
    const CommitEntry& entry = entryOf(m_steps[m_order[found->firstStep]]);
    const bool same = entry.tx == tx && entry.root == root;
    return same ? static_cast<std::uint32_t>(found - m_states.begin()) : kNone;
}

void StateGraph::linkArtefact(std::uint32_t artefact) {
    const ArtefactTable& table = *m_history.artefacts[artefact].table;
    for (std::size_t i = 0; i < table.commits.size(); ++i) {
        Step& step = m_steps[m_firstStep[artefact] + i];
        const CommitEntry& entry = table.commits[i];
        if (i > 0 && table.commits[i - 1].root == entry.parentRoot) {
            step.parent = m_steps[m_firstStep[artefact] + i - 1].state;
        } else {
            step.parent = findState(m_laneOf[artefact], parentTxOf(step), entry.parentRoot);
        }
    }
}

void StateGraph::linkParents() {
    for (std::uint32_t i = 0; i < m_history.artefacts.size(); ++i) {
        const HistoryArtefact& artefact = m_history.artefacts[i];
        if (artefact.table != nullptr && artefact.descriptor.kind == ArtefactKind::Segment) {
            linkArtefact(i);
        }
    }
}

std::uint64_t StateGraph::partBytes(const Step& step) const {
    return bytesOfCommits(m_history.artefacts[step.artefact], step.commit, 1);
}

/// Of the parts that the commit before it in the table did not need.
std::uint64_t StateGraph::newPartBytes(const Step& step) const {
    const HistoryArtefact& artefact = m_history.artefacts[step.artefact];
    const CommitEntry& entry = entryOf(step);
    const CommitEntry& before = artefact.table->commits[step.commit - 1];
    const std::uint64_t end = before.firstFrame + before.frameCount;
    const std::size_t from = end == 0 ? 0 : partOfFrame(artefact.table->summary.parts, end - 1) + 1;
    return bytesOfFrames(artefact, entry.firstFrame, entry.frameCount, from);
}

void StateGraph::reach(Step& step, std::uint32_t id) {
    if (step.isSnapshot) {
        step.cost = partBytes(step) + kObjectCost;
    } else if (step.parent != kNone && m_states[step.parent].reachable()) {
        step.cost = m_steps[m_states[step.parent].best].cost + partBytes(step) + kObjectCost;
        const Step* before = step.commit > 0 ? &m_steps[id - 1] : nullptr;
        if (before != nullptr && before->state == step.parent && before->reachable()) {
            const std::uint64_t through = before->cost + newPartBytes(step);
            step.continues = through <= step.cost;
            step.cost = std::min(through, step.cost);
        }
    }
    if (!step.reachable()) {
        return;
    }
    State& state = m_states[step.state];
    if (!state.reachable() || step.cost < m_steps[state.best].cost) {
        state.best = id;
    }
}

/// Parents have smaller TxIds, so that the order of the states is an order of the graph.
void StateGraph::findBestPaths() {
    for (const std::uint32_t id : m_order) {
        reach(m_steps[id], id);
    }
}

bool StateGraph::isLaterTip(std::uint32_t a, std::uint32_t b) const {
    const auto rank = [this](std::uint32_t tip) {
        return std::tuple(timeOf(m_states[tip]), entryOf(m_states[tip]).tx, tip);
    };
    return rank(a) > rank(b);
}

bool StateGraph::leadsFurther(std::uint32_t a, std::uint32_t b) const {
    const std::uint32_t tipA = m_states[a].tip;
    const std::uint32_t tipB = m_states[b].tip;
    return tipA == tipB ? isLaterTip(a, b) : isLaterTip(tipA, tipB);
}

/// Only the ends of branches are compared: a clock that was set back within one says nothing.
void StateGraph::findTips() {
    for (std::uint32_t i = 0; i < m_states.size(); ++i) {
        m_states[i].tip = i;
    }
    for (auto id = m_order.rbegin(); id != m_order.rend(); ++id) {
        const Step& step = m_steps[*id];
        if (!step.reachable() || step.parent == kNone || step.parent == step.state) {
            continue;
        }
        State& parent = m_states[step.parent];
        const std::uint32_t tip = m_states[step.state].tip;
        const bool isFirst = parent.tip == step.parent;
        parent.tip = isFirst || isLaterTip(tip, parent.tip) ? tip : parent.tip;
    }
}

const CommitEntry& StateGraph::entryOf(const Step& step) const {
    return m_history.artefacts[step.artefact].table->commits[step.commit];
}

const StateGraph::Step& StateGraph::describing(const State& state) const {
    for (const std::uint32_t id : stepsInto(state)) {
        const Step& step = m_steps[id];
        if (!step.isSnapshot && step.reachable() == state.reachable()) {
            return step;
        }
    }
    return m_steps[state.reachable() ? state.best : m_order[state.firstStep]];
}

Point StateGraph::pointOf(const State& state) const {
    return Point{generationOf(state), entryOf(m_steps[m_order[state.firstStep]]).tx};
}

TxId StateGraph::parentTxOf(const Step& step) const {
    const ArtefactTable& table = *m_history.artefacts[step.artefact].table;
    return step.commit > 0 ? table.commits[step.commit - 1].tx : table.head.parentTxId;
}

std::uint32_t StateGraph::endOfTx(std::uint32_t index) const {
    const Point point = pointOf(m_states[index]);
    std::uint32_t end = index + 1;
    while (end < m_states.size() && m_states[end].lane == m_states[index].lane &&
           pointOf(m_states[end]) == point) {
        ++end;
    }
    return end;
}

std::uint32_t StateGraph::mainOf(std::uint32_t first, std::uint32_t end) const {
    std::uint32_t main = kNone;
    for (std::uint32_t i = first; i < end; ++i) {
        if (m_states[i].reachable() && (main == kNone || leadsFurther(i, main))) {
            main = i;
        }
    }
    return main;
}

RestorePlan StateGraph::planTo(std::uint32_t state) const {
    ENSURE(state < m_states.size() && m_states[state].reachable());
    const Lane& lane = m_lanes[m_states[state].lane];
    const CommitEntry& entry = entryOf(m_states[state]);
    RestorePlan plan{.point = pointOf(m_states[state]),
                     .time = entry.time,
                     .root = entry.root,
                     .highWaterMark = entryOf(m_steps[m_states[state].best]).highWaterMark,
                     .pageSize = lane.pageSize,
                     .seed = lane.seed,
                     .engine = lane.engine,
                     .artefacts = {},
                     .bytesToFetch = 0,
                     .notes = {}};
    std::uint32_t id = m_states[state].best;
    while (true) {
        const std::uint32_t last = m_steps[id].commit;
        while (m_steps[id].continues) {
            --id;
        }
        const Step& first = m_steps[id];
        const std::uint64_t count = last - first.commit + 1;
        plan.artefacts.push_back(PlannedArtefact{first.artefact, first.commit, count});
        plan.bytesToFetch +=
            bytesOfCommits(m_history.artefacts[first.artefact], first.commit, count);
        if (first.isSnapshot) {
            break;
        }
        id = m_states[first.parent].best;
    }
    std::reverse(plan.artefacts.begin(), plan.artefacts.end());
    return plan;
}

}  // namespace engine
