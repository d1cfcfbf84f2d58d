// SPDX-License-Identifier: Apache-2.0
// Whether a commit table fits the listed artefact that it was read from, and itself. What passed
// may be relied on by the planner and the restorer without further bounds checks.
#pragma once

#include "engine/history/descriptors.h"

namespace engine {

/// Corruption names the first difference.
Status checkTable(const ArtefactDescriptor& descriptor, const ArtefactTable& table);

}  // namespace engine
