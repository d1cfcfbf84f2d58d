// SPDX-License-Identifier: Apache-2.0
// Looking at a file that somebody wants to protect, and writing it into the configuration. For the
// bodies of jobs; values; any thread but the GUI's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/api/engine.h"

namespace ui {

struct ProbedFile {
    bool protectable = false;
    std::string problem;       // why not
    std::string captureLabel;  // "Continuous", ...
    std::string reason;
    std::uint64_t bytes = 0;
    std::vector<std::string> warnings;
    bool onTheSameDisk = false;  // as the folder for the copies
};

/// folder may be empty or not there yet.
engine::Result<ProbedFile> probeFile(const std::string& path, const std::string& folder);

struct ProtectRequest {
    std::string name;
    std::string path;
    std::string folder;  // made where it is not there
};

/// Adds the database, and the folder as a replica unless it is one already. AlreadyExists: the name
/// is taken. The engine takes the changed file over by itself.
engine::Status protectDatabase(const std::string& configPath, const ProtectRequest& request);

}  // namespace ui
