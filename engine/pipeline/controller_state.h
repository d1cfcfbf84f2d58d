// SPDX-License-Identifier: Apache-2.0
// The states of a controller and the transitions between them, as a table.
//
//                 recovered                       discontinuity
//   Opening ----------------------> Recording ----------------------> Baseline
//      |  ^                          |   ^                               |
//      |  |  failure of ours         |   |       baseline proved         |
//      |  +--------------------------+   +-------------------------------+
//      |                 nothing to go on with                           ^
//      +-----------------------------------------------------------------+
//      |  ^
//      |  |  another try
//      v  |
//   Quarantined
//
// Opening:   the local log and the page map are read; nothing is captured.
// Baseline:  the source is read until a state is proved; a generation starts there.
// Recording: commits are captured one after another.
// Quarantined: the program died twice while it opened this database; it is left alone.
// Stopped:   everything captured is on the local disk; the end.
#pragma once

#include <cstdint>
#include <optional>

namespace engine {

enum class ControllerState : std::uint8_t { Opening, Baseline, Recording, Quarantined, Stopped };

enum class ControllerEvent : std::uint8_t {
    Recovered,      // map and log agree: go on where they end
    NothingToGoOn,  // no map, or it does not agree with the log
    BaselineProved,
    Discontinuity,  // capture cannot vouch for identity or order
    Failure,        // of ours (disk full, log unreadable): begin again from what is durable
    Distrust,       // the program died here, twice
    Retry,          // someone asked for it, or the file changed
    Stop,
};

/// Empty: the event does not belong into the state (a bug of ours).
constexpr std::optional<ControllerState> nextState(ControllerState state,
                                                   ControllerEvent event) noexcept {
    struct Row {
        ControllerState from;
        ControllerEvent event;
        ControllerState to;
    };

    using S = ControllerState;
    using E = ControllerEvent;
    constexpr Row kRows[] = {
        {S::Opening, E::Recovered, S::Recording},
        {S::Opening, E::NothingToGoOn, S::Baseline},
        {S::Opening, E::Failure, S::Opening},
        {S::Baseline, E::BaselineProved, S::Recording},
        {S::Baseline, E::Failure, S::Opening},
        {S::Baseline, E::Discontinuity, S::Baseline},
        {S::Recording, E::Discontinuity, S::Baseline},
        {S::Recording, E::Failure, S::Opening},
        {S::Opening, E::Distrust, S::Quarantined},
        {S::Quarantined, E::Retry, S::Opening},
        {S::Quarantined, E::Stop, S::Stopped},
        {S::Opening, E::Stop, S::Stopped},
        {S::Baseline, E::Stop, S::Stopped},
        {S::Recording, E::Stop, S::Stopped},
        {S::Stopped, E::Stop, S::Stopped},
    };
    for (const Row& row : kRows) {
        if (row.from == state && row.event == event) {
            return row.to;
        }
    }
    return std::nullopt;
}

}  // namespace engine
