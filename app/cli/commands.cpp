// SPDX-License-Identifier: Apache-2.0
#include "app/cli/commands.h"

namespace cli {

/// A command of the contract that this version does not have yet: named, so that it is refused by
/// name and not taken for a typing error.
static CommandSpec later(std::string_view name, std::string_view summary) {
    CommandSpec spec;
    spec.name = name;
    spec.summary = summary;
    return spec;
}

std::span<const CommandSpec> commandTable() {
    static const std::vector<CommandSpec> table = {
        replicateCommand(),
        statusCommand(),
        databasesCommand(),
        generationsCommand(),
        snapshotsCommand(),
        segmentsCommand(),
        timelineCommand(),
        restoreCommand(),
        later("undo", "puts the safety copy of the last in-place restore back"),
        pauseCommand(),
        resumeCommand(),
        later("pin", "keeps a point for ever, on every replica"),
        later("unpin", "lets a pinned point go"),
        later("copy", "copies or completes a history on another replica"),
        inspectCommand(),
        verifyCommand(),
        later("prune", "applies retention now"),
        snapshotCommand(),
        probeCommand(),
        later("discover", "databases of known apps on this computer"),
        replicaTestCommand(),
        later("key", "encryption keys: new, export, import, rotate"),
        later("tables", "the tables of a moment, without restoring it"),
        later("rows", "the rows of a table of a moment"),
        later("adopt", "takes over a history on a new computer"),
        later("log", "the run log"),
        configCheckCommand(),
        configShowCommand(),
        demoCommand(),
        demoWriterCommand(),
    };
    return table;
}

std::span<const OptionSpec> globalOptions() {
    static const std::vector<OptionSpec> options = {
        {"--config", "FILE", "configuration (default: $XDG_CONFIG_HOME/strandline/config.json)"},
        {"--state-dir", "DIR", "state folder (default: $XDG_STATE_HOME/strandline)"},
        {"--json", "", "print JSON instead of text for people"},
        {"--quiet", "", "no progress and no notes"},
        {"--log-level", "LEVEL", "error, warn, info, debug or trace (default: warn)"},
        {"--log-file", "FILE", "append the log to FILE instead of writing it to standard error"},
    };
    return options;
}

}  // namespace cli
