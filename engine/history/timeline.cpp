// SPDX-License-Identifier: Apache-2.0
#include "engine/history/timeline.h"

#include <algorithm>
#include <set>

#include "engine/history/plan_reason.h"
#include "engine/history/state_graph.h"

namespace engine {

namespace {

TimelinePoint describe(const StateGraph& graph, const StateGraph::State& state) {
    const StateGraph::Step& step = graph.describing(state);
    const CommitEntry& entry = graph.entryOf(step);
    TimelinePoint point{.point = graph.pointOf(state),
                        .time = entry.time,
                        .kind = PointKind::Change,
                        .pages = entry.frameCount,
                        .bytes = entry.frameCount * graph.lanes()[state.lane].pageSize,
                        .highWaterMark = entry.highWaterMark,
                        .root = entry.root};
    if (step.isSnapshot) {
        point.kind = PointKind::Snapshot;
        point.bytes = graph.history().artefacts[step.artefact].descriptor.bytes();
    } else if (entry.catchUp) {
        point.kind = PointKind::CatchUp;
    }
    return point;
}

/// Whether some commit of each artefact can be reached through it.
std::vector<bool> usedArtefacts(const StateGraph& graph) {
    std::vector<bool> used(graph.history().artefacts.size(), false);
    for (const StateGraph::State& state : graph.states()) {
        for (const std::uint32_t id : graph.stepsInto(state)) {
            const StateGraph::Step& step = graph.step(id);
            used[step.artefact] = used[step.artefact] || step.reachable();
        }
    }
    return used;
}

/// The TxId from which on the first state of a lane that can be reached was being copied; without
/// any, the highest that there is.
TxId beginOfReach(const StateGraph& graph, const StateGraph::Lane& lane) {
    for (std::uint32_t i = lane.firstState; i < lane.endState; ++i) {
        const StateGraph::State& state = graph.states()[i];
        if (!state.reachable()) {
            continue;
        }
        TxId begin = graph.pointOf(state).tx;
        for (const std::uint32_t id : graph.stepsInto(state)) {
            const StateGraph::Step& step = graph.step(id);
            const auto& artefact = graph.history().artefacts[step.artefact].descriptor;
            begin = step.isSnapshot ? std::min(begin, artefact.firstTx) : begin;
        }
        return begin;
    }
    return TxId{~std::uint64_t{0}};
}

/// Older than the first snapshot of its generation, and no loss: seen while that was being copied,
/// or the beginning of a segment that is kept for its end.
bool isBeforeHistory(const StateGraph& graph,
                     const StateGraph::State& state,
                     TxId begin,
                     const std::vector<bool>& used) {
    const auto steps = graph.stepsInto(state);
    return graph.pointOf(state).tx > begin ||
           std::any_of(steps.begin(), steps.end(), [&](std::uint32_t id) {
               return used[graph.step(id).artefact];
           });
}

}  // namespace

std::string_view toText(PointKind kind) noexcept {
    switch (kind) {
        case PointKind::Change:
            return "change";
        case PointKind::CatchUp:
            return "catchUp";
        case PointKind::Snapshot:
            return "snapshot";
    }
    return "change";
}

std::vector<TimelinePoint> buildTimeline(const StateGraph& graph) {
    std::vector<TimelinePoint> timeline;
    const auto& states = graph.states();
    for (std::uint32_t first = 0; first < states.size();) {
        const std::uint32_t end = graph.endOfTx(first);
        const std::uint32_t main = graph.mainOf(first, end);
        for (std::uint32_t i = first; i < end; ++i) {
            if (states[i].reachable() && i != main) {
                timeline.push_back(describe(graph, states[i]));
            }
        }
        if (main != StateGraph::kNone) {
            timeline.push_back(describe(graph, states[main]));
        }
        first = end;
    }
    return timeline;
}

std::vector<TimelinePoint> buildTimeline(const History& history) {
    return buildTimeline(StateGraph(history));
}

std::vector<std::uint32_t> findLostStates(const StateGraph& graph) {
    const std::vector<bool> used = usedArtefacts(graph);
    std::vector<std::uint32_t> lost;
    for (const StateGraph::Lane& lane : graph.lanes()) {
        const TxId begin = beginOfReach(graph, lane);
        bool begun = false;
        for (std::uint32_t i = lane.firstState; i < lane.endState; ++i) {
            const StateGraph::State& state = graph.states()[i];
            begun = begun || state.reachable() || !isBeforeHistory(graph, state, begin, used);
            if (begun && !state.reachable()) {
                lost.push_back(i);
            }
        }
    }
    return lost;
}

std::vector<Point> findHiddenPoints(const StateGraph& graph) {
    std::set<Point> reached;
    for (const StateGraph::State& state : graph.states()) {
        if (state.reachable()) {
            reached.insert(graph.pointOf(state));
        }
    }
    std::set<Point> hidden;
    for (const HistoryArtefact& artefact : graph.history().artefacts) {
        if (artefact.table != nullptr) {
            continue;
        }
        const ArtefactDescriptor& descriptor = artefact.descriptor;
        const bool isSegment = descriptor.kind == ArtefactKind::Segment;
        for (const TxId tx :
             {isSegment ? descriptor.firstTx : descriptor.lastTx, descriptor.lastTx}) {
            const Point point{descriptor.generation, tx};
            if (!reached.contains(point)) {
                hidden.insert(point);
            }
        }
    }
    return {hidden.begin(), hidden.end()};
}

LostPoints findLost(const History& history) {
    const StateGraph graph(history);
    LostPoints lost;
    lost.points = findHiddenPoints(graph);
    if (!lost.points.empty()) {
        lost.reason = whyUnknown(graph, lost.points.back()).sentence;
    }
    const std::vector<std::uint32_t> states = findLostStates(graph);
    for (const std::uint32_t state : states) {
        lost.points.push_back(graph.pointOf(graph.states()[state]));
    }
    if (!states.empty()) {
        lost.reason = whyUnreachable(graph, states.back()).sentence;
    }
    return lost;
}

}  // namespace engine
