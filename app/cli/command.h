// SPDX-License-Identifier: Apache-2.0
// What a command is: a row of one table. The parser, the help, the man page and the completions
// all read that table, so that they cannot disagree.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/api/engine.h"
#include "engine/api/program.h"
#include "engine/api/replica_session.h"

namespace cli {

enum class Exit : int {
    Done = 0,
    Failed = 1,
    Usage = 2,     // or configuration
    NotThere = 3,  // no such point, database, generation
    Partly = 4,
    Refused = 5,  // it would harm
    Interrupted = 130,
};
Exit exitOf(engine::ErrorCode code) noexcept;

/// How a command ended. Implicit from an Error, so that ENGINE_TRY works in commands.
struct Outcome {
    Outcome(Exit code)
        : exit(code) {}

    Outcome(engine::Error failure)
        : exit(exitOf(failure.code))
        , error(std::move(failure)) {}

    Outcome(engine::Error failure, Exit code)
        : exit(code)
        , error(std::move(failure)) {}

    Exit exit;
    std::optional<engine::Error> error;
    /// A point that could be meant: all that fit an ambiguous target, or the nearest that works.
    std::vector<engine::PlanCandidate> candidates;
    /// What was found nevertheless, as JSON: with --json it goes into the same document.
    std::string result;
};

struct OptionSpec {
    std::string_view names;  // "-o,--output": the last one is its key in Args
    std::string_view value;  // "FILE"; empty = a flag
    std::string_view help;
};

struct PositionalSpec {
    std::string_view name;  // its key in Args
    std::string_view help;
    int least = 1;
    int most = 1;
};

/// What was typed.
class Args {
public:
    void add(const std::string& key, std::string value) {
        m_values[key].push_back(std::move(value));
    }

    bool has(const std::string& key) const { return m_values.count(key) != 0; }

    /// Empty where it was not given.
    std::string text(const std::string& key) const;
    std::vector<std::string> texts(const std::string& key) const;
    /// A whole number within bounds; InvalidArgument names the option.
    engine::Result<std::uint64_t> number(const std::string& key,
                                         std::uint64_t fallback,
                                         std::uint64_t least,
                                         std::uint64_t most) const;

private:
    std::map<std::string, std::vector<std::string>> m_values;
};

/// What every command may need.
struct Session {
    std::string configPath;
    bool configGiven = false;  // by --config
    std::string stateDir;
    bool json = false;
    bool quiet = false;
    std::string program;       // path of this program
    std::string_view command;  // its name, once it is known
    std::stop_token stop;
};

using Run = Outcome (*)(const Args& args, const Session& session);

struct CommandSpec {
    std::string_view name;  // "status", "config check"
    std::string_view summary;
    std::string_view example;
    std::vector<OptionSpec> options;
    std::vector<PositionalSpec> positionals;
    Run run = nullptr;        // null = not available in this version
    std::string_view effect;  // of a failure on the data, where the error does not say it
    bool hidden = false;
    std::string_view detail;  // more paragraphs for the help
};

/// Every command, in the order of the help.
std::span<const CommandSpec> commandTable();
std::span<const OptionSpec> globalOptions();

}  // namespace cli
