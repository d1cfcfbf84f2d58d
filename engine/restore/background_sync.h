// SPDX-License-Identifier: Apache-2.0
// Brings a finished file to the disk while others read and check it.
#pragma once

#include <stop_token>

#include "engine/base/file.h"
#include "engine/base/thread.h"

namespace engine {

class BackgroundSync {
public:
    /// Starts at once. The file outlives it and is not written to any more.
    BackgroundSync(File& file, std::uint64_t size);
    /// Waits; Ok: data and metadata are on the disk.
    Status wait();

private:
    Status m_status;
    Thread m_thread;  // last: its destructor stops and joins
};

}  // namespace engine
