// SPDX-License-Identifier: Apache-2.0
// `replica test`: does this place work as a replica, step by step, with cause and fix where it
// does not. The steps before the connection differ by kind; from then on they are the verbs of the
// seam and the same for all.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/replica/options.h"
#include "engine/replica/replica.h"

namespace engine {

struct ProbeStep {
    std::string name;  // resolve connect secure signIn write readBack list delete history
    bool ok = false;
    bool skipped = false;  // does not apply to this kind
    std::int64_t ms = 0;
    std::string detail;  // what was found, or the cause
    std::string fix;     // where it failed
};

/// One step: what was found, or an error with its fix. No function = it does not apply, and the
/// detail says why.
struct ProbeAction {
    std::string name;
    std::function<Result<std::string>(std::stop_token)> run;
    std::string skippedBecause;
};

using ProbeReport = std::function<void(const ProbeStep&)>;

/// Runs the kind's own actions (resolve, connect, secure, signIn), then writes, reads back, lists
/// and deletes an object of its own and looks for a marker. Stops at the first step that fails,
/// and after 15 s in all; report is called after each step. Leaves nothing behind but what it was
/// not allowed to delete.
std::vector<ProbeStep> runReplicaProbe(Replica& replica,
                                       std::vector<ProbeAction> actions,
                                       const ProbeReport& report,
                                       std::stop_token stop);

/// Makes the replica of these options and probes it. An error: it cannot even be tried
/// (Unsupported kind, options that cannot be).
Result<std::vector<ProbeStep>> probeReplica(const ReplicaOptions& options,
                                            const ProbeReport& report,
                                            std::stop_token stop);

}  // namespace engine
