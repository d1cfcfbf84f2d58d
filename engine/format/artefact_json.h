// SPDX-License-Identifier: Apache-2.0
// Head and summary of an artefact as JSON (FORMAT.md, "Head" and "Summary"). Private to the room.
#pragma once

#include <string>
#include <string_view>

#include "engine/format/artefact_layout.h"

namespace engine {

/// Keys are sorted, without white space: the same head gives the same text.
std::string headToJson(const ArtefactHead& head);
/// Corruption for what is not a head; keys that are not known go into otherKeys.
Result<ArtefactHead> parseHead(std::string_view json);

/// The head of the part that begins with header; json is what is stored behind it.
Result<ArtefactHead> openHead(const PartHeader& header, ByteView json);

std::string summaryToJson(const ArtefactSummary& summary);
Result<ArtefactSummary> parseSummary(std::string_view json);

}  // namespace engine
