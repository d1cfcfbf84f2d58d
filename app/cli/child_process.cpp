// SPDX-License-Identifier: Apache-2.0
#include "app/cli/child_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;

struct Pipe {
    std::array<int, 2> ends{-1, -1};

    bool open() noexcept { return ::pipe2(ends.data(), O_CLOEXEC) == 0; }

    void close(std::size_t end) noexcept {
        if (ends[end] >= 0) {
            ::close(std::exchange(ends[end], -1));
        }
    }

    int take(std::size_t end) noexcept { return std::exchange(ends[end], -1); }

    ~Pipe() {
        close(0);
        close(1);
    }
};

/// Our blocked and ignored signals are not the child's.
class SpawnAttributes {
public:
    SpawnAttributes() {
        ::posix_spawnattr_init(&m_attributes);
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        ::posix_spawnattr_setsigmask(&m_attributes, &none);
        ::posix_spawnattr_setsigdefault(&m_attributes, &all);
        ::posix_spawnattr_setflags(&m_attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }

    ~SpawnAttributes() { ::posix_spawnattr_destroy(&m_attributes); }

    SpawnAttributes(const SpawnAttributes&) = delete;
    SpawnAttributes& operator=(const SpawnAttributes&) = delete;

    const posix_spawnattr_t* get() const noexcept { return &m_attributes; }

private:
    posix_spawnattr_t m_attributes{};
};

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::string& program,
                                         const std::vector<std::string>& arguments) {
    Pipe input;
    Pipe output;
    if (!input.open() || !output.open()) {
        return engine::errnoError(errno, "make a pipe");
    }
    std::vector<std::string> words = {program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input.ends[0], STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, output.ends[1], STDOUT_FILENO);
    const SpawnAttributes attributes;
    ChildProcess child;
    const int failed = ::posix_spawn(
        &child.m_pid, program.c_str(), &actions, attributes.get(), argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        child.m_pid = -1;
        return engine::errnoError(failed, "start " + program);
    }
    child.m_input = input.take(1);
    child.m_output = output.take(0);
    return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : m_pid(std::exchange(other.m_pid, -1))
    , m_output(std::exchange(other.m_output, -1))
    , m_input(std::exchange(other.m_input, -1))
    , m_pending(std::move(other.m_pending)) {}

ChildProcess::~ChildProcess() {
    kill();
    for (const int fd : {m_input, m_output}) {
        if (fd >= 0) {
            ::close(fd);
        }
    }
}

void ChildProcess::kill() noexcept {
    if (m_pid <= 0) {
        return;
    }
    ::kill(m_pid, SIGKILL);
    while (::waitpid(m_pid, nullptr, 0) < 0 && errno == EINTR) {}
    m_pid = -1;
}

std::optional<std::string> ChildProcess::takeLine() {
    const std::size_t end = m_pending.find('\n');
    if (end == std::string::npos) {
        return std::nullopt;
    }
    std::string line = m_pending.substr(0, end);
    m_pending.erase(0, end + 1);
    return line;
}

Result<std::optional<std::string>> ChildProcess::readLine(std::chrono::milliseconds within) {
    constexpr std::size_t kPendingMax = 1u << 20;
    if (std::optional<std::string> line = takeLine()) {
        return line;
    }
    pollfd wait = {m_output, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(within.count())) <= 0) {
        return std::optional<std::string>();
    }
    std::array<char, 4096> buffer;
    const ssize_t count = ::read(m_output, buffer.data(), buffer.size());
    if (count <= 0 || m_pending.size() > kPendingMax) {
        return Error{ErrorCode::NotFound, "the output of the process ended"};
    }
    m_pending.append(buffer.data(), static_cast<std::size_t>(count));
    return takeLine();
}

}  // namespace cli
