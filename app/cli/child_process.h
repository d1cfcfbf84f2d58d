// SPDX-License-Identifier: Apache-2.0
// A child process whose standard output we read line by line and whose standard input says, by
// ending, that we are gone. Killed and waited for by its owner's end. One thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "engine/api/program.h"

namespace cli {

class ChildProcess {
public:
    static engine::Result<ChildProcess> start(const std::string& program,
                                              const std::vector<std::string>& arguments);
    ~ChildProcess();
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&&) = delete;

    pid_t pid() const noexcept { return m_pid; }

    /// The next line; empty = none came within that time. NotFound: the output ended.
    engine::Result<std::optional<std::string>> readLine(std::chrono::milliseconds within);
    /// SIGKILL, and waits until it is gone.
    void kill() noexcept;

private:
    ChildProcess() = default;
    std::optional<std::string> takeLine();

    pid_t m_pid = -1;
    int m_output = -1;
    int m_input = -1;
    std::string m_pending;
};

}  // namespace cli
