// SPDX-License-Identifier: Apache-2.0
// How a SQLite database can be followed right now (design: capture.md part 2).
#pragma once

#include <chrono>
#include <optional>

#include "engine/capture/capture.h"
#include "engine/capture/sqlite_files.h"

namespace engine {

struct ModeLook {
    CaptureMode mode = CaptureMode::Unknown;
    /// Nothing can be captured in this mode now.
    bool wait = false;
    std::optional<Waiting> waiting;
    std::chrono::milliseconds pause{0};
};

/// The files are those of the last look; the database is open. Errors: I/O.
Result<ModeLook> lookAtMode(SqliteFiles& files);

}  // namespace engine
