// SPDX-License-Identifier: Apache-2.0
// argv to a command, its arguments and the session.
#pragma once

#include <variant>

#include "app/cli/command.h"

namespace cli {

struct Parsed {
    const CommandSpec* command = nullptr;
    Args args;
    Args globals;
};

/// The person asked for a text instead of a command: help, version or a generated file.
struct TextWanted {
    std::string text;
};

struct WrongUse {
    engine::Error error;
    bool json = false;  // "--json" was there, wherever
};

std::variant<Parsed, TextWanted, WrongUse> parseCommandLine(int argc, char** argv);

}  // namespace cli
