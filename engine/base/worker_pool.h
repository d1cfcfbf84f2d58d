// SPDX-License-Identifier: Apache-2.0
// The one bounded pool for CPU work (packing and unpacking of blocks). Tasks never wait for each
// other and never do I/O.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/base/bounded_queue.h"
#include "engine/base/thread.h"

namespace engine {

class WorkerPool {
public:
    explicit WorkerPool(unsigned threads, ThreadPriority priority = ThreadPriority::Normal);
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    unsigned threads() const noexcept { return static_cast<unsigned>(m_threads.size()); }

    /// Waits while the queue is full. Safe from all threads but the pool's own. Every task that
    /// was taken runs before the destructor returns.
    void submit(std::function<void()> task);

private:
    BoundedQueue<std::function<void()>> m_tasks;
    std::vector<Thread> m_threads;
};

}  // namespace engine
