// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/engine_worker.h"

#include <utility>

namespace ui {

EngineWorker::EngineWorker(EngineOpener open, WorkerCallbacks callbacks)
    : m_open(std::move(open))
    , m_callbacks(std::move(callbacks))
    , m_thread("engine", [this](std::stop_token stop) { run(std::move(stop)); }) {}

void EngineWorker::pull() {
    {
        engine::MutexLock lock(m_mutex);
        m_work.pull = true;
    }
    m_changed.notifyOne();
}

void EngineWorker::post(Command command) {
    {
        engine::MutexLock lock(m_mutex);
        m_work.commands.push_back(std::move(command));
    }
    m_changed.notifyOne();
}

void EngineWorker::reopen() {
    {
        engine::MutexLock lock(m_mutex);
        m_work.reopen = true;
    }
    m_changed.notifyOne();
}

void EngineWorker::run(std::stop_token stop) {
    open();
    while (!stop.stop_requested()) {
        const Work work = take(stop);
        if (stop.stop_requested()) {
            break;
        }
        if (work.reopen) {
            close();
            open();
        }
        runCommands(work.commands);
        if (work.pull || !work.commands.empty()) {
            lookAgain();
        }
    }
    report(Phase::Stopping, std::nullopt);
    close();
    m_callbacks.ended();
}

EngineWorker::Work EngineWorker::take(std::stop_token stop) {
    engine::MutexLock lock(m_mutex);
    m_changed.wait(m_mutex, std::move(stop), [this]() ENGINE_NO_TSA {
        return m_work.pull || m_work.reopen || !m_work.commands.empty();
    });
    return std::exchange(m_work, Work{});
}

void EngineWorker::open() {
    report(Phase::Starting, std::nullopt);
    tryToOpen();
}

void EngineWorker::tryToOpen() {
    OpenedEngine opened = m_open(m_callbacks.wake);
    m_driver = std::move(opened.driver);
    if (m_driver == nullptr) {
        report(opened.phase, std::move(opened.error));
    } else {
        askDriver();
    }
}

void EngineWorker::close() {
    m_driver.reset();
}

void EngineWorker::runCommands(const std::deque<Command>& commands) {
    for (const Command& command : commands) {
        const engine::Status done =
            m_driver != nullptr ? command(*m_driver)
                                : engine::Status(engine::Error{engine::ErrorCode::Unavailable,
                                                               "the engine is not running"});
        if (!done.ok()) {
            m_callbacks.commandFailed(done.error());
        }
    }
}

void EngineWorker::lookAgain() {
    // Only a configuration mends itself; every other failure waits for a person.
    const bool mayMend = m_phase == Phase::NoConfiguration || m_phase == Phase::BadConfiguration;
    if (m_driver != nullptr) {
        askDriver();
    } else if (mayMend) {
        tryToOpen();
    }
}

void EngineWorker::askDriver() {
    engine::Result<engine::StatusPtr> status = m_driver->status();
    if (!status.ok()) {
        report(Phase::Gone, status.error());
        return;
    }
    m_status = std::move(status).value();
    report(m_driver->phase(), std::nullopt);
}

void EngineWorker::report(Phase phase, std::optional<engine::Error> error) {
    m_phase = phase;
    m_callbacks.viewChanged(EngineView{phase, m_status, std::move(error)});
}

}  // namespace ui
