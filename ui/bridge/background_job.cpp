// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/background_job.h"

namespace ui {

BackgroundJob::BackgroundJob(std::shared_ptr<engine::Job> job, QObject* parent)
    : QObject(parent)
    , m_job(job) {}

BackgroundJob::~BackgroundJob() {
    cancel();
}

void BackgroundJob::cancel() {
    if (const std::shared_ptr<engine::Job> job = m_job.lock()) {
        job->cancel();
    }
}

void BackgroundJob::update(const engine::Job::State& state) {
    if (m_finished) {
        return;
    }
    if (!state.finished) {
        emit progressed(state.progress);
        return;
    }
    m_finished = true;
    emit finished(state.error);
}

}  // namespace ui
