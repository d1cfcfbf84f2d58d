// SPDX-License-Identifier: Apache-2.0
// The only way to start a thread: named, owned, joined by its destructor, stopped by its token.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>

namespace engine {

/// Declare last in its owner: the destructor requests stop and joins before other members go.
enum class ThreadPriority : std::uint8_t {
    Normal,      // a person waits for it
    Background,  // gives way to the apps whose databases are recorded
};

class Thread {
public:
    Thread() = default;
    /// name is cut to 15 characters by Linux.
    Thread(std::string name,
           std::function<void(std::stop_token)> body,
           ThreadPriority priority = ThreadPriority::Normal);

    void requestStop() noexcept { m_impl.request_stop(); }

    void join() {
        if (m_impl.joinable()) {
            m_impl.join();
        }
    }

    bool running() const noexcept { return m_impl.joinable(); }

private:
    std::jthread m_impl;
};

}  // namespace engine
