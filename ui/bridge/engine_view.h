// SPDX-License-Identifier: Apache-2.0
// What the window knows of the engine at one moment: the same shape whether the engine runs in this
// process, in another one, or nowhere. A value; made on the worker thread, read in the GUI thread.
#pragma once

#include <optional>

#include "engine/api/engine.h"

namespace ui {

enum class Phase : std::uint8_t {
    Starting,          // opening, recovering
    Recording,         // the engine runs here
    Attached,          // another process records; we look on
    NoConfiguration,   // nothing was ever set up
    BadConfiguration,  // the file cannot be used; looked at again when it changes
    Failed,            // the engine could not start
    Gone,              // the other process does not answer any more
    Stopping,
};

/// Older than this, a status says nothing about now.
inline constexpr std::int64_t kStatusFreshMs = 30'000;

struct EngineView {
    Phase phase = Phase::Starting;
    engine::StatusPtr status;            // the last one known; null before the first
    std::optional<engine::Error> error;  // why it is BadConfiguration, Failed or Gone

    bool live() const noexcept { return phase == Phase::Recording || phase == Phase::Attached; }
};

}  // namespace ui
