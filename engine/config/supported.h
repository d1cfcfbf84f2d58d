// SPDX-License-Identifier: Apache-2.0
// What this build can carry out of what a configuration may ask for.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/config/config.h"

namespace engine {

/// Unsupported names the first thing that is not there, its effect and the way out: better no
/// start than a setting that is silently not obeyed. A replica that no database names may be of
/// any kind.
Status checkSupported(const Config& config);
Status checkSupported(const ReplicaConfig& replica);

/// What is read and kept but has no effect yet, and does no harm by that: one sentence each, for
/// the log and for `config check`.
std::vector<std::string> notYetApplied(const Config& config);

}  // namespace engine
