// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/engine_bridge.h"

#include <algorithm>
#include <utility>

namespace ui {

namespace {

constexpr int kLookEveryMs = 250;
constexpr int kWatchedBeatMs = 1'000;
constexpr int kHiddenBeatMs = 10'000;

}  // namespace

EngineBridge::EngineBridge(engine::EngineOptions options, QObject* parent)
    : EngineBridge(
          [options](const std::function<void()>& wake) { return openEngine(options, wake); },
          ReplicaAccess::of(options),
          parent) {}

EngineBridge::EngineBridge(EngineOpener open, ReplicaAccess access, QObject* parent)
    : QObject(parent)
    , m_open(std::move(open))
    , m_access(std::move(access)) {
    m_throttle.setSingleShot(true);
    connect(&m_throttle, &QTimer::timeout, this, &EngineBridge::pullNow);
    m_heartbeat.setInterval(kHiddenBeatMs);
    connect(&m_heartbeat, &QTimer::timeout, this, &EngineBridge::pullNow);
}

EngineBridge::~EngineBridge() {
    // Joins the worker, which unsets the wake before the engine goes; then nobody calls in.
    m_worker.reset();
    for (const RunningJob& running : m_jobs) {
        running.job->cancel();
    }
    m_jobs.clear();
}

void EngineBridge::start() {
    if (m_worker == nullptr) {
        m_worker = std::make_unique<EngineWorker>(m_open, callbacks());
        m_heartbeat.start();
    }
}

WorkerCallbacks EngineBridge::callbacks() {
    // Called from the worker and from engine threads: each does no more than post.
    WorkerCallbacks callbacks;
    callbacks.viewChanged = [this](EngineView view) {
        QMetaObject::invokeMethod(
            this, [this, view = std::move(view)] { setView(view); }, Qt::QueuedConnection);
    };
    callbacks.commandFailed = [this](engine::Error error) {
        QMetaObject::invokeMethod(
            this,
            [this, error = std::move(error)] { emit commandFailed(error); },
            Qt::QueuedConnection);
    };
    callbacks.ended = [this] {
        QMetaObject::invokeMethod(this, &EngineBridge::ended, Qt::QueuedConnection);
    };
    callbacks.wake = [this] {
        QMetaObject::invokeMethod(this, &EngineBridge::onWake, Qt::QueuedConnection);
    };
    return callbacks;
}

void EngineBridge::shutDown() {
    m_heartbeat.stop();
    m_throttle.stop();
    for (const RunningJob& running : m_jobs) {
        running.job->cancel();
    }
    if (m_worker != nullptr) {
        m_worker->requestStop();
    } else {
        QMetaObject::invokeMethod(this, &EngineBridge::ended, Qt::QueuedConnection);
    }
}

void EngineBridge::setWatched(bool watched) {
    m_heartbeat.setInterval(watched ? kWatchedBeatMs : kHiddenBeatMs);
    if (watched) {
        onWake();
    }
}

void EngineBridge::requestSnapshot(const QString& database) {
    if (m_worker != nullptr) {
        m_worker->post([name = database.toStdString()](EngineDriver& driver) {
            return driver.requestSnapshot(name);
        });
    }
}

void EngineBridge::pause(engine::Time until) {
    if (m_worker != nullptr) {
        m_worker->post([until](EngineDriver& driver) { return driver.pause(until); });
    }
}

void EngineBridge::resume() {
    if (m_worker != nullptr) {
        m_worker->post([](EngineDriver& driver) { return driver.resume(); });
    }
}

void EngineBridge::reopen() {
    if (m_worker != nullptr) {
        m_worker->reopen();
    }
}

BackgroundJob* EngineBridge::startJob(const QString& name,
                                      engine::Job::Body body,
                                      QObject* parent) {
    auto job = std::make_shared<engine::Job>(
        name.toStdString(), std::move(body), [this] { wakeForJobs(); });
    auto* handle = new BackgroundJob(job, parent);
    m_jobs.push_back({std::move(job), handle});
    return handle;
}

void EngineBridge::setView(EngineView view) {
    m_view = std::move(view);
    emit viewChanged();
}

void EngineBridge::onWake() {
    if (m_throttle.isActive()) {
        return;
    }
    const qint64 since = m_lastPull.isValid() ? m_lastPull.elapsed() : kLookEveryMs;
    m_throttle.start(static_cast<int>(std::clamp<qint64>(kLookEveryMs - since, 0, kLookEveryMs)));
}

void EngineBridge::pullNow() {
    if (m_worker != nullptr) {
        m_lastPull.start();
        m_worker->pull();
    }
}

void EngineBridge::wakeForJobs() {
    if (!m_jobsChanged.exchange(true)) {
        QMetaObject::invokeMethod(this, &EngineBridge::updateJobs, Qt::QueuedConnection);
    }
}

void EngineBridge::updateJobs() {
    m_jobsChanged.store(false);
    // Listeners may start or drop jobs: told from a copy, ended ones are let go first.
    std::vector<std::pair<QPointer<BackgroundJob>, engine::Job::State>> news;
    std::erase_if(m_jobs, [&news](const RunningJob& running) {
        engine::Job::State state = running.job->state();
        const bool ended = state.finished;
        news.emplace_back(running.handle, std::move(state));
        return ended;
    });
    for (const auto& [handle, state] : news) {
        if (handle != nullptr) {
            handle->update(state);
        }
    }
}

}  // namespace ui
