// SPDX-License-Identifier: Apache-2.0
// Waiting until everything is stored: each database on each replica for itself.
#include "engine/api/runtime_entry.h"

namespace engine {
namespace {

/// What failed this often while somebody waits for it is reported instead of waited for.
constexpr std::uint64_t kFailuresOfWaiting = 3;
constexpr std::chrono::seconds kSourceGrace{30};
/// What is due by the clock alone (a retry, the end of a burst) rings no bell.
constexpr std::chrono::milliseconds kLook{200};

/// true: done. false: under way. An error: it refuses.
using Verdict = Result<bool>;

/// Another try soon may end otherwise without anybody doing something about it.
bool passesByItself(ErrorCode code) noexcept {
    return code == ErrorCode::Unavailable || code == ErrorCode::Timeout ||
           code == ErrorCode::Discontinuity;
}

Verdict verdictOf(const LaneStatus& lane, const ControllerStatus& controller) {
    if (lane.linkError) {
        return Error{ErrorCode::Unavailable, *lane.linkError};
    }
    for (const LaneHealth* health : {&lane.state.segments, &lane.state.snapshot}) {
        const bool failed = health->failures > 0 && !passesByItself(health->code);
        if (failed || health->stopped || health->failures >= kFailuresOfWaiting) {
            return Error{health->code, health->lastError};
        }
    }
    return lane.state.looked && controller.generation &&
           lane.state.snapshots.contains(controller.generation->id) &&
           lane.state.segmentsTx >= controller.publishedTx && !lane.state.olderPending;
}

}  // namespace

class Runtime::StoreWait {
public:
    explicit StoreWait(Runtime& runtime)
        : m_runtime(runtime)
        , m_deadline(runtime.m_clock.steady() + kSourceGrace) {
        for (const auto& entry : m_runtime.m_entries) {
            m_runs.push_back(entry->controller->status().runs);
            entry->controller->requestPublish();
        }
        setFlush(true);
    }

    ~StoreWait() { setFlush(false); }

    StoreWait(const StoreWait&) = delete;
    StoreWait& operator=(const StoreWait&) = delete;

    /// true: nothing is under way any more.
    bool look() {
        m_failed.clear();
        bool over = true;
        for (std::size_t i = 0; i < m_runtime.m_entries.size(); ++i) {
            over = lookAt(*m_runtime.m_entries[i], m_runs[i]) && over;
        }
        return over;
    }

    std::vector<NotStored> takeFailed() { return std::move(m_failed); }

private:
    bool lookAt(const Entry& entry, std::uint64_t runsAtStart) {
        const ControllerStatus controller = entry.controller->status();
        const Verdict source = sourceVerdict(entry, controller, runsAtStart);
        if (!source.ok()) {
            m_failed.push_back({entry.config.name, {}, source.error()});
            return true;
        }
        bool over = source.value();
        for (const ReplicaLanes* lanes : entry.lanes) {
            const Verdict stored = verdictOf(lanes->status(*entry.controller), controller);
            if (!stored.ok()) {
                m_failed.push_back({entry.config.name, lanes->config().name, stored.error()});
            }
            over = over && (!stored.ok() || stored.value());
        }
        if (!over) {
            m_runtime.m_scheduler->wake(entry.scheduled);
        }
        return over;
    }

    Verdict sourceVerdict(const Entry& entry,
                          const ControllerStatus& controller,
                          std::uint64_t runsAtStart) const {
        const std::string& name = entry.config.name;
        if (!controller.lastError.empty()) {
            return Error{ErrorCode::Unavailable,
                         name + " cannot be recorded: " + controller.lastError}
                .withFix("remove the cause and run it again; what was stored before is untouched");
        }
        if (controller.waiting == Waiting::Gone) {
            return Error{ErrorCode::NotFound, entry.config.path + " is not there"};
        }
        if (controller.waiting == Waiting::NotADatabase) {
            return Error{ErrorCode::InvalidArgument, entry.config.path + " is not a database"};
        }
        if (controller.waiting == Waiting::NoPermission) {
            return Error{ErrorCode::PermissionDenied,
                         entry.config.path + " or a file beside it cannot be read: no permission"}
                .withFix("let this user read the database, its -wal and its -journal");
        }
        if (controller.waiting && m_runtime.m_clock.steady() > m_deadline) {
            return Error{ErrorCode::Unavailable,
                         name + ": " + std::string(explainWaiting(toText(*controller.waiting)))}
                .withFix("let the app go on with its database, or close it, and try again");
        }
        return controller.settled && controller.runs >= runsAtStart + 2;
    }

    void setFlush(bool flush) {
        for (const auto& lanes : m_runtime.m_lanes) {
            lanes->setFlush(flush);
        }
    }

    Runtime& m_runtime;
    const Steady m_deadline;
    std::vector<std::uint64_t> m_runs;  // of each controller when the waiting began
    std::vector<NotStored> m_failed;
};

Result<std::vector<NotStored>> Runtime::waitUntilStored(std::stop_token stop) {
    StoreWait wait(*this);
    for (;;) {
        std::uint64_t seen = 0;
        {
            MutexLock lock(m_mutex);
            seen = m_changes;
        }
        if (wait.look()) {
            return wait.takeFailed();
        }
        if (stop.stop_requested()) {
            return Error{ErrorCode::Cancelled,
                         "interrupted; what is not stored yet waits on this computer"};
        }
        MutexLock lock(m_mutex);
        m_progress.waitUntil(m_mutex, stop, m_clock.steady() + kLook, [&]() ENGINE_NO_TSA {
            return m_changes != seen;
        });
    }
}

}  // namespace engine
