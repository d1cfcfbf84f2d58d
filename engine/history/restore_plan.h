// SPDX-License-Identifier: Apache-2.0
// The planner: from a history and a target to snapshot + segments, or the exact reason why not and
// the nearest point that works. Pure. It follows roots, never TxIds alone: a segment is used for
// commit n only if the state before it has the root that its commit table names as parent.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/history/history.h"

namespace engine {

/// A point that can be restored: GENERATION:TXID.
struct Point {
    GenerationId generation;
    TxId tx;
    friend auto operator<=>(const Point&, const Point&) = default;
};

/// "9f3c4a01deadbeef:1042"
std::string toText(const Point& point);
Result<Point> parsePoint(std::string_view text);

struct RestoreTarget {
    enum class Kind : std::uint8_t {
        Latest,
        Tx,      // a bare TxId, or with generation a point; accepted where unique
        Moment,  // the state at or before it, in the recorded order
    };
    Kind kind = Kind::Latest;
    std::optional<GenerationId> generation;  // restricts every kind
    TxId tx;
    Time moment;
    /// Of several recorded states of one point (the histories of two recorders parted): this one.
    std::optional<Root> root;
};

struct PlannedArtefact {
    std::size_t artefact = 0;       // index into History::artefacts
    std::uint64_t firstCommit = 0;  // range of its commit table that is applied
    std::uint64_t commitCount = 0;
};

struct RestorePlan {
    Point point;
    Time time;
    Root root;
    std::uint64_t highWaterMark = 0;
    std::uint32_t pageSize = 0;
    std::uint64_t seed = 0;
    DatabaseEngine engine = DatabaseEngine::Sqlite;
    std::vector<PlannedArtefact> artefacts;  // snapshot first, then segments in order
    std::uint64_t bytesToFetch = 0;          // of the parts that are needed, whole
    /// What the person should know, e.g. that newer changes are stored but cannot be reached.
    std::vector<std::string> notes;
};

using PointInTime = std::pair<Point, Time>;

struct PlanCandidate {
    Point point;
    Time time;
    std::optional<Root> root;  // where the point alone does not tell
};

struct PlanFailure {
    ErrorCode code = ErrorCode::NotFound;   // NotFound, InvalidArgument (ambiguous), Corruption
    std::string reason;                     // one sentence
    std::vector<PlanCandidate> candidates;  // ambiguous: all that fit
    std::optional<PointInTime> nearest;     // the nearest point that works
};

struct PlanResult {
    std::optional<RestorePlan> plan;
    PlanFailure failure;  // where there is no plan

    bool ok() const noexcept { return plan.has_value(); }
};

PlanResult planRestore(const History& history, const RestoreTarget& target);

class StateGraph;
/// The same over a graph that the caller keeps: many plans of one history.
PlanResult planRestore(const StateGraph& graph, const RestoreTarget& target);

}  // namespace engine
