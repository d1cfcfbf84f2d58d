// SPDX-License-Identifier: Apache-2.0
#include "app/common/signals.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace app {
namespace {

constexpr int kInterrupted = 130;
constexpr int kPatienceMs = 4000;

sigset_t stopSignals() noexcept {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

}  // namespace

Signals::Signals() {
    const sigset_t set = stopSignals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // A reader that went away is an error of the write, not the end of the program.
    std::signal(SIGPIPE, SIG_IGN);
    m_signalFd = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    m_endFd = ::eventfd(0, EFD_CLOEXEC);
    m_thread = engine::Thread("signals", [this](std::stop_token) { watch(); });
}

Signals::~Signals() {
    const std::uint64_t one = 1;
    while (::write(m_endFd, &one, sizeof one) < 0 && errno == EINTR) {}
    m_thread.join();
    ::close(m_signalFd);
    ::close(m_endFd);
}

void Signals::watch() {
    int patience = -1;
    while (true) {
        std::array<pollfd, 2> waits = {{{m_signalFd, POLLIN, 0}, {m_endFd, POLLIN, 0}}};
        const int ready = ::poll(waits.data(), waits.size(), patience);
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (waits[1].revents != 0 || ready < 0) {
            return;
        }

        struct signalfd_siginfo info {};

        const bool again = received() && (ready == 0 || ::read(m_signalFd, &info, sizeof info) > 0);
        if (again) {
            ::_exit(kInterrupted);
        }
        if (::read(m_signalFd, &info, sizeof info) > 0) {
            m_stop.request_stop();
            patience = kPatienceMs;
        }
    }
}

}  // namespace app
