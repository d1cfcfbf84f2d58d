// SPDX-License-Identifier: Apache-2.0
#include "engine/history/restore_plan.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "engine/history/moment.h"
#include "engine/history/plan_reason.h"
#include "engine/history/state_graph.h"

namespace engine {

namespace {

using Known = std::pair<Point, Time>;

Known knownOf(const StateGraph& graph, std::uint32_t state) {
    return {graph.pointOf(graph.states()[state]), graph.timeOf(graph.states()[state])};
}

PlanResult planned(RestorePlan plan) {
    return PlanResult{.plan = std::move(plan), .failure = {}};
}

PlanResult failed(PlanReason reason, std::optional<Known> nearest) {
    return PlanResult{.plan = std::nullopt,
                      .failure = PlanFailure{.code = reason.code,
                                             .reason = std::move(reason.sentence),
                                             .candidates = {},
                                             .nearest = std::move(nearest)}};
}

PlanResult ambiguous(std::string reason, std::vector<PlanCandidate> candidates) {
    PlanResult result = failed({ErrorCode::InvalidArgument, std::move(reason)}, std::nullopt);
    result.failure.candidates = std::move(candidates);
    return result;
}

bool inTarget(const StateGraph& graph, std::uint32_t state, const RestoreTarget& target) {
    const GenerationId generation = graph.generationOf(graph.states()[state]);
    return !target.generation || *target.generation == generation;
}

/// The reachable point that is nearest to a place in the recorded order: the one before it, else
/// the one after it.
std::optional<Known> nearestTo(const StateGraph& graph, std::uint32_t place) {
    const auto& states = graph.states();
    for (std::uint32_t i = place; i > 0; --i) {
        if (states[i - 1].reachable()) {
            return knownOf(graph, i - 1);
        }
    }
    for (std::uint32_t i = place; i < states.size(); ++i) {
        if (states[i].reachable()) {
            return knownOf(graph, i);
        }
    }
    return std::nullopt;
}

/// Where a point would stand in the recorded order.
std::uint32_t placeOf(const StateGraph& graph, const Point& point) {
    std::uint32_t place = static_cast<std::uint32_t>(graph.states().size());
    for (const StateGraph::Lane& lane : graph.lanes()) {
        if (lane.generation != point.generation) {
            continue;
        }
        const auto begin = graph.states().begin() + lane.firstState;
        const auto found = std::partition_point(
            begin, graph.states().begin() + lane.endState, [&](const StateGraph::State& state) {
                return graph.pointOf(state).tx < point.tx;
            });
        place = static_cast<std::uint32_t>(found - graph.states().begin());
    }
    return place;
}

PlanResult nothingStored(const RestoreTarget& target) {
    const std::string where = target.generation ? "Generation " + shortText(*target.generation)
                                                : std::string("This history");
    return failed({ErrorCode::NotFound, where + " holds nothing that can be restored"},
                  std::nullopt);
}

/// The end of a branch of the last generation that can be reached: that with the latest time.
std::uint32_t newestReachable(const StateGraph& graph, const RestoreTarget& target) {
    const auto& states = graph.states();
    std::uint32_t newest = StateGraph::kNone;
    for (std::uint32_t i = 0; i < states.size(); ++i) {
        if (!inTarget(graph, i, target) || !states[i].reachable() || states[i].tip != i) {
            continue;
        }
        const bool newLane = newest == StateGraph::kNone || states[newest].lane != states[i].lane;
        newest = newLane || graph.leadsFurther(i, newest) ? i : newest;
    }
    return newest;
}

/// The last of the recorded order that is stored, but cannot be reached.
std::uint32_t newestMissed(const StateGraph& graph, const RestoreTarget& target) {
    std::uint32_t missed = StateGraph::kNone;
    for (std::uint32_t i = 0; i < graph.states().size(); ++i) {
        if (inTarget(graph, i, target)) {
            missed = graph.states()[i].reachable() ? StateGraph::kNone : i;
        }
    }
    return missed;
}

/// Stored later than the plan's point, but its table cannot be read: nobody knows what is in it.
const HistoryArtefact* newestUnreadable(const StateGraph& graph,
                                        const RestoreTarget& target,
                                        const RestorePlan& plan) {
    const HistoryArtefact* newest = nullptr;
    for (const HistoryArtefact& artefact : graph.history().artefacts) {
        const ArtefactDescriptor& descriptor = artefact.descriptor;
        const bool wanted = !target.generation || *target.generation == descriptor.generation;
        const bool later = descriptor.generation == plan.point.generation
                               ? descriptor.lastTx > plan.point.tx
                               : descriptor.lastTime > plan.time;
        if (artefact.table == nullptr && wanted && later &&
            (newest == nullptr || newest->descriptor.lastTime < descriptor.lastTime)) {
            newest = &artefact;
        }
    }
    return newest;
}

PlanResult planLatest(const StateGraph& graph, const RestoreTarget& target) {
    const std::uint32_t newest = newestReachable(graph, target);
    const std::uint32_t missed = newestMissed(graph, target);
    if (newest == StateGraph::kNone) {
        return missed == StateGraph::kNone ? nothingStored(target)
                                           : failed(whyUnreachable(graph, missed), std::nullopt);
    }
    RestorePlan plan = graph.planTo(newest);
    if (missed != StateGraph::kNone && graph.pointOf(graph.states()[missed]) != plan.point) {
        plan.notes.push_back("Newer changes are stored but cannot be reached: " +
                             whyUnreachable(graph, missed).sentence);
    } else if (const HistoryArtefact* hidden = newestUnreadable(graph, target, plan)) {
        const Point end{hidden->descriptor.generation, hidden->descriptor.lastTx};
        plan.notes.push_back("Newer changes are stored but cannot be reached: " +
                             whyUnknown(graph, end).sentence);
    }
    return planned(std::move(plan));
}

/// The states of one TxId in one lane that fit the target, as candidates for a plan.
void collectTx(const StateGraph& graph,
               const StateGraph::Lane& lane,
               const RestoreTarget& target,
               std::vector<std::uint32_t>& found) {
    const auto begin = graph.states().begin() + lane.firstState;
    const auto end = graph.states().begin() + lane.endState;
    auto state = std::partition_point(
        begin, end, [&](const StateGraph::State& s) { return graph.pointOf(s).tx < target.tx; });
    for (; state != end && graph.pointOf(*state).tx == target.tx; ++state) {
        if (!target.root || graph.entryOf(*state).root == *target.root) {
            found.push_back(static_cast<std::uint32_t>(state - graph.states().begin()));
        }
    }
}

PlanResult planUnknownTx(const StateGraph& graph, const RestoreTarget& target) {
    if (target.generation) {
        const Point point{*target.generation, target.tx};
        return failed(whyUnknown(graph, point), nearestTo(graph, placeOf(graph, point)));
    }
    const std::string text = "Change " + std::to_string(target.tx.value);
    for (const StateGraph::Lane& lane : graph.lanes()) {
        const PlanReason reason = whyUnknown(graph, Point{lane.generation, target.tx});
        if (reason.code != ErrorCode::NotFound) {
            return failed(reason, nearestTo(graph, placeOf(graph, {lane.generation, target.tx})));
        }
    }
    const auto count = static_cast<std::uint32_t>(graph.states().size());
    const std::uint32_t place = graph.lanes().size() == 1
                                    ? placeOf(graph, {graph.lanes()[0].generation, target.tx})
                                    : count;
    return failed({ErrorCode::NotFound, text + " is not stored here"}, nearestTo(graph, place));
}

PlanResult ambiguousTx(const StateGraph& graph, const std::vector<std::uint32_t>& states) {
    std::map<Point, std::size_t> times;
    for (const std::uint32_t state : states) {
        ++times[graph.pointOf(graph.states()[state])];
    }
    std::vector<PlanCandidate> candidates;
    for (const std::uint32_t state : states) {
        const auto& [point, time] = knownOf(graph, state);
        candidates.push_back(PlanCandidate{point, time, std::nullopt});
        if (times[point] > 1) {
            candidates.back().root = graph.entryOf(graph.states()[state]).root;
        }
    }
    const std::string subject = "Change " + std::to_string(candidates.front().point.tx.value);
    const std::string where =
        times.size() > 1 ? " exists in " + std::to_string(times.size()) + " generations"
                         : " of generation " + shortText(candidates.front().point.generation) +
                               " was recorded " + std::to_string(states.size()) +
                               " times, from one older state on";
    return ambiguous(subject + where, std::move(candidates));
}

PlanResult planTx(const StateGraph& graph, const RestoreTarget& target) {
    std::vector<std::uint32_t> found;
    for (const StateGraph::Lane& lane : graph.lanes()) {
        if (!target.generation || *target.generation == lane.generation) {
            collectTx(graph, lane, target, found);
        }
    }
    if (found.empty()) {
        return planUnknownTx(graph, target);
    }
    std::vector<std::uint32_t> reachable;
    std::copy_if(
        found.begin(), found.end(), std::back_inserter(reachable), [&](std::uint32_t state) {
            return graph.states()[state].reachable();
        });
    if (reachable.empty()) {
        return failed(whyUnreachable(graph, found.front()), nearestTo(graph, found.front()));
    }
    return reachable.size() == 1 ? planned(graph.planTo(reachable.front()))
                                 : ambiguousTx(graph, reachable);
}

PlanResult planMoment(const StateGraph& graph, const RestoreTarget& target) {
    MomentAnswer answer = findMoment(graph, target.moment, target.generation);
    if (answer.state) {
        return planned(graph.planTo(*answer.state));
    }
    if (!answer.candidates.empty()) {
        std::vector<PlanCandidate> candidates;
        for (const std::uint32_t state : answer.candidates) {
            const auto& [point, time] = knownOf(graph, state);
            candidates.push_back(PlanCandidate{point, time, std::nullopt});
        }
        return ambiguous("The clock was set back: " + toRfc3339(target.moment) +
                             " fits more than one place in the history",
                         std::move(candidates));
    }
    if (!answer.nearest) {
        return nothingStored(target);
    }
    return failed(std::move(*answer.failure), knownOf(graph, *answer.nearest));
}

}  // namespace

std::string toText(const Point& point) {
    return point.generation.text() + ":" + std::to_string(point.tx.value);
}

Result<Point> parsePoint(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        return Error{ErrorCode::InvalidArgument,
                     "not a point: '" + std::string(text) + "' (GENERATION:TXID is needed)"};
    }
    ENGINE_TRY_ASSIGN(const GenerationId generation, GenerationId::parse(text.substr(0, colon)));
    ENGINE_TRY_ASSIGN(const std::uint64_t tx, parseDecimal(text.substr(colon + 1)));
    return Point{generation, TxId{tx}};
}

PlanResult planRestore(const StateGraph& graph, const RestoreTarget& target) {
    switch (target.kind) {
        case RestoreTarget::Kind::Latest:
            return planLatest(graph, target);
        case RestoreTarget::Kind::Tx:
            return planTx(graph, target);
        case RestoreTarget::Kind::Moment:
            return planMoment(graph, target);
    }
    return nothingStored(target);
}

PlanResult planRestore(const History& history, const RestoreTarget& target) {
    return planRestore(StateGraph(history), target);
}

}  // namespace engine
