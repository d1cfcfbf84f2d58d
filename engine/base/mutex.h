// SPDX-License-Identifier: Apache-2.0
// A mutex that clang's -Wthread-safety understands; shared fields are ENGINE_GUARDED_BY one.
// A mutex guards fields, not work: no I/O, no callback, no logging under it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>

#if defined(__clang__)
#define ENGINE_TSA(x) __attribute__((x))
#else
#define ENGINE_TSA(x)
#endif
#define ENGINE_CAPABILITY(x) ENGINE_TSA(capability(x))
#define ENGINE_SCOPED_CAPABILITY ENGINE_TSA(scoped_lockable)
#define ENGINE_GUARDED_BY(x) ENGINE_TSA(guarded_by(x))
#define ENGINE_REQUIRES(...) ENGINE_TSA(requires_capability(__VA_ARGS__))
#define ENGINE_EXCLUDES(...) ENGINE_TSA(locks_excluded(__VA_ARGS__))
#define ENGINE_ACQUIRE(...) ENGINE_TSA(acquire_capability(__VA_ARGS__))
#define ENGINE_RELEASE(...) ENGINE_TSA(release_capability(__VA_ARGS__))
#define ENGINE_NO_TSA ENGINE_TSA(no_thread_safety_analysis)

namespace engine {

class ENGINE_CAPABILITY("mutex") Mutex {
public:
    void lock() ENGINE_ACQUIRE() { m_impl.lock(); }

    void unlock() ENGINE_RELEASE() { m_impl.unlock(); }

private:
    std::mutex m_impl;
};

class ENGINE_SCOPED_CAPABILITY MutexLock {
public:
    explicit MutexLock(Mutex& mutex) ENGINE_ACQUIRE(mutex)
        : m_mutex(mutex) {
        m_mutex.lock();
    }

    ~MutexLock() ENGINE_RELEASE() { m_mutex.unlock(); }

    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

private:
    Mutex& m_mutex;
};

/// Waits on a Mutex that the caller holds, with a predicate and a stop token, always.
class Condition {
public:
    template <class Predicate>
    bool wait(Mutex& mutex, std::stop_token stop, Predicate predicate) ENGINE_REQUIRES(mutex) {
        return m_impl.wait(mutex, stop, predicate);
    }

    template <class TimePoint, class Predicate>
    bool waitUntil(Mutex& mutex, std::stop_token stop, TimePoint until, Predicate predicate)
        ENGINE_REQUIRES(mutex) {
        return m_impl.wait_until(mutex, stop, until, predicate);
    }

    void notifyOne() noexcept { m_impl.notify_one(); }

    void notifyAll() noexcept { m_impl.notify_all(); }

private:
    std::condition_variable_any m_impl;
};

}  // namespace engine
