// SPDX-License-Identifier: Apache-2.0
// The configuration file (cli.md part 3): JSON text to values and back. The text is hostile until
// it parsed: size, depth and every number are bounded, unknown and repeated keys are errors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/config/config.h"

namespace engine {

inline constexpr std::uint64_t kConfigBytesMax = 4u << 20;
/// What a secret looks like where it is shown; never accepted as one.
inline constexpr std::string_view kMaskedSecret = "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2";

/// What the text does not say.
struct ConfigContext {
    std::string stateDir;           // missing shadowDir = its "shadow"; empty = the default folder
    bool readableByOthers = false;  // plain secrets in the file deserve a warning
};

struct LoadedConfig {
    Config config;
    std::vector<std::string> warnings;
};

/// InvalidArgument: not JSON, an unknown key (with the nearest known one), a value that is none;
/// the message begins with the place ("databases[0].retension"). Keys that are unknown in a newer
/// `version` than ours are warnings. Kinds and features that this build lacks are accepted here
/// (see supported.h).
Result<LoadedConfig> parseConfig(std::string_view json, const ConfigContext& context = {});
/// As parseConfig, with the file's own permissions. NotFound.
Result<LoadedConfig> loadConfig(const std::string& path, const std::string& stateDir = {});

/// The configuration in force as JSON that parseConfig takes back, secrets masked.
std::string effectiveConfigJson(const Config& config);

/// $XDG_CONFIG_HOME/strandline/config.json
std::string defaultConfigPath();
/// $XDG_STATE_HOME/strandline
std::string defaultStateDir();

}  // namespace engine
