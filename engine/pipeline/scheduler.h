// SPDX-License-Identifier: Apache-2.0
// The capture workers: a few threads, a queue of controllers by the time when each is due.
// Thousands of databases are entries here, not threads. An event makes its database due at once,
// but a database is looked at most once a millisecond.
#pragma once

#include <set>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/thread.h"
#include "engine/pipeline/controller.h"

namespace engine {

/// What is far away is done together with others: one wake-up for hundreds of databases at rest.
/// Never later than due, and still far away.
Steady dueTogether(Steady due, Steady now);

class Scheduler {
public:
    Scheduler(unsigned threads, const Clock& clock);
    ~Scheduler();
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    /// The controller has to outlive its entry; due at once. Returns its id.
    std::size_t add(Controller& controller);
    /// Waits until no worker is at it; it is not run again.
    void remove(std::size_t id);
    /// Due now.
    void wake(std::size_t id);
    void start();
    /// Waits for the workers to finish what they are at.
    void stop();

private:
    struct Entry {
        Controller* controller = nullptr;  // null = removed
        Steady due;
        Steady lastRun;
        bool running = false;
        bool wakeAgain = false;
    };

    void work(std::stop_token stop) ENGINE_NO_TSA;  // gives the lock up around run()
    void queue(std::size_t id, Steady due) ENGINE_REQUIRES(m_mutex);

    const unsigned m_threadCount;
    const Clock& m_clock;
    Mutex m_mutex;
    Condition m_changed;
    std::vector<Entry> m_entries ENGINE_GUARDED_BY(m_mutex);
    std::set<std::pair<Steady, std::size_t>> m_queue ENGINE_GUARDED_BY(m_mutex);
    std::vector<Thread> m_threads;
};

}  // namespace engine
