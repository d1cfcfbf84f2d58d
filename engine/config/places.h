// SPDX-License-Identifier: Apache-2.0
// Where databases and replicas are, looked at on this computer: what must not be one place, and
// what a person would want to know.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/config/config.h"

namespace engine {

/// Refused names the first replica in a folder that is no place for copies: the root, the home
/// folder, the state folder, a shadow folder (or inside them), the folder of a database; or the
/// state folder where it is the folder of a database. stateDir: empty = the default one.
Status checkPlaces(const Config& config, const std::string& stateDir);

/// What has to hold before a configuration is carried out: checkSupported() and checkPlaces().
Status checkStartable(const Config& config, const std::string& stateDir);

/// One sentence each: databases that are the same file under two names, replicas so near to a
/// database that one mishap takes both. knownPaths: what was recorded before, by the configuration
/// or not.
std::vector<std::string> placeWarnings(const Config& config,
                                       const std::vector<std::string>& knownPaths = {});

/// The same, or below it; symlinks resolved as far as there is something.
bool liesIn(const std::string& path, const std::string& folder);

}  // namespace engine
