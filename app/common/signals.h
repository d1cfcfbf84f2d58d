// SPDX-License-Identifier: Apache-2.0
// SIGINT, SIGTERM and SIGHUP as a stop token. Construct one in main() before any thread: it blocks
// the signals in every thread that starts later and reads them on a thread of its own. A second
// signal, or a program that has not ended a while after the first, ends at once: nothing that we
// write needs an orderly end.
#pragma once

#include <stop_token>

#include "engine/api/jobs.h"

namespace app {

class Signals {
public:
    Signals();
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    std::stop_token token() const noexcept { return m_stop.get_token(); }

    bool received() const noexcept { return m_stop.stop_requested(); }

private:
    void watch();

    std::stop_source m_stop;
    int m_signalFd = -1;
    int m_endFd = -1;
    engine::Thread m_thread;
};

}  // namespace app
