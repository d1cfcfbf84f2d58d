// SPDX-License-Identifier: Apache-2.0
// Names of stored objects, built and taken apart in this one place (architecture part 4).
//
//   <computer>/<database>/database.json
//   <computer>/<database>/<generation>/<firstTx>.<kind>.<writer>.<artefact>.p<NNNNN>
//   ... and for the last part:          .p<NNNNN>.<lastTx>.<firstTime>.<lastTime>
//
// Ids and TxIds are 16 (artefact: 32) hex digits, kind is "seg" or "snap", parts count from 1 with
// five digits, so the last part's number is the number of parts; times are
// "20260614t120211123z". Only [a-z0-9._-] and '/'. Sorted by name = sorted by first TxId.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/ids.h"
#include "engine/base/result.h"

namespace engine {

enum class ArtefactKind : std::uint8_t { Segment = 1, Snapshot = 2 };
std::string_view toText(ArtefactKind kind) noexcept;  // "segment", "snapshot"

inline constexpr std::uint32_t kPartsMax = 99999;

struct DatabaseLocation {
    ComputerId computer;
    DatabaseId database;
    friend auto operator<=>(const DatabaseLocation&, const DatabaseLocation&) = default;
};

/// "<computer>/<database>/"
std::string folderOf(const DatabaseLocation& location);
/// "<computer>/<database>/database.json"
std::string databaseObjectName(const DatabaseLocation& location);
/// "<computer>/<database>/<generation>/"
std::string folderOf(const DatabaseLocation& location, GenerationId generation);

/// What only the last part's name says.
struct LastPart {
    TxId lastTx;
    Time firstTime;
    Time lastTime;
    friend auto operator<=>(const LastPart&, const LastPart&) = default;
};

struct PartName {
    DatabaseLocation location;
    GenerationId generation;
    ArtefactKind kind = ArtefactKind::Segment;
    TxId firstTx;
    WriterId writer;
    ArtefactId artefact;
    std::uint32_t part = 1;
    std::optional<LastPart> last;

    std::string text() const;
    /// InvalidArgument for every text that text() does not produce.
    static Result<PartName> parse(std::string_view name);
};

}  // namespace engine
