// SPDX-License-Identifier: Apache-2.0
// Events say "look again"; what there is to see is in the status and in the jobs. Bounded: when
// nobody drains, kinds are merged instead of queued.
#pragma once

#include <functional>

#include "engine/base/mutex.h"

namespace engine {

enum class EventKind : unsigned {
    StatusChanged = 1,  // Engine::status() is newer
    JobChanged = 2,     // a job moved on or ended
    ConfigChanged = 4,
    StopRequested = 8,  // Engine::stopRequested()
};

/// From engine threads to one listener. wake is called on the empty -> non-empty edge only, under
/// the queue's lock (so that clearing it is final): it must do no more than post a message.
class EventQueue {
public:
    void setWake(std::function<void()> wake);
    void push(EventKind kind);
    /// The kinds since the last call, as a bit set of EventKind.
    unsigned drain();

private:
    Mutex m_mutex;
    unsigned m_kinds ENGINE_GUARDED_BY(m_mutex) = 0;
    std::function<void()> m_wake ENGINE_GUARDED_BY(m_mutex);
};

}  // namespace engine
