// SPDX-License-Identifier: Apache-2.0
// Makes the Capture that fits a database file.
#pragma once

#include <memory>

#include "engine/capture/capture.h"
#include "engine/capture/source_file.h"

namespace engine {

/// The file need not be there yet. InvalidArgument: no path, or no folder to spill to.
Result<std::unique_ptr<Capture>> createCapture(const CaptureOptions& options);

/// The same over other files than the system's (tests).
std::unique_ptr<Capture> createSqliteCapture(const CaptureOptions& options,
                                             std::unique_ptr<SourceFolder> folder);

}  // namespace engine
