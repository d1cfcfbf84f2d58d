// SPDX-License-Identifier: Apache-2.0
#include "engine/base/pause.h"

#include "engine/base/mutex.h"

namespace engine {

bool pauseFor(std::stop_token stop, std::chrono::milliseconds time) {
    Mutex mutex;
    Condition never;
    MutexLock lock(mutex);
    never.waitUntil(mutex, stop, std::chrono::steady_clock::now() + time, [] { return false; });
    return !stop.stop_requested();
}

}  // namespace engine
