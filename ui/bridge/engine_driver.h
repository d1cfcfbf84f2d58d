// SPDX-License-Identifier: Apache-2.0
// The engine as the worker thread drives it: in this process, or in another one over its control
// socket. Both look the same from above.
//
// One thread: the worker that opened it; only the wake comes from others. Calls may take as long as
// the engine or the socket takes (5 s at most), so never the GUI thread.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "ui/bridge/engine_view.h"

namespace ui {

class EngineDriver {
public:
    virtual ~EngineDriver() = default;

    virtual Phase phase() const noexcept = 0;
    virtual engine::Result<engine::StatusPtr> status() = 0;
    /// Empty name: all.
    virtual engine::Status requestSnapshot(const std::string& database) = 0;
    /// until: 0 = until resume().
    virtual engine::Status pause(engine::Time until) = 0;
    virtual engine::Status resume() = 0;
};

/// What opening came to: a driver, or the phase and the reason why there is none.
struct OpenedEngine {
    std::unique_ptr<EngineDriver> driver;
    Phase phase = Phase::Failed;
    std::optional<engine::Error> error;
};

/// wake: called from engine threads when there is something new, until the driver is destroyed.
using EngineOpener = std::function<OpenedEngine(const std::function<void()>& wake)>;

/// Starts the engine of the options here, or attaches to the one that has the state folder.
OpenedEngine openEngine(const engine::EngineOptions& options, const std::function<void()>& wake);

}  // namespace ui
