// SPDX-License-Identifier: Apache-2.0
// The only class of the window that engine threads call into, and the window's way to the engine:
// the view of it, commands, jobs.
//
// Lives in the GUI thread and never waits there. The engine is opened, asked and stopped on a
// worker thread of its own; what comes from it, from the engine's wake and from jobs arrives as one
// queued call each. A burst of wakes becomes at most four looks a second. Quit: shutDown(), then
// wait for ended(); the destructor alone would wait for the engine (2 s at most).
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include <QElapsedTimer>
#include <QObject>
#include <QPointer>
#include <QTimer>

#include "ui/bridge/background_job.h"
#include "ui/bridge/engine_worker.h"
#include "ui/bridge/history_queries.h"

namespace ui {

class EngineBridge final : public QObject {
    Q_OBJECT

public:
    explicit EngineBridge(engine::EngineOptions options, QObject* parent = nullptr);
    /// With another way to come to an engine.
    EngineBridge(EngineOpener open, ReplicaAccess access, QObject* parent = nullptr);
    ~EngineBridge() override;

    void start();
    void shutDown();

    const EngineView& view() const noexcept { return m_view; }

    /// How to reach the replicas, for the bodies of jobs.
    const ReplicaAccess& replicas() const noexcept { return m_access; }

    /// Somebody looks: ages are kept fresh to a second.
    void setWatched(bool watched);

    void requestSnapshot(const QString& database);
    void pause(engine::Time until);
    void resume();
    /// Tries again after a failure, or records here after the other process is gone.
    void reopen();

    /// The body runs on a thread of its own; the handle belongs to the parent.
    BackgroundJob* startJob(const QString& name, engine::Job::Body body, QObject* parent);

signals:
    void viewChanged();
    void commandFailed(const engine::Error& error);
    /// The engine has stopped, everything captured is on the local disk.
    void ended();

private:
    struct RunningJob {
        std::shared_ptr<engine::Job> job;
        QPointer<BackgroundJob> handle;
    };

    WorkerCallbacks callbacks();
    void setView(EngineView view);
    void onWake();
    void pullNow();
    void wakeForJobs();  // from job threads
    void updateJobs();

    EngineOpener m_open;
    const ReplicaAccess m_access;
    EngineView m_view;
    QTimer m_throttle;
    QTimer m_heartbeat;
    QElapsedTimer m_lastPull;
    std::atomic<bool> m_jobsChanged = false;
    std::vector<RunningJob> m_jobs;
    std::unique_ptr<EngineWorker> m_worker;
};

}  // namespace ui
