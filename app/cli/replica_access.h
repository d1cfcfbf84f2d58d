// SPDX-License-Identifier: Apache-2.0
// From --replica and --database to an open replica and the history of one database on it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/cli/command.h"

namespace cli {

/// --replica and --database of the commands that look at a history.
std::vector<OptionSpec> historyOptions();

/// The configuration that --config names, or the default one. A default one that is not there is
/// an empty configuration; warnings are printed.
engine::Result<engine::Config> readConfig(const Session& session);

struct OpenReplica {
    engine::ReplicaConfig config;
    std::unique_ptr<engine::ReplicaSession> session;
};

/// text: a URL, or a name in the configuration. NotFound: no such name.
engine::Result<OpenReplica> openReplica(const std::string& text, const Session& session);

struct OpenHistory {
    OpenReplica replica;
    engine::FoundDatabase database;
    std::shared_ptr<const engine::History> history;
    std::string name() const;
};

/// With --replica URL: the database --database on it, or the only one. With --database NAME of the
/// configuration: on its first replica that can be opened, or on --replica NAME.
engine::Result<OpenHistory> openHistory(const Args& args, const Session& session);

/// Absolute, "~" expanded, one spelling; symlinks stay.
std::string absolutePath(const std::string& path);

}  // namespace cli
