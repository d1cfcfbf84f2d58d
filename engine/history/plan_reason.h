// SPDX-License-Identifier: Apache-2.0
// Why a state cannot be reached, in one sentence that names the object.
#pragma once

#include <string>

#include "engine/history/state_graph.h"

namespace engine {

struct PlanReason {
    ErrorCode code = ErrorCode::NotFound;
    std::string sentence;
};

/// Of a state that some commit table holds but no path leads to.
PlanReason whyUnreachable(const StateGraph& graph, std::uint32_t state);
/// Of a TxId that no commit table holds.
PlanReason whyUnknown(const StateGraph& graph, const Point& point);
/// "9f3c4a01": enough of a generation's id for a sentence.
std::string shortText(GenerationId generation);

}  // namespace engine
