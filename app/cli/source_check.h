// SPDX-License-Identifier: Apache-2.0
// Whether a file that a person named can be recorded at all, before an engine starts for it.
#pragma once

#include <string>

#include "engine/api/program.h"

namespace cli {

/// NotFound; InvalidArgument: a folder, a device, not a database; PermissionDenied.
engine::Status checkSource(const std::string& path);

}  // namespace cli
