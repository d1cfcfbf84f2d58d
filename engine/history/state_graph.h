// SPDX-License-Identifier: Apache-2.0
// Every state of the database that a history knows, and how each is reached.
//
// A state is (generation, TxId, root). A commit of a segment leads from one state to the next, a
// snapshot gives a state from nothing; a state is reachable where a path of artefacts that can be
// read leads to it. Of several paths the one with the fewest bytes to fetch is kept, an object
// counting as kObjectCost bytes more, so that one wide segment wins over many narrow ones.
// Building it is linear in the number of commits but for one sort. Immutable once built; safe for
// use from several threads. The history outlives it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/history/restore_plan.h"

namespace engine {

class StateGraph {
public:
    static constexpr std::uint64_t kObjectCost = 256u << 10;
    static constexpr std::uint32_t kNone = 0xffffffffu;

    /// One row of a commit table: a way into a state.
    struct Step {
        std::uint32_t artefact = 0;
        std::uint32_t commit = 0;
        std::uint32_t state = kNone;   // that it leads to
        std::uint32_t parent = kNone;  // that it starts from; kNone: unknown, or a snapshot
        std::uint64_t cost = kUnreachable;
        bool isSnapshot = false;
        bool continues =
            false;  // the best way here comes through the commit before it in the table

        bool reachable() const noexcept { return cost != kUnreachable; }
    };

    struct State {
        std::uint32_t lane = 0;
        std::uint32_t firstStep = 0;  // of stepsInto()
        std::uint32_t stepCount = 0;
        std::uint32_t best = kNone;  // the step of the cheapest way; kNone: unreachable
        std::uint32_t tip = kNone;   // the end of the newest branch that goes on from it

        bool reachable() const noexcept { return best != kNone; }
    };

    /// The artefacts that can follow each other: of one generation, page size, seed and engine.
    struct Lane {
        GenerationId generation;
        std::uint32_t pageSize = 0;
        std::uint64_t seed = 0;
        DatabaseEngine engine = DatabaseEngine::Sqlite;
        Time birth;
        std::uint32_t firstState = 0;
        std::uint32_t endState = 0;
    };

    explicit StateGraph(const History& history);

    const History& history() const noexcept { return m_history; }

    /// In the recorded order: lanes by birth, then TxId, then root.
    const std::vector<State>& states() const noexcept { return m_states; }

    const std::vector<Lane>& lanes() const noexcept { return m_lanes; }

    const Step& step(std::uint32_t id) const { return m_steps[id]; }

    std::span<const std::uint32_t> stepsInto(const State& state) const {
        return std::span(m_order).subspan(state.firstStep, state.stepCount);
    }

    const CommitEntry& entryOf(const Step& step) const;
    /// The commit that tells time and kind of a state: a segment's, where there is one.
    const Step& describing(const State& state) const;

    const CommitEntry& entryOf(const State& state) const { return entryOf(describing(state)); }

    GenerationId generationOf(const State& state) const { return m_lanes[state.lane].generation; }

    Point pointOf(const State& state) const;

    Time timeOf(const State& state) const { return entryOf(state).time; }

    TxId parentTxOf(const Step& step) const;

    /// One past the last state of the TxId that the state at index has.
    std::uint32_t endOfTx(std::uint32_t index) const;
    /// Of states [first, end) of one TxId: the one that the bare point means; kNone: none
    /// reachable.
    std::uint32_t mainOf(std::uint32_t first, std::uint32_t end) const;
    /// Of states of one TxId: which is on the branch whose end has the later time. TxIds do not
    /// tell: whoever goes on from an older state counts from there again.
    bool leadsFurther(std::uint32_t a, std::uint32_t b) const;

    /// The plan to a reachable state.
    RestorePlan planTo(std::uint32_t state) const;

private:
    static constexpr std::uint64_t kUnreachable = ~std::uint64_t{0};

    void findLanes();
    void makeSteps();
    void makeStates();
    void linkParents();
    void linkArtefact(std::uint32_t artefact);
    std::uint32_t findState(std::uint32_t lane, TxId tx, const Root& root) const;
    void findBestPaths();
    void reach(Step& step, std::uint32_t id);
    void findTips();
    bool isLaterTip(std::uint32_t a, std::uint32_t b) const;
    std::uint64_t partBytes(const Step& step) const;
    std::uint64_t newPartBytes(const Step& step) const;

    const History& m_history;
    std::vector<Lane> m_lanes;
    std::vector<std::uint32_t> m_laneOf;     // by artefact
    std::vector<std::uint32_t> m_firstStep;  // by artefact
    std::vector<Step> m_steps;               // by artefact, then commit
    std::vector<std::uint32_t> m_order;      // of steps, by state
    std::vector<State> m_states;
};

/// Bytes of the parts that hold the frames of a range of commits.
std::uint64_t bytesOfCommits(const HistoryArtefact& artefact,
                             std::uint64_t firstCommit,
                             std::uint64_t commitCount);

}  // namespace engine
