// SPDX-License-Identifier: Apache-2.0
// Whether a path that was given to --log-file may hold a log at all. What is in a file that is
// there already is looked at by startLog().
#pragma once

#include <string>

#include "app/cli/command.h"

namespace cli {

/// Refused: it is or was named as a database, a result or the configuration, could belong to a
/// database beside it, or lies in the state folder.
engine::Status checkLogFile(const std::string& path, const Args& args, const Session& session);

}  // namespace cli
