// SPDX-License-Identifier: Apache-2.0
// A listing with the commit tables that the planner and the timeline need. Tables come from the
// disposable index (index.h) or by one tail read each.
#pragma once

#include <memory>

#include "engine/format/sealer.h"
#include "engine/history/listing.h"

namespace engine {

/// One artefact with its table; table is null where it could not be read (problem says why).
struct HistoryArtefact {
    ArtefactDescriptor descriptor;
    std::shared_ptr<const ArtefactTable> table;
    std::string problem;
};

struct History {
    DatabaseLocation location;
    std::vector<HistoryArtefact> artefacts;  // order of Listing
    std::vector<std::string> incomplete;
};

class HistoryIndex;

/// The table of one artefact, checked against its descriptor: one or two tail reads.
Result<ArtefactTable> readArtefactTable(Replica& replica,
                                        const ArtefactDescriptor& descriptor,
                                        const Sealer* sealer,
                                        std::stop_token stop);

/// Lists and reads the tables. index may be null. Tables that cannot be read do not fail the call:
/// they are told in `problem`, and the planner goes around them.
Result<History> loadHistory(Replica& replica,
                            const DatabaseLocation& location,
                            const Sealer* sealer,
                            HistoryIndex* index,
                            std::stop_token stop);

}  // namespace engine
