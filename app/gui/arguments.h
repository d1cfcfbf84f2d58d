// SPDX-License-Identifier: Apache-2.0
// What `strandline` was called with.
#pragma once

#include <optional>
#include <string>

#include "engine/api/engine.h"

namespace app {

struct Arguments {
    engine::EngineOptions engine;
};

/// Empty: the program ends with exitCode, what there is to say was said (--help, --version, or
/// wrong use: 2).
std::optional<Arguments> parseArguments(int argc, char** argv, int& exitCode);

}  // namespace app
