// SPDX-License-Identifier: Apache-2.0
// Which recorded state a moment means: the state at or before it, in the recorded order. A clock
// that was set back makes some moments fit several places; a gap in the history makes some fit a
// state that is not there. Neither is guessed.
#pragma once

#include <optional>
#include <vector>

#include "engine/history/plan_reason.h"

namespace engine {

struct MomentAnswer {
    std::optional<std::uint32_t> state;     // reachable
    std::vector<std::uint32_t> candidates;  // reachable; where several places fit
    std::optional<PlanReason> failure;      // where there is neither
    std::optional<std::uint32_t> nearest;   // reachable; where there is a failure
};

MomentAnswer findMoment(const StateGraph& graph,
                        Time moment,
                        std::optional<GenerationId> generation);

}  // namespace engine
