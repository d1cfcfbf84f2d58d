// SPDX-License-Identifier: Apache-2.0
#include "engine/api/events.h"

#include <utility>

namespace engine {

void EventQueue::setWake(std::function<void()> wake) {
    MutexLock lock(m_mutex);
    m_wake = std::move(wake);
    if (m_kinds != 0 && m_wake) {
        m_wake();
    }
}

void EventQueue::push(EventKind kind) {
    MutexLock lock(m_mutex);
    const bool wasEmpty = m_kinds == 0;
    m_kinds |= static_cast<unsigned>(kind);
    if (wasEmpty && m_wake) {
        m_wake();
    }
}

unsigned EventQueue::drain() {
    MutexLock lock(m_mutex);
    return std::exchange(m_kinds, 0U);
}

}  // namespace engine
