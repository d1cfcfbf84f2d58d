// SPDX-License-Identifier: Apache-2.0
// The man page and the completions of the shells, from the command table.
#pragma once

#include <string>
#include <string_view>

namespace cli {

/// kind: man, bash, zsh or fish; empty text for anything else.
std::string generateFile(std::string_view kind);

}  // namespace cli
