// SPDX-License-Identifier: Apache-2.0
// Brings a file to the disk while it is still being written, read and checked: what would wait for
// the disk at the end overlaps with unpacking.
#pragma once

#include <optional>
#include <stop_token>

#include "engine/base/file.h"
#include "engine/base/mutex.h"
#include "engine/base/thread.h"

namespace engine {

/// Owned by one thread, which makes all calls.
class BackgroundSync {
public:
    /// The file outlives it.
    explicit BackgroundSync(File& file);
    /// More was written: the system is told to begin with it.
    void push();
    /// Everything was written: size bytes, and no more follow.
    void finish(std::uint64_t size);
    /// After finish(). Ok: data and metadata are on the disk.
    Status wait();

private:
    void work(std::stop_token stop);

    File& m_file;
    Mutex m_mutex;
    Condition m_changed;
    bool m_pushed ENGINE_GUARDED_BY(m_mutex) = false;
    std::optional<std::uint64_t> m_size ENGINE_GUARDED_BY(m_mutex);
    Status m_status;  // the thread's, until it is joined
    Thread m_thread;  // last: its destructor stops and joins
};

}  // namespace engine
