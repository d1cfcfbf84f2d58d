// SPDX-License-Identifier: Apache-2.0
#include "engine/history/moment.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace engine {

namespace {

constexpr std::uint32_t kNone = StateGraph::kNone;

/// One place of the recorded order: a state, or something of which only this much is known.
struct Place {
    Time birth;  // of its generation
    Point point;
    std::optional<Time> time;       // empty: right after what is before it
    std::uint32_t state = kNone;    // kNone: no commit table holds it
    std::uint32_t witness = kNone;  // the state that shows that there is a gap here

    friend bool operator<(const Place& a, const Place& b) noexcept {
        return std::tie(a.birth, a.point) < std::tie(b.birth, b.point);
    }
};

/// The recorded order with its gaps.
class Places {
public:
    Places(const StateGraph& graph, std::optional<GenerationId> generation)
        : m_graph(graph)
        , m_generation(generation) {
        addStates();
        addUnreadable();
        std::stable_sort(m_places.begin(), m_places.end());
    }

    const std::vector<Place>& all() const noexcept { return m_places; }

    bool reachable(const Place& place) const {
        return place.state != kNone && m_graph.states()[place.state].reachable();
    }

private:
    bool wanted(GenerationId generation) const {
        return !m_generation || *m_generation == generation;
    }

    void addStates() {
        const auto& states = m_graph.states();
        for (std::uint32_t first = 0; first < states.size();) {
            const std::uint32_t end = m_graph.endOfTx(first);
            const StateGraph::Lane& lane = m_graph.lanes()[states[first].lane];
            if (wanted(lane.generation)) {
                const std::uint32_t main = m_graph.mainOf(first, end);
                const std::uint32_t state = main == kNone ? first : main;
                if (main == kNone) {
                    addGapBefore(first, end, lane);
                }
                m_places.push_back(Place{lane.birth,
                                         m_graph.pointOf(states[state]),
                                         m_graph.timeOf(states[state]),
                                         state,
                                         kNone});
            }
            first = end;
        }
    }

    /// A segment that starts from a state that nothing here gives: there were changes before it.
    void addGapBefore(std::uint32_t first, std::uint32_t end, const StateGraph::Lane& lane) {
        for (std::uint32_t i = first; i < end; ++i) {
            const StateGraph::State& state = m_graph.states()[i];
            const StateGraph::Step& step = m_graph.step(m_graph.stepsInto(state).front());
            const TxId parent = m_graph.parentTxOf(step);
            // The first of a generation has nothing before it that a moment could be mistaken for.
            const bool follows =
                !m_places.empty() && m_places.back().point.generation == lane.generation;
            if (step.parent == kNone && follows && m_places.back().point.tx < parent) {
                m_places.push_back(
                    Place{lane.birth, Point{lane.generation, parent}, std::nullopt, kNone, i});
                return;
            }
        }
    }

    /// Of an artefact whose table cannot be read its name still tells where it begins and ends.
    void addUnreadable() {
        std::map<GenerationId, Time> births;
        for (const StateGraph::Lane& lane : m_graph.lanes()) {
            births[lane.generation] = lane.birth;
        }
        const std::size_t known = m_places.size();
        for (const HistoryArtefact& artefact : m_graph.history().artefacts) {
            const ArtefactDescriptor& descriptor = artefact.descriptor;
            const bool hidden =
                artefact.table == nullptr && descriptor.kind == ArtefactKind::Segment;
            if (!hidden || !wanted(descriptor.generation)) {
                continue;
            }
            const auto birth =
                births.try_emplace(descriptor.generation, descriptor.firstTime).first;
            for (const auto& [tx, time] : {std::pair(descriptor.firstTx, descriptor.firstTime),
                                           std::pair(descriptor.lastTx, descriptor.lastTime)}) {
                addUnlessKnown(
                    known,
                    Place{birth->second, Point{descriptor.generation, tx}, time, kNone, kNone});
            }
        }
    }

    void addUnlessKnown(std::size_t known, Place place) {
        const auto end = m_places.begin() + static_cast<std::ptrdiff_t>(known);
        const auto found = std::lower_bound(m_places.begin(), end, place);
        if (found == end || found->point != place.point || found->state == kNone) {
            m_places.push_back(place);
        }
    }

    const StateGraph& m_graph;
    const std::optional<GenerationId> m_generation;
    std::vector<Place> m_places;
};

/// The ends of the stretches of the recorded order that lie at or before the moment.
std::vector<std::size_t> stretchEnds(const std::vector<Place>& places, Time moment) {
    std::vector<std::size_t> ends;
    bool before = false;
    for (std::size_t i = 0; i < places.size(); ++i) {
        const bool now = places[i].time ? *places[i].time <= moment : before;
        if (before && !now) {
            ends.push_back(i - 1);
        }
        before = now;
    }
    if (before) {
        ends.push_back(places.size() - 1);
    }
    return ends;
}

std::optional<std::uint32_t> nearestInTime(const Places& places, Time moment) {
    std::optional<std::uint32_t> nearest;
    std::uint64_t least = 0;
    for (const Place& place : places.all()) {
        if (!places.reachable(place)) {
            continue;
        }
        const auto at = static_cast<std::uint64_t>(place.time->ms);
        const auto want = static_cast<std::uint64_t>(moment.ms);
        const std::uint64_t distance = *place.time > moment ? at - want : want - at;
        if (!nearest || distance < least) {
            nearest = place.state;
            least = distance;
        }
    }
    return nearest;
}

PlanReason whyNot(const StateGraph& graph, const Place& place, Time moment) {
    if (place.state != kNone) {
        return whyUnreachable(graph, place.state);
    }
    PlanReason reason = place.witness != kNone ? whyUnreachable(graph, place.witness)
                                               : whyUnknown(graph, place.point);
    reason.sentence = toRfc3339(moment) + " lies in a gap of the history: " + reason.sentence;
    return reason;
}

}  // namespace

MomentAnswer findMoment(const StateGraph& graph,
                        Time moment,
                        std::optional<GenerationId> generation) {
    const Places places(graph, generation);
    const std::vector<std::size_t> ends = stretchEnds(places.all(), moment);
    MomentAnswer answer;
    if (ends.size() > 1) {
        for (const std::size_t end : ends) {
            if (places.reachable(places.all()[end])) {
                answer.candidates.push_back(places.all()[end].state);
            }
        }
        if (!answer.candidates.empty()) {
            return answer;
        }
    }
    if (ends.empty()) {
        answer.failure =
            PlanReason{ErrorCode::NotFound,
                       toRfc3339(moment) + " is before the first change that is stored here"};
    } else if (const Place& place = places.all()[ends.back()]; places.reachable(place)) {
        answer.state = place.state;
        return answer;
    } else {
        answer.failure = whyNot(graph, place, moment);
    }
    answer.nearest = nearestInTime(places, moment);
    return answer;
}

}  // namespace engine
