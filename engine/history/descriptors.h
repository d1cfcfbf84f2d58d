// SPDX-License-Identifier: Apache-2.0
// What a listing says about what exists: artefacts with their parts, generations, databases.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/format/artefact.h"

namespace engine {

struct StoredPart {
    std::string name;
    std::uint64_t size = 0;
};

/// One whole artefact (every part from 1 to the last is listed).
struct ArtefactDescriptor {
    DatabaseLocation location;
    GenerationId generation;
    ArtefactKind kind = ArtefactKind::Segment;
    TxId firstTx;
    TxId lastTx;
    Time firstTime;
    Time lastTime;
    WriterId writer;
    ArtefactId artefact;
    std::vector<StoredPart> parts;
    std::uint64_t bytes() const noexcept;
};

/// What the listing of one database's folder gave.
struct Listing {
    DatabaseLocation location;
    std::vector<ArtefactDescriptor> artefacts;  // by generation, firstTx, kind, lastTx
    std::vector<std::string> incomplete;        // parts without a whole artefact
    std::vector<std::string> unknown;           // names that are not ours
};

/// database.json: small, so that another computer can browse and restore with the replica alone.
struct DatabaseInfo {
    DatabaseLocation location;
    std::string name;
    std::string path;
    std::string computerName;
    DatabaseEngine engine = DatabaseEngine::Sqlite;
    std::string keyId;
};

std::string toJson(const DatabaseInfo& info);
Result<DatabaseInfo> parseDatabaseInfo(std::string_view json);

struct LatestState {
    GenerationId generation;
    std::optional<ArtefactDescriptor> snapshot;
    std::vector<ArtefactDescriptor> segments;  // after that snapshot
    Time lastUploaded;
};

}  // namespace engine
