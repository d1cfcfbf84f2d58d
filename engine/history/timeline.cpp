// SPDX-License-Identifier: Apache-2.0
#include "engine/history/timeline.h"

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

}  // namespace engine
