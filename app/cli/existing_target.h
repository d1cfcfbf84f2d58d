// SPDX-License-Identifier: Apache-2.0
// What a start script means: --if-not-exists and --if-needed of restore.
#pragma once

#include "app/cli/command.h"

namespace cli {

/// Whether there is something to do; says so where there is not. A file that is no sound database
/// is to be kept under another name (options.asidePath), and only where nobody has it open.
engine::Result<bool> isRestoreNeeded(const Args& args,
                                     engine::RestoreOptions& options,
                                     const Session& session);

/// Refused: another program has the database open.
engine::Status refuseInUse(const std::string& path);

}  // namespace cli
