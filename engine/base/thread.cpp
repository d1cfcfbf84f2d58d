// SPDX-License-Identifier: Apache-2.0
#include "engine/base/thread.h"

#include <pthread.h>

namespace engine {

Thread::Thread(std::string name, std::function<void(std::stop_token)> body)
    : m_impl([name = name.substr(0, 15), body = std::move(body)](std::stop_token stop) {
        pthread_setname_np(pthread_self(), name.c_str());
        body(std::move(stop));
    }) {}

}  // namespace engine
