// SPDX-License-Identifier: Apache-2.0
// The help, from the command table.
#pragma once

#include <string>
#include <string_view>

#include "app/cli/command.h"

namespace cli {

/// The last of "-o,--output".
std::string keyOf(const OptionSpec& option);
/// "restore [OPTION]... DATABASE"
std::string usageOf(const CommandSpec& spec);
/// Of a command, of a group ("config"), or "" for the whole program.
std::string helpOf(std::string_view name);

}  // namespace cli
