// SPDX-License-Identifier: Apache-2.0
// The thread on which the bridge opens, asks, commands and stops the engine, so that the GUI thread
// waits for none of it. Owned by the bridge; reports through the callbacks, from its own thread.
#pragma once

#include <deque>
#include <functional>

#include "engine/api/jobs.h"

#include "ui/bridge/engine_driver.h"

namespace ui {

struct WorkerCallbacks {
    std::function<void(EngineView)> viewChanged;
    std::function<void(engine::Error)> commandFailed;
    std::function<void()> ended;  // the last call
    std::function<void()> wake;   // from engine threads
};

class EngineWorker {
public:
    using Command = std::function<engine::Status(EngineDriver&)>;

    EngineWorker(EngineOpener open, WorkerCallbacks callbacks);

    // From any thread; none of them waits.
    /// Look again: asks the engine, or tries to open it where its configuration was in the way.
    void pull();
    /// Runs when the engine is there; dropped with an error where it is not.
    void post(Command command);
    /// Closes what is there and opens anew.
    void reopen();

    /// Stops the engine; ended follows.
    void requestStop() noexcept { m_thread.requestStop(); }

private:
    struct Work {
        bool pull = false;
        bool reopen = false;
        std::deque<Command> commands;
    };

    void run(std::stop_token stop);
    Work take(std::stop_token stop);
    void open();
    void tryToOpen();
    void askDriver();
    void close();
    void runCommands(const std::deque<Command>& commands);
    void lookAgain();
    void report(Phase phase, std::optional<engine::Error> error);

    const EngineOpener m_open;
    const WorkerCallbacks m_callbacks;

    // The worker thread's.
    std::unique_ptr<EngineDriver> m_driver;
    Phase m_phase = Phase::Starting;
    engine::StatusPtr m_status;

    engine::Mutex m_mutex;
    engine::Condition m_changed;
    Work m_work ENGINE_GUARDED_BY(m_mutex);

    engine::Thread m_thread;
};

}  // namespace ui
