// SPDX-License-Identifier: Apache-2.0
// Holds what a replica offers against what the oracle's log says was there: every point of the
// timeline is rebuilt, commit by commit, and must be one logged state, strictly forward.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/history/timeline.h"
#include "engine/replica/replica.h"

#include "tests/support/oracle_log.h"

namespace oracle {

struct CheckReport {
    std::uint64_t states = 0;  // that the log has
    std::uint64_t points = 0;  // that the timeline offers
    std::uint64_t alone = 0;   // of them, exactly one transaction
    std::uint64_t catchUps = 0;
    std::uint64_t generations = 0;
    std::uint64_t restored = 0;  // points restored to a file as a person would
    std::uint64_t wrong = 0;
    bool newestIsLast = false;          // the newest point is the last logged state
    std::vector<std::string> problems;  // the first of them
};

class Checker {
public:
    static engine::Result<std::unique_ptr<Checker>> open(const std::string& replicaFolder,
                                                         const std::string& logPath);

    /// Rebuilds and compares every point.
    engine::Status checkTimeline();
    /// Restores some points, the newest among them, through the planner and the restorer.
    engine::Status checkRestores(std::size_t count, std::uint64_t seed, const std::string& folder);
    /// "this was reported as stored": it, or a later point of its generation, is offered.
    void checkStored(engine::GenerationId generation, engine::TxId tx);

    const CheckReport& report() const noexcept { return m_report; }

    const engine::History& history() const noexcept { return m_history; }

private:
    Checker() = default;
    engine::Status rebuildGeneration(engine::GenerationId generation);
    void comparePoint(const engine::TimelinePoint& point, const engine::TimelinePoint* before);
    void wrong(const std::string& problem);

    std::unique_ptr<engine::Replica> m_replica;
    engine::History m_history;
    std::vector<engine::TimelinePoint> m_timeline;
    std::vector<State> m_states;
    std::multimap<engine::Hash128, std::size_t> m_stateOfImage;
    std::map<engine::Point, engine::Hash128> m_rebuilt;
    std::map<engine::Point, std::size_t> m_stateOfPoint;
    CheckReport m_report;
};

}  // namespace oracle
