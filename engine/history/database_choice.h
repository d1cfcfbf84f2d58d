// SPDX-License-Identifier: Apache-2.0
// Which database of a replica a person means. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "engine/history/listing.h"

namespace engine {

/// By name, path or id; empty = the only one there is. Where several computers have such a one:
/// COMPUTER/NAME, each by its name or its id. NotFound, or InvalidArgument where several fit; both
/// list what could be typed instead.
Result<FoundDatabase> chooseDatabase(std::vector<FoundDatabase> all, std::string_view wanted);

}  // namespace engine
