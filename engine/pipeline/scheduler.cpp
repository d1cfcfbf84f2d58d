// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/scheduler.h"

#include <algorithm>

namespace engine {
namespace {
// Between two steps of one database: an app at full speed restarts its WAL every 10 to 20 ms.
constexpr std::chrono::milliseconds kLeastDistance{3};
constexpr std::chrono::seconds kFar{20};
constexpr std::chrono::seconds kTogether{10};
}  // namespace

Steady dueTogether(Steady due, Steady now) {
    if (due == Steady::max() || due - now < kFar) {
        return due;
    }
    return due - due.time_since_epoch() % kTogether;
}

Scheduler::Scheduler(unsigned threads, const Clock& clock)
    : m_threadCount(threads)
    , m_clock(clock) {
    ENSURE(threads > 0);
}

Scheduler::~Scheduler() {
    stop();
}

void Scheduler::start() {
    for (unsigned i = 0; i < m_threadCount; ++i) {
        m_threads.emplace_back(
            "capture-" + std::to_string(i),
            [this](std::stop_token stop) { work(std::move(stop)); },
            ThreadPriority::Background);
    }
}

void Scheduler::stop() {
    for (Thread& thread : m_threads) {
        thread.requestStop();
    }
    m_threads.clear();
}

void Scheduler::queue(std::size_t id, Steady due) {
    Entry& entry = m_entries[id];
    m_queue.erase({entry.due, id});
    entry.due = due;
    m_queue.insert({due, id});
    m_changed.notifyOne();
}

std::size_t Scheduler::add(Controller& controller) {
    MutexLock lock(m_mutex);
    const std::size_t id = m_entries.size();
    m_entries.push_back(Entry{&controller, Steady{}, Steady{}, false, false});
    queue(id, m_clock.steady());
    return id;
}

void Scheduler::remove(std::size_t id) {
    MutexLock lock(m_mutex);
    ENSURE(id < m_entries.size());
    m_queue.erase({m_entries[id].due, id});
    m_changed.wait(
        m_mutex, std::stop_token{}, [&]() ENGINE_NO_TSA { return !m_entries[id].running; });
    m_entries[id].controller = nullptr;
    m_queue.erase({m_entries[id].due, id});
}

void Scheduler::wake(std::size_t id) {
    MutexLock lock(m_mutex);
    ENSURE(id < m_entries.size());
    Entry& entry = m_entries[id];
    if (entry.controller == nullptr) {
        return;
    }
    if (entry.running) {
        entry.wakeAgain = true;
        return;
    }
    const Steady due = std::max(m_clock.steady(), entry.lastRun + kLeastDistance);
    if (due < entry.due) {
        queue(id, due);
    }
}

void Scheduler::work(std::stop_token stop) {
    MutexLock lock(m_mutex);
    while (!stop.stop_requested()) {
        if (m_queue.empty()) {
            m_changed.wait(m_mutex, stop, [this]() ENGINE_NO_TSA { return !m_queue.empty(); });
            continue;
        }
        const auto [due, id] = *m_queue.begin();
        if (due > m_clock.steady()) {
            const Steady until = due;
            m_changed.waitUntil(m_mutex, stop, until, [&]() ENGINE_NO_TSA {
                return m_queue.empty() || m_queue.begin()->first < until;
            });
            continue;
        }
        m_queue.erase(m_queue.begin());
        Entry& entry = m_entries[id];
        Controller* controller = entry.controller;
        entry.running = true;
        entry.wakeAgain = false;
        m_mutex.unlock();
        const Steady next = controller->run(stop);
        const Steady now = m_clock.steady();
        m_mutex.lock();
        Entry& done = m_entries[id];
        done.running = false;
        done.lastRun = now;
        queue(id, done.wakeAgain ? std::min(next, now + kLeastDistance) : dueTogether(next, now));
        m_changed.notifyAll();
    }
}

}  // namespace engine
