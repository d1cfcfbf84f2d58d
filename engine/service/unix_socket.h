// SPDX-License-Identifier: Apache-2.0
// A Unix stream socket with an owner. Never blocks: read and write do what they can, the waits have
// a deadline. Private to the room.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/service/control_socket.h"

namespace engine {

class UnixSocket {
public:
    struct Received {
        std::size_t count = 0;
        bool ended = false;
    };

    using Deadline = std::chrono::steady_clock::time_point;

    /// Whether the path fits into a socket address.
    static bool fits(std::string_view path) noexcept;
    /// Bound with mode 0600; the path must be free. A path that does not fit is reached through
    /// its folder.
    static Result<UnixSocket> listen(const std::string& path);
    /// Waits while the other side has too many callers. Timeout.
    static Result<UnixSocket> connect(const std::string& path, std::chrono::milliseconds timeout);

    explicit UnixSocket(int fd) noexcept
        : m_fd(fd) {}

    ~UnixSocket();
    UnixSocket(UnixSocket&& other) noexcept;
    UnixSocket& operator=(UnixSocket&& other) noexcept;

    int fd() const noexcept { return m_fd; }

    /// Empty = nobody is waiting.
    Result<std::optional<UnixSocket>> accept() const;
    /// Appends what is there.
    Result<Received> read(std::string& to) const;
    /// How many bytes went; 0 = not now.
    Result<std::size_t> write(std::string_view bytes) const;
    Status waitReadable(Deadline deadline) const;
    Status waitWritable(Deadline deadline) const;
    /// Whether the process at the other end belongs to the same user.
    bool peerIsSameUser() const noexcept;

private:
    int m_fd = -1;
};

/// The serving thread; listener is bound to path, which it removes at the end.
Result<std::unique_ptr<ControlServer>> startControlServer(UnixSocket listener,
                                                          std::string path,
                                                          ControlServer::Handler handler);

}  // namespace engine
