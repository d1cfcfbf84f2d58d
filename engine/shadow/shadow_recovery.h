// SPDX-License-Identifier: Apache-2.0
// What a shadow log's folder holds after whatever happened: the whole segments of each generation,
// and what had to be set aside.
#pragma once

#include "engine/shadow/shadow_log.h"

namespace engine {

struct RecoveredLog {
    std::vector<ShadowSegment> segments;  // by generation in the order of birth, then by TxId
    ShadowRecovery report;
};

/// Removes temporary files and parts of segments that were never published, renames what is
/// damaged to *.bad, and returns the rest. Changes nothing where it fails.
Result<RecoveredLog> recoverShadowFolder(const std::string& folder,
                                         const DatabaseLocation& location);

/// "<element>" of a part's name -> the name; InvalidArgument for what is none of a segment.
Result<PartName> parsePartFileName(const DatabaseLocation& location,
                                   GenerationId generation,
                                   std::string_view fileName);

inline constexpr std::string_view kTemporaryPrefix = ".tmp-";
inline constexpr std::string_view kBadSuffix = ".bad";

}  // namespace engine
