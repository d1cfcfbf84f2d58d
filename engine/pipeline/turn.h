// SPDX-License-Identifier: Apache-2.0
// Whose turn it is at one database's capture: the capture worker's step or the snapshotter's page
// reads. A turn is held during I/O, which a mutex must not be; waiting for it observes stop.
#pragma once

#include <stop_token>

#include "engine/base/mutex.h"

namespace engine {

class Turn {
public:
    bool tryTake() {
        MutexLock lock(m_mutex);
        if (m_taken) {
            return false;
        }
        m_taken = true;
        return true;
    }

    /// false: stopped.
    bool take(std::stop_token stop) {
        MutexLock lock(m_mutex);
        const bool free =
            m_freed.wait(m_mutex, std::move(stop), [this]() ENGINE_NO_TSA { return !m_taken; });
        m_taken = m_taken || free;
        return free;
    }

    void give() {
        MutexLock lock(m_mutex);
        m_taken = false;
        m_freed.notifyOne();
    }

private:
    Mutex m_mutex;
    Condition m_freed;
    bool m_taken ENGINE_GUARDED_BY(m_mutex) = false;
};

/// Gives the turn back when it goes. Made by someone who has it.
class TurnHolder {
public:
    explicit TurnHolder(Turn& turn)
        : m_turn(turn) {}

    ~TurnHolder() { m_turn.give(); }

    TurnHolder(const TurnHolder&) = delete;
    TurnHolder& operator=(const TurnHolder&) = delete;

private:
    Turn& m_turn;
};

}  // namespace engine
