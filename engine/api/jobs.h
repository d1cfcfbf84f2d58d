// SPDX-License-Identifier: Apache-2.0
// A job: work that a person waits for, with progress and cancel, on a thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/result.h"
#include "engine/base/thread.h"

namespace engine {

struct JobProgress {
    std::string stage;       // "Fetch", "Rebuild", ...
    std::uint64_t done = 0;  // of total, in bytes; total 0 = not known
    std::uint64_t total = 0;
};

/// Handle of a running job; destroying it cancels and joins. state() from any thread.
class Job {
public:
    using Report = std::function<void(const JobProgress&)>;
    using Body = std::function<Status(const Report& report, std::stop_token stop)>;

    struct State {
        JobProgress progress;
        bool finished = false;
        bool ok = false;
        std::optional<Error> error;
    };

    /// changed is called from the job's thread after each change; may be empty.
    Job(std::string name, Body body, std::function<void()> changed);

    const std::string& name() const noexcept { return m_name; }

    State state() const;

    void cancel() noexcept { m_thread.requestStop(); }

    void wait() { m_thread.join(); }

private:
    const std::string m_name;
    mutable Mutex m_mutex;
    State m_state ENGINE_GUARDED_BY(m_mutex);
    Thread m_thread;
};

}  // namespace engine
