// SPDX-License-Identifier: Apache-2.0
#include "engine/api/jobs.h"

namespace engine {

Job::Job(std::string name, Body body, std::function<void()> changed)
    : m_name(std::move(name))
    , m_thread("job",
               [this, body = std::move(body), changed = std::move(changed)](std::stop_token stop) {
                   const Report report = [this, &changed](const JobProgress& progress) {
                       {
                           MutexLock lock(m_mutex);
                           m_state.progress = progress;
                       }
                       if (changed) {
                           changed();
                       }
                   };
                   const Status result = body(report, std::move(stop));
                   {
                       MutexLock lock(m_mutex);
                       m_state.finished = true;
                       m_state.ok = result.ok();
                       if (!result.ok()) {
                           m_state.error = result.error();
                       }
                   }
                   if (changed) {
                       changed();
                   }
               }) {}

Job::State Job::state() const {
    MutexLock lock(m_mutex);
    return m_state;
}

}  // namespace engine
