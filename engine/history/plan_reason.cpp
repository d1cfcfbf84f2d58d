// SPDX-License-Identifier: Apache-2.0
#include "engine/history/plan_reason.h"

#include <algorithm>
#include <optional>
#include <set>

namespace engine {

namespace {

std::string rangeText(TxId first, TxId last) {
    return std::to_string(first.value) + ".." + std::to_string(last.value);
}

std::string subjectOf(const Point& point) {
    return "Change " + std::to_string(point.tx.value) + " of generation " +
           shortText(point.generation);
}

std::string nounOf(ArtefactKind kind, TxId first, TxId last) {
    return kind == ArtefactKind::Snapshot ? "snapshot " + std::to_string(last.value)
                                          : "segment " + rangeText(first, last);
}

/// An artefact whose last part is listed, but not all of the others.
struct BrokenArtefact {
    PartName last;
    std::string missing;  // name of the first object that is not there
};

std::optional<BrokenArtefact> brokenBy(const PartName& last, const std::vector<PartName>& parts) {
    std::set<std::uint32_t> present;
    for (const PartName& part : parts) {
        if (part.artefact == last.artefact && part.generation == last.generation) {
            present.insert(part.part);
        }
    }
    for (std::uint32_t number = 1; number < last.part; ++number) {
        if (present.count(number) == 0) {
            PartName missing = last;
            missing.part = number;
            missing.last.reset();
            return BrokenArtefact{last, missing.text()};
        }
    }
    return std::nullopt;
}

/// Broken artefacts of a generation that would give the state of a TxId.
std::optional<BrokenArtefact> findBroken(const History& history, const Point& point) {
    std::vector<PartName> parts;
    for (const std::string& name : history.incomplete) {
        Result<PartName> part = PartName::parse(name);
        if (part.ok() && part.value().generation == point.generation) {
            parts.push_back(std::move(part).value());
        }
    }
    for (const PartName& part : parts) {
        const bool covers = part.last && part.firstTx <= point.tx && point.tx <= part.last->lastTx;
        if (!covers || (part.kind == ArtefactKind::Snapshot && part.last->lastTx != point.tx)) {
            continue;
        }
        if (std::optional<BrokenArtefact> broken = brokenBy(part, parts)) {
            return broken;
        }
    }
    return std::nullopt;
}

const HistoryArtefact* findUnreadable(const History& history, const Point& point) {
    for (const HistoryArtefact& artefact : history.artefacts) {
        const ArtefactDescriptor& descriptor = artefact.descriptor;
        const bool covers = descriptor.generation == point.generation &&
                            descriptor.firstTx <= point.tx && point.tx <= descriptor.lastTx;
        const bool gives =
            descriptor.kind == ArtefactKind::Segment || descriptor.lastTx == point.tx;
        if (artefact.table == nullptr && covers && gives) {
            return &artefact;
        }
    }
    return nullptr;
}

/// The artefact that would give a state is listed but of no use: which, and why.
std::optional<PlanReason> namedCulprit(const StateGraph& graph,
                                       const Point& wanted,
                                       const Point& needed) {
    if (const HistoryArtefact* artefact = findUnreadable(graph.history(), needed)) {
        const ArtefactDescriptor& descriptor = artefact->descriptor;
        return PlanReason{ErrorCode::Corruption,
                          subjectOf(wanted) + " needs the " +
                              nounOf(descriptor.kind, descriptor.firstTx, descriptor.lastTx) +
                              ", whose object " + descriptor.parts.back().name +
                              " cannot be read: " + artefact->problem};
    }
    if (const std::optional<BrokenArtefact> broken = findBroken(graph.history(), needed)) {
        const PartName& last = broken->last;
        return PlanReason{ErrorCode::NotFound,
                          subjectOf(wanted) + " needs the " +
                              nounOf(last.kind, last.firstTx, last.last->lastTx) +
                              ", whose object " + broken->missing + " is missing"};
    }
    return std::nullopt;
}

/// The newest reachable TxId of a lane at or below a limit.
std::optional<TxId> reachableBelow(const StateGraph& graph, std::uint32_t lane, TxId limit) {
    const StateGraph::Lane& range = graph.lanes()[lane];
    std::optional<TxId> newest;
    for (std::uint32_t i = range.firstState; i < range.endState; ++i) {
        const StateGraph::State& state = graph.states()[i];
        const TxId tx = graph.pointOf(state).tx;
        if (tx > limit) {
            break;
        }
        newest = state.reachable() ? tx : newest;
    }
    return newest;
}

bool knowsTx(const StateGraph& graph, std::uint32_t lane, TxId tx) {
    const StateGraph::Lane& range = graph.lanes()[lane];
    const auto begin = graph.states().begin() + range.firstState;
    const auto end = graph.states().begin() + range.endState;
    const auto found = std::partition_point(
        begin, end, [&](const StateGraph::State& state) { return graph.pointOf(state).tx < tx; });
    return found != end && graph.pointOf(*found).tx == tx;
}

/// The oldest step on the way to a state: the one whose parent nothing gives.
const StateGraph::Step& danglingStep(const StateGraph& graph, std::uint32_t state) {
    while (true) {
        const StateGraph::State& here = graph.states()[state];
        const StateGraph::Step& step = graph.step(graph.stepsInto(here).front());
        if (step.parent == StateGraph::kNone) {
            return step;
        }
        state = step.parent;  // a smaller TxId: it ends
    }
}

}  // namespace

std::string shortText(GenerationId generation) {
    return generation.text().substr(0, 8);
}

PlanReason whyUnreachable(const StateGraph& graph, std::uint32_t state) {
    const Point wanted = graph.pointOf(graph.states()[state]);
    const std::uint32_t lane = graph.states()[state].lane;
    const TxId needed = graph.parentTxOf(danglingStep(graph, state));
    if (std::optional<PlanReason> named =
            namedCulprit(graph, wanted, Point{wanted.generation, needed})) {
        return *named;
    }
    if (knowsTx(graph, lane, needed)) {
        return {ErrorCode::NotFound,
                subjectOf(wanted) + " follows a state of change " + std::to_string(needed.value) +
                    " that no stored snapshot or segment gives"};
    }
    const std::optional<TxId> before = reachableBelow(graph, lane, needed);
    if (!before) {
        return {ErrorCode::NotFound,
                subjectOf(wanted) + " has no stored snapshot that it could be restored from"};
    }
    return {ErrorCode::NotFound,
            subjectOf(wanted) + " needs the changes " + rangeText(before->next(), needed) +
                ", which no stored object holds"};
}

PlanReason whyUnknown(const StateGraph& graph, const Point& point) {
    if (std::optional<PlanReason> named = namedCulprit(graph, point, point)) {
        return *named;
    }
    for (const StateGraph::Lane& lane : graph.lanes()) {
        if (lane.generation == point.generation) {
            return {ErrorCode::NotFound, subjectOf(point) + " is not stored here"};
        }
    }
    return {ErrorCode::NotFound,
            "Generation " + shortText(point.generation) + " is not stored here"};
}

}  // namespace engine
