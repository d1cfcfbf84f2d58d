// SPDX-License-Identifier: Apache-2.0
#include "engine/history/listing.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "engine/history/replica_read.h"

namespace engine {

namespace {

constexpr std::size_t kListPage = 1000;
constexpr std::uint64_t kDatabaseInfoBytesMax = 64u << 10;

/// What the parts of one artefact have in common, in the order of a listing.
using ArtefactKey =
    std::tuple<GenerationId, TxId, std::uint8_t, WriterId, std::array<std::byte, 16>>;

struct FoundPart {
    PartName name;
    StoredPart stored;
};

ArtefactKey keyOf(const PartName& name) {
    return ArtefactKey{name.generation,
                       name.firstTx,
                       static_cast<std::uint8_t>(name.kind),
                       name.writer,
                       name.artefact.bytes};
}

/// Whole: exactly the parts 1..n, of which only n says that it is the last.
bool isWhole(std::vector<FoundPart>& parts) {
    std::sort(parts.begin(), parts.end(), [](const FoundPart& a, const FoundPart& b) {
        return a.name.part < b.name.part;
    });
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const bool isLast = i + 1 == parts.size();
        if (parts[i].name.part != i + 1 || parts[i].name.last.has_value() != isLast) {
            return false;
        }
    }
    const PartName& last = parts.back().name;
    return last.last->lastTx >= last.firstTx;
}

ArtefactDescriptor describe(const std::vector<FoundPart>& parts) {
    const PartName& last = parts.back().name;
    ArtefactDescriptor descriptor{.location = last.location,
                                  .generation = last.generation,
                                  .kind = last.kind,
                                  .firstTx = last.firstTx,
                                  .lastTx = last.last->lastTx,
                                  .firstTime = last.last->firstTime,
                                  .lastTime = last.last->lastTime,
                                  .writer = last.writer,
                                  .artefact = last.artefact,
                                  .parts = {}};
    descriptor.parts.reserve(parts.size());
    for (const FoundPart& part : parts) {
        descriptor.parts.push_back(part.stored);
    }
    return descriptor;
}

bool inListingOrder(const ArtefactDescriptor& a, const ArtefactDescriptor& b) {
    return std::tie(a.generation, a.firstTx, a.kind, a.lastTx, a.writer, a.artefact.bytes) <
           std::tie(b.generation, b.firstTx, b.kind, b.lastTx, b.writer, b.artefact.bytes);
}

/// "<computer>/<database>/..." of a hostile name.
std::optional<DatabaseLocation> locationIn(std::string_view name) {
    const std::size_t first = name.find('/');
    const std::size_t second = first == std::string_view::npos ? first : name.find('/', first + 1);
    if (second == std::string_view::npos) {
        return std::nullopt;
    }
    const Result<ComputerId> computer = ComputerId::parse(name.substr(0, first));
    const Result<DatabaseId> database =
        DatabaseId::parse(name.substr(first + 1, second - first - 1));
    if (!computer.ok() || !database.ok()) {
        return std::nullopt;
    }
    return DatabaseLocation{computer.value(), database.value()};
}

/// A text after every name below the same folders as this one ('0' follows '/'), so that one
/// request a database is enough, however many objects it has.
std::string skipFolderOf(const std::string& name, const std::optional<DatabaseLocation>& location) {
    if (location) {
        std::string folder = folderOf(*location);
        folder.back() = '0';
        return folder;
    }
    return name;
}

Result<std::optional<DatabaseInfo>> readDatabaseInfo(Replica& replica,
                                                     const DatabaseLocation& location,
                                                     std::stop_token stop) {
    Result<Buffer> bytes = readObject(replica, databaseObjectName(location), stop);
    if (!bytes.ok()) {
        const ErrorCode code = bytes.error().code;
        if (code == ErrorCode::NotFound || code == ErrorCode::Corruption) {
            return std::optional<DatabaseInfo>();
        }
        return std::move(bytes).error();
    }
    if (bytes.value().size() > kDatabaseInfoBytesMax) {
        return std::optional<DatabaseInfo>();
    }
    Result<DatabaseInfo> info = parseDatabaseInfo(textOf(bytes.value()));
    if (!info.ok() || info.value().location != location) {
        return std::optional<DatabaseInfo>();
    }
    return std::optional<DatabaseInfo>(std::move(info).value());
}

}  // namespace

Result<std::vector<FoundDatabase>> listDatabases(Replica& replica, std::stop_token stop) {
    std::vector<DatabaseLocation> locations;
    std::string after;
    bool more = true;
    while (more) {
        ENGINE_TRY_ASSIGN(const ListPage page, replica.list("", after, kListPage, stop));
        std::optional<DatabaseLocation> last;
        for (const ObjectInfo& object : page.objects) {
            last = locationIn(object.name);
            if (last && (locations.empty() || locations.back() != *last)) {
                locations.push_back(*last);
            }
        }
        more = page.more && !page.objects.empty();
        if (more) {
            std::string next = skipFolderOf(page.objects.back().name, last);
            if (next <= after) {
                return Error{ErrorCode::Corruption, "the replica lists its objects out of order"};
            }
            after = std::move(next);
        }
    }
    std::sort(locations.begin(), locations.end());
    locations.erase(std::unique(locations.begin(), locations.end()), locations.end());

    std::vector<FoundDatabase> found;
    for (const DatabaseLocation& location : locations) {
        ENGINE_TRY_ASSIGN(std::optional<DatabaseInfo> info,
                          readDatabaseInfo(replica, location, stop));
        found.push_back(FoundDatabase{location, std::move(info)});
    }
    return found;
}

Result<Listing> listHistory(Replica& replica,
                            const DatabaseLocation& location,
                            std::stop_token stop) {
    Listing listing{.location = location, .artefacts = {}, .incomplete = {}, .unknown = {}};
    std::map<ArtefactKey, std::vector<FoundPart>> groups;
    const std::string infoName = databaseObjectName(location);
    const auto visit = [&](const ObjectInfo& object) -> Status {
        Result<PartName> name = PartName::parse(object.name);
        if (name.ok() && name.value().location == location) {
            const ArtefactKey key = keyOf(name.value());
            groups[key].push_back(FoundPart{std::move(name).value(), {object.name, object.size}});
        } else if (object.name != infoName) {
            listing.unknown.push_back(object.name);
        }
        return {};
    };
    ENGINE_TRY(listAll(replica, folderOf(location), stop, visit));

    for (auto& [key, parts] : groups) {
        if (isWhole(parts)) {
            listing.artefacts.push_back(describe(parts));
            continue;
        }
        for (const FoundPart& part : parts) {
            listing.incomplete.push_back(part.stored.name);
        }
    }
    std::sort(listing.artefacts.begin(), listing.artefacts.end(), inListingOrder);
    return listing;
}

LatestState latestState(const Listing& listing) {
    LatestState state;
    std::map<GenerationId, Time> births;
    for (const ArtefactDescriptor& artefact : listing.artefacts) {
        const auto [entry, isNew] = births.try_emplace(artefact.generation, artefact.firstTime);
        entry->second = std::min(entry->second, artefact.firstTime);
        state.lastUploaded = std::max(state.lastUploaded, artefact.lastTime);
    }
    const auto newest =
        std::max_element(births.begin(), births.end(), [](const auto& a, const auto& b) {
            return std::tie(a.second, a.first) < std::tie(b.second, b.first);
        });
    if (newest == births.end()) {
        return state;
    }
    state.generation = newest->first;
    const auto ofGeneration = [&](const ArtefactDescriptor& artefact, ArtefactKind kind) {
        return artefact.generation == state.generation && artefact.kind == kind;
    };
    for (const ArtefactDescriptor& artefact : listing.artefacts) {
        const bool newer = !state.snapshot || state.snapshot->lastTx < artefact.lastTx;
        if (ofGeneration(artefact, ArtefactKind::Snapshot) && newer) {
            state.snapshot = artefact;
        }
    }
    for (const ArtefactDescriptor& artefact : listing.artefacts) {
        const bool after = !state.snapshot || artefact.lastTx > state.snapshot->lastTx;
        if (ofGeneration(artefact, ArtefactKind::Segment) && after) {
            state.segments.push_back(artefact);
        }
    }
    return state;
}

}  // namespace engine
