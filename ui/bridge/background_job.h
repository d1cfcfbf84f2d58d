// SPDX-License-Identifier: Apache-2.0
// The GUI thread's handle of a job. Destroying it cancels the job and does not wait for it: the
// bridge keeps the thread until it has ended. Made by EngineBridge::startJob.
#pragma once

#include <memory>

#include <QObject>

#include "engine/api/jobs.h"

namespace ui {

class BackgroundJob final : public QObject {
    Q_OBJECT

public:
    BackgroundJob(std::shared_ptr<engine::Job> job, QObject* parent);
    ~BackgroundJob() override;

    void cancel();

    bool isFinished() const noexcept { return m_finished; }

    /// From the bridge: the job moved on.
    void update(const engine::Job::State& state);

signals:
    void progressed(const engine::JobProgress& progress);
    /// Once. No error: it is done. ErrorCode::Cancelled where it was cancelled.
    void finished(const std::optional<engine::Error>& error);

private:
    std::weak_ptr<engine::Job> m_job;
    bool m_finished = false;
};

}  // namespace ui
