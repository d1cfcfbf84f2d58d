// SPDX-License-Identifier: Apache-2.0
#include "engine/service/unix_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/base/file_system.h"

namespace engine {
namespace {

constexpr int kBacklog = 16;
constexpr std::size_t kReadBytes = 64u << 10;

/// An address for any path: one that is too long goes through a descriptor of its folder, which
/// lives as long as this.
class Address {
public:
    explicit Address(const std::string& path) {
        std::string reachable = path;
        if (!UnixSocket::fits(path)) {
            m_folder = ::open(parentOf(path).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
            reachable = "/proc/self/fd/" + std::to_string(m_folder) + "/" + fileNameOf(path);
        }
        m_address.sun_family = AF_UNIX;
        if (UnixSocket::fits(reachable)) {
            std::memcpy(m_address.sun_path, reachable.data(), reachable.size());
        }
    }

    ~Address() {
        if (m_folder >= 0) {
            ::close(m_folder);
        }
    }

    Address(const Address&) = delete;
    Address& operator=(const Address&) = delete;

    const sockaddr* get() const noexcept {
        const void* address = &m_address;
        return static_cast<const sockaddr*>(address);
    }

    static constexpr socklen_t size() noexcept { return sizeof(sockaddr_un); }

private:
    sockaddr_un m_address{};
    int m_folder = -1;
};

Result<UnixSocket> newSocket(int flags) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd < 0) {
        return errnoError(errno, "open a socket");
    }
    return UnixSocket(fd);
}

Status waitFor(int fd, short events, UnixSocket::Deadline deadline) {
    using std::chrono::milliseconds;
    const auto left =
        std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now())
            .count();

    struct pollfd entry {
        fd, events, 0
    };

    const int ready = left <= 0 ? 0 : ::poll(&entry, 1, static_cast<int>(left));
    if (ready == 0) {
        return Error{ErrorCode::Timeout, "the engine did not answer in time"};
    }
    if (ready < 0 && errno != EINTR) {
        return errnoError(errno, "wait for the engine");
    }
    return {};
}

}  // namespace

bool UnixSocket::fits(std::string_view path) noexcept {
    return path.size() < sizeof(sockaddr_un::sun_path);
}

Result<UnixSocket> UnixSocket::listen(const std::string& path) {
    ENGINE_TRY_ASSIGN(UnixSocket socket, newSocket(SOCK_NONBLOCK));
    const Address address(path);
    if (::bind(socket.m_fd, address.get(), Address::size()) != 0) {
        return errnoError(errno, "bind " + path);
    }
    // Nobody can connect before listen(), so there is no moment with a wider mode.
    if (::chmod(path.c_str(), 0600) != 0 || ::listen(socket.m_fd, kBacklog) != 0) {
        return errnoError(errno, "listen on " + path);
    }
    return socket;
}

Result<UnixSocket> UnixSocket::connect(const std::string& path, std::chrono::milliseconds timeout) {
    // A connect that does not block fails at once where callers queue, and nothing says when to
    // try again; one that blocks waits as long as a send may.
    ENGINE_TRY_ASSIGN(UnixSocket socket, newSocket(0));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
    const std::chrono::microseconds rest = timeout - seconds;
    const timeval limit{seconds.count(), rest.count()};
    const Address address(path);
    ::setsockopt(socket.m_fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(socket.m_fd, address.get(), Address::size()) != 0) {
        if (errno == EAGAIN) {
            return Error{ErrorCode::Timeout, "the engine did not answer in time"};
        }
        return errnoError(errno, "connect to " + path);
    }
    const int flags = ::fcntl(socket.m_fd, F_GETFL);
    if (flags < 0 || ::fcntl(socket.m_fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        return errnoError(errno, "connect to " + path);
    }
    return socket;
}

UnixSocket::~UnixSocket() {
    if (m_fd >= 0) {
        ::close(m_fd);
    }
}

UnixSocket::UnixSocket(UnixSocket&& other) noexcept
    : m_fd(std::exchange(other.m_fd, -1)) {}

UnixSocket& UnixSocket::operator=(UnixSocket&& other) noexcept {
    std::swap(m_fd, other.m_fd);
    return *this;
}

Result<std::optional<UnixSocket>> UnixSocket::accept() const {
    const int fd = ::accept4(m_fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        return std::optional<UnixSocket>(UnixSocket(fd));
    }
    if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) {
        return std::optional<UnixSocket>();
    }
    return errnoError(errno, "accept a connection");
}

Result<UnixSocket::Received> UnixSocket::read(std::string& to) const {
    std::array<char, kReadBytes> buffer;
    const ssize_t count = ::recv(m_fd, buffer.data(), buffer.size(), 0);
    if (count > 0) {
        to.append(buffer.data(), static_cast<std::size_t>(count));
        return Received{static_cast<std::size_t>(count), false};
    }
    if (count == 0) {
        return Received{0, true};
    }
    if (errno == EAGAIN || errno == EINTR) {
        return Received{};
    }
    return errnoError(errno, "read from the control socket");
}

Result<std::size_t> UnixSocket::write(std::string_view bytes) const {
    const ssize_t count = ::send(m_fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
        return static_cast<std::size_t>(count);
    }
    if (errno == EAGAIN || errno == EINTR) {
        return std::size_t{0};
    }
    return errnoError(errno, "write to the control socket");
}

Status UnixSocket::waitReadable(Deadline deadline) const {
    return waitFor(m_fd, POLLIN, deadline);
}

Status UnixSocket::waitWritable(Deadline deadline) const {
    return waitFor(m_fd, POLLOUT, deadline);
}

bool UnixSocket::peerIsSameUser() const noexcept {
    struct ucred peer {};

    socklen_t size = sizeof peer;
    return ::getsockopt(m_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           peer.uid == ::geteuid();
}

}  // namespace engine
