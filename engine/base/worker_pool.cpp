// SPDX-License-Identifier: Apache-2.0
#include "engine/base/worker_pool.h"

#include <string>

namespace engine {

WorkerPool::WorkerPool(unsigned threads, ThreadPriority priority)
    : m_tasks(threads * 4) {
    ENSURE(threads > 0);
    for (unsigned i = 0; i < threads; ++i) {
        // Ends when the queue is closed and drained; the thread's own token is not used, so that a
        // task that was taken is never dropped.
        const auto work = [this](const std::stop_token&) {
            while (const auto task = m_tasks.pop(std::stop_token{})) {
                (*task)();
            }
        };
        m_threads.emplace_back("pool-" + std::to_string(i), work, priority);
    }
}

WorkerPool::~WorkerPool() {
    m_tasks.close();
}

void WorkerPool::submit(std::function<void()> task) {
    const bool taken = m_tasks.push(std::move(task), std::stop_token{});
    ENSURE(taken);
}

}  // namespace engine
