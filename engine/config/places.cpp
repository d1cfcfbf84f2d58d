// SPDX-License-Identifier: Apache-2.0
#include "engine/config/places.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "engine/base/file_system.h"
#include "engine/config/config_file.h"
#include "engine/config/supported.h"

namespace engine {
namespace {

/// Symlinks resolved as far as there is something; the rest stays as it is.
std::string resolved(const std::string& path) {
    std::string rest;
    for (std::string at = normalPath(path); at != "/"; at = parentOf(at)) {
        if (const Result<std::string> real = realPath(at); real.ok()) {
            return normalPath(joinPath(real.value(), rest));
        }
        rest = fileNameOf(at) + (rest.empty() ? "" : "/" + rest);
    }
    return "/" + rest;
}

/// Both resolved.
bool isWithin(const std::string& path, const std::string& folder) {
    return path == folder || folder == "/" ||
           (path.size() > folder.size() && path[folder.size()] == '/' &&
            path.compare(0, folder.size(), folder) == 0);
}

/// The folder that holds its name and the one that holds its bytes.
std::vector<std::string> foldersOf(const DatabaseConfig& database) {
    return {resolved(parentOf(database.path)), parentOf(resolved(database.path))};
}

Error noPlace(const ReplicaConfig& replica, const std::string& path, std::string_view what) {
    return Error{
        ErrorCode::Refused,
        "the replica \"" + replica.name + "\" cannot be in " + path + ", " + std::string(what)}
        .withEffect("nothing was started, and nothing was written there")
        .withFix("give it a folder of its own, best on another drive");
}

Status checkPlace(const ReplicaConfig& replica,
                  const std::string& path,
                  const Config& config,
                  const std::string& stateDir) {
    const std::string root = resolved(path);
    if (root == "/") {
        return noPlace(replica, path, "the root of the whole system");
    }
    if (root == resolved(expandHome("~"))) {
        return noPlace(replica, path, "the home folder itself");
    }
    if (liesIn(root, stateDir.empty() ? defaultStateDir() : stateDir)) {
        return noPlace(replica, path, "the state folder");
    }
    for (const DatabaseConfig& database : config.databases) {
        if (liesIn(root, database.shadowDir)) {
            return noPlace(replica, path, "a shadow folder");
        }
        for (const std::string& folder : foldersOf(database)) {
            if (root == folder) {
                return noPlace(
                    replica, path, "the folder of the database \"" + database.name + "\"");
            }
        }
    }
    return {};
}

std::string named(const DatabaseConfig& database) {
    return "\"" + database.name + "\" (" + database.path + ")";
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> fileAt(const std::string& path) {
    const Result<FileFacts> facts = factsOf(path);
    return facts.ok() ? std::optional(std::pair(facts.value().device, facts.value().inode))
                      : std::nullopt;
}

/// What is ours is never written beside what is theirs.
Status checkStateFolder(const Config& config, const std::string& stateDir) {
    const std::string own = resolved(stateDir.empty() ? defaultStateDir() : stateDir);
    for (const DatabaseConfig& database : config.databases) {
        for (const std::string& folder : foldersOf(database)) {
            // One folder under two paths, too.
            const auto file = fileAt(folder);
            if (own == folder || (file && file == fileAt(own))) {
                return Error{ErrorCode::Refused,
                             "the state folder cannot be " + own + ", the folder of the database " +
                                 named(database)}
                    .withEffect("nothing was started, and nothing was written there")
                    .withFix("give --state-dir a folder of its own");
            }
        }
    }
    return {};
}

void warnOfOneFile(const Config& config,
                   const std::vector<std::string>& knownPaths,
                   std::vector<std::string>& warnings) {
    std::map<std::pair<std::uint64_t, std::uint64_t>, const DatabaseConfig*> files;
    std::set<std::string> paths;
    for (const DatabaseConfig& database : config.databases) {
        paths.insert(database.path);
        const auto file = fileAt(database.path);
        if (file && !files.try_emplace(*file, &database).second) {
            warnings.push_back("the databases " + named(*files[*file]) + " and " + named(database) +
                               " are the same file: each gets a history of its own; name it once");
        }
    }
    for (const std::string& path : knownPaths) {
        const auto file = paths.count(path) == 0 ? fileAt(path) : std::nullopt;
        if (const auto found = file ? files.find(*file) : files.end(); found != files.end()) {
            warnings.push_back("the database " + named(*found->second) + " is the same file as " +
                               path + ", under which it has a history already; name it as before");
        }
    }
}

void warnOfNearness(const ReplicaConfig& replica,
                    const std::string& path,
                    const Config& config,
                    std::vector<std::string>& warnings) {
    const std::string root = resolved(path);
    for (const DatabaseConfig& database : config.databases) {
        for (const std::string& folder : foldersOf(database)) {
            if (isWithin(root, folder) || isWithin(folder, root)) {
                warnings.push_back("the replica \"" + replica.name + "\" (" + path +
                                   ") is in one folder with the database " + named(database) +
                                   ": what happens to the folder or its disk happens to both");
                return;
            }
        }
    }
}

}  // namespace

bool liesIn(const std::string& path, const std::string& folder) {
    return isWithin(resolved(path), resolved(folder));
}

Status checkPlaces(const Config& config, const std::string& stateDir) {
    ENGINE_TRY(checkStateFolder(config, stateDir));
    for (const ReplicaConfig& replica : config.replicas) {
        if (const auto* file = std::get_if<FileReplicaOptions>(&replica.options)) {
            ENGINE_TRY(checkPlace(replica, file->path, config, stateDir));
        }
    }
    return {};
}

Status checkStartable(const Config& config, const std::string& stateDir) {
    ENGINE_TRY(checkSupported(config));
    return checkPlaces(config, stateDir);
}

std::vector<std::string> placeWarnings(const Config& config,
                                       const std::vector<std::string>& knownPaths) {
    std::vector<std::string> warnings;
    warnOfOneFile(config, knownPaths, warnings);
    for (const ReplicaConfig& replica : config.replicas) {
        if (const auto* file = std::get_if<FileReplicaOptions>(&replica.options)) {
            warnOfNearness(replica, file->path, config, warnings);
        }
    }
    return warnings;
}

}  // namespace engine
