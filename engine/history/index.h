// SPDX-License-Identifier: Apache-2.0
// The disposable index: artefact tables by artefact id in a local SQLite file of ours. May be lost,
// torn or old at any time: then it is made anew. Safe for use from several threads.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/format/artefact.h"

namespace engine {

class HistoryIndex {
public:
    /// Opens, or recreates where it cannot be used. Where there can be no file it is in memory:
    /// nobody is kept from a restore by it.
    static Result<std::unique_ptr<HistoryIndex>> open(const std::string& path);
    virtual ~HistoryIndex() = default;
    /// replicaKey: the replica's marker id. Empty: not in the index.
    virtual std::optional<ArtefactTable> find(std::string_view replicaKey,
                                              const ArtefactId& artefact) = 0;
    virtual void store(std::string_view replicaKey, const ArtefactTable& table) = 0;
};

}  // namespace engine
