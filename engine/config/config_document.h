// SPDX-License-Identifier: Apache-2.0
// The configuration file as a document that is changed in place: keys that we do not know, and
// their order, survive. load, change, store; one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/config/config_file.h"

namespace engine {

class ConfigDocument {
public:
    /// A file that is not there is an empty document. InvalidArgument as parseConfig.
    static Result<ConfigDocument> load(const std::string& path);
    ConfigDocument(ConfigDocument&&) noexcept;
    ConfigDocument& operator=(ConfigDocument&&) noexcept;
    ~ConfigDocument();

    /// AlreadyExists: the name is taken. A masked secret is InvalidArgument.
    Status addReplica(const ReplicaConfig& replica);
    /// replicas: names of shared ones. Everything else is left to the defaults.
    Status addDatabase(std::string_view name,
                       std::string_view path,
                       const std::vector<std::string>& replicas);
    /// NotFound: no such database.
    Status setReplicas(std::string_view database, const std::vector<std::string>& replicas);
    Status removeDatabase(std::string_view name);
    /// Refused while a database still names it.
    Status removeReplica(std::string_view name);

    /// Checks the whole as parseConfig does, then replaces the file (0600) atomically. Refused: the
    /// file changed since load().
    Status store();

private:
    struct Impl;
    explicit ConfigDocument(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

}  // namespace engine
