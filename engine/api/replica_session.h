// SPDX-License-Identifier: Apache-2.0
// Everything that can be asked of a replica without a running engine: what it holds, its timeline,
// restore, verify, inspect. Calls do I/O and take as long as it takes: the command line calls them
// directly, the window inside a Job.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/config/config.h"
#include "engine/config/replica_url.h"
#include "engine/history/timeline.h"
#include "engine/restore/restorer.h"
#include "engine/restore/verifier.h"

namespace engine {

class ReplicaSession {
public:
    /// Connects. indexPath: the disposable index, empty = none.
    static Result<std::unique_ptr<ReplicaSession>> open(const ReplicaConfig& config,
                                                        const std::string& indexPath,
                                                        std::stop_token stop);
    virtual ~ReplicaSession() = default;

    virtual Result<std::vector<FoundDatabase>> databases(std::stop_token stop) = 0;
    /// By name, path or id; empty = the only one there is. NotFound, or InvalidArgument where
    /// several fit (the message lists them).
    virtual Result<FoundDatabase> findDatabase(std::string_view nameOrId, std::stop_token stop) = 0;
    virtual Result<std::shared_ptr<const History>> history(const DatabaseLocation& location,
                                                           std::stop_token stop) = 0;
    virtual Result<RestoreReport> restore(const History& history,
                                          const RestorePlan& plan,
                                          const RestoreOptions& options,
                                          std::stop_token stop) = 0;
    virtual Result<VerifyReport> verify(const History& history,
                                        const std::function<void(const VerifyProgress&)>& progress,
                                        std::stop_token stop) = 0;
    /// Head, summary, commit table and index of one artefact as JSON; any part's name finds it.
    virtual Result<std::string> inspect(std::string_view objectName, std::stop_token stop) = 0;
};

/// One step of `replica test`.
struct TestStep {
    std::string name;  // "resolve", "connect", "secure", "signIn", "write", "readBack", "list",
                       // "delete", "history"
    bool ok = false;
    bool skipped = false;  // does not apply to this kind
    std::int64_t ms = 0;
    std::string detail;  // what was found, or the cause
    std::string fix;     // where it failed
};

/// Runs the steps in order, stops at the first that fails, at most 15 s; report is called after
/// each.
Result<std::vector<TestStep>> testReplica(const ReplicaConfig& config,
                                          const std::function<void(const TestStep&)>& report,
                                          std::stop_token stop);

/// What a file is and how it can be protected (`probe`).
Result<std::string> probeFileAsJson(const std::string& path);

}  // namespace engine
