// SPDX-License-Identifier: Apache-2.0
// The timeline: every point that the planner can reach, in the recorded order; and those that are
// stored but out of reach. Pure.
#pragma once

#include <string>
#include <vector>

#include "engine/history/restore_plan.h"

namespace engine {

enum class PointKind : std::uint8_t { Change, CatchUp, Snapshot };
std::string_view toText(PointKind kind) noexcept;  // "change", "catchUp", "snapshot"

struct TimelinePoint {
    Point point;
    Time time;
    PointKind kind = PointKind::Change;
    std::uint64_t pages = 0;  // that this commit wrote
    std::uint64_t bytes = 0;  // plain bytes of them; snapshot: of the artefact
    std::uint64_t highWaterMark = 0;
    Root root;
};

/// Generations in the order of their birth (first time, then id), points by TxId. A TxId that both
/// a snapshot and a segment give is one point (kind: the segment's). Where the histories of two
/// recorders parted, a TxId has one entry a branch (told apart by root); the one of the branch that
/// goes on to the latest time comes last.
std::vector<TimelinePoint> buildTimeline(const History& history);
std::vector<TimelinePoint> buildTimeline(const StateGraph& graph);

/// Points that are stored and that no restore can reach, because something that they need is gone
/// or cannot be read.
struct LostPoints {
    std::vector<Point> points;
    std::string reason;  // of the last of them
};

LostPoints findLost(const History& history);
/// Those that are states of the graph, in their order.
std::vector<std::uint32_t> findLostStates(const StateGraph& graph);
/// Those that only the names of artefacts without a table tell: where each begins and ends. What
/// is between them nobody knows.
std::vector<Point> findHiddenPoints(const StateGraph& graph);

}  // namespace engine
