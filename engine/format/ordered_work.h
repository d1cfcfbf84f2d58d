// SPDX-License-Identifier: Apache-2.0
// Runs jobs on the pool, a few at a time, and gives them back in the order in which they came.
// Private to the room.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <stop_token>
#include <vector>

#include "engine/base/ensure.h"
#include "engine/base/mutex.h"
#include "engine/base/worker_pool.h"

namespace engine {

/// Job: default-constructible, with run(), which must not wait. Job objects are used again with
/// their buffers and contexts. One thread; only run() happens on the pool's. The destructor waits
/// for the jobs that are under way.
template <class Job>
class OrderedWork {
public:
    /// pool null: run() happens in start().
    explicit OrderedWork(WorkerPool* pool)
        : m_pool(pool)
        , m_slotsMax(pool == nullptr ? 1 : std::size_t{pool->threads()} * 2) {}

    ~OrderedWork() {
        while (!empty()) {
            recycle(takeOldest());
        }
    }

    OrderedWork(const OrderedWork&) = delete;
    OrderedWork& operator=(const OrderedWork&) = delete;

    bool empty() const noexcept { return m_slots.empty(); }

    /// The oldest must be taken before another is started.
    bool full() const noexcept { return m_slots.size() >= m_slotsMax; }

    /// A job to fill: one that is not used any more, or a new one.
    std::unique_ptr<Job> spare() {
        if (m_spare.empty()) {
            return std::make_unique<Job>();
        }
        std::unique_ptr<Job> job = std::move(m_spare.back());
        m_spare.pop_back();
        return job;
    }

    void recycle(std::unique_ptr<Job> job) { m_spare.push_back(std::move(job)); }

    void start(std::unique_ptr<Job> job) {
        ENSURE(!full());
        m_slots.push_back(std::make_unique<Slot>());
        Slot* slot = m_slots.back().get();
        slot->job = std::move(job);
        if (m_pool == nullptr) {
            slot->job->run();
            slot->done = true;
            return;
        }
        m_pool->submit([this, slot] {
            slot->job->run();
            MutexLock lock(m_mutex);
            slot->done = true;
            m_finished.notifyAll();
        });
    }

    /// Waits until the oldest has run.
    std::unique_ptr<Job> takeOldest() {
        ENSURE(!empty());
        const std::unique_ptr<Slot> slot = std::move(m_slots.front());
        m_slots.pop_front();
        MutexLock lock(m_mutex);
        m_finished.wait(m_mutex, std::stop_token{}, [&slot] { return slot->done; });
        return std::move(slot->job);
    }

private:
    struct Slot {
        std::unique_ptr<Job> job;
        bool done = false;  // under m_mutex while the job is on the pool
    };

    WorkerPool* const m_pool;
    const std::size_t m_slotsMax;
    std::deque<std::unique_ptr<Slot>> m_slots;
    std::vector<std::unique_ptr<Job>> m_spare;
    Mutex m_mutex;
    Condition m_finished;
};

}  // namespace engine
