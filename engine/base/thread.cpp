// SPDX-License-Identifier: Apache-2.0
#include "engine/base/thread.h"

#include <algorithm>

#include <pthread.h>
#if defined(__linux__)
#include <sys/resource.h>
#endif

namespace engine {
namespace {

void giveWay() noexcept {
#if defined(__linux__)
    // Linux has a nice value for each thread. Where it is refused, the thread works as any other.
    constexpr int kNice = 10;
    const int now = ::getpriority(PRIO_PROCESS, 0);
    static_cast<void>(::setpriority(PRIO_PROCESS, 0, std::max(now, kNice)));
#endif
}

}  // namespace

Thread::Thread(std::string name, std::function<void(std::stop_token)> body, ThreadPriority priority)
    : m_impl([name = name.substr(0, 15), body = std::move(body), priority](std::stop_token stop) {
        pthread_setname_np(pthread_self(), name.c_str());
        if (priority == ThreadPriority::Background) {
            giveWay();
        }
        body(std::move(stop));
    }) {}

}  // namespace engine
