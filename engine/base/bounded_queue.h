// SPDX-License-Identifier: Apache-2.0
// A queue with a limit between threads: the producer waits when it is full, the consumer when it
// is empty, both until stopped or closed.
#pragma once

#include <deque>
#include <optional>
#include <stop_token>

#include "engine/base/ensure.h"
#include "engine/base/mutex.h"

namespace engine {

template <class T>
class BoundedQueue {
public:
    explicit BoundedQueue(std::size_t itemsMax)
        : m_itemsMax(itemsMax) {}

    /// false: stopped or closed, the item was not taken.
    bool push(T item, std::stop_token stop) {
        MutexLock lock(m_mutex);
        const bool room = m_changed.wait(m_mutex, stop, [this]() ENGINE_NO_TSA {
            return m_closed || m_items.size() < m_itemsMax;
        });
        if (!room || m_closed) {
            return false;
        }
        m_items.push_back(std::move(item));
        m_changed.notifyAll();
        return true;
    }

    /// Empty: stopped, or closed and drained.
    std::optional<T> pop(std::stop_token stop) {
        MutexLock lock(m_mutex);
        const bool ready = m_changed.wait(
            m_mutex, stop, [this]() ENGINE_NO_TSA { return m_closed || !m_items.empty(); });
        if (!ready || m_items.empty()) {
            return std::nullopt;
        }
        std::optional<T> item(std::move(m_items.front()));
        m_items.pop_front();
        m_changed.notifyAll();
        return item;
    }

    /// No more pushes; what is inside can still be popped.
    void close() {
        MutexLock lock(m_mutex);
        m_closed = true;
        m_changed.notifyAll();
    }

private:
    const std::size_t m_itemsMax;
    Mutex m_mutex;
    Condition m_changed;
    std::deque<T> m_items ENGINE_GUARDED_BY(m_mutex);
    bool m_closed ENGINE_GUARDED_BY(m_mutex) = false;
};

}  // namespace engine
