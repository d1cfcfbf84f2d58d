// SPDX-License-Identifier: Apache-2.0
// An artefact table as bytes for the disposable index: ours alone, versioned by the index's
// schema, with a checksum, never stored on a replica.
#pragma once

#include "engine/format/artefact.h"

namespace engine {

Buffer encodeTable(const ArtefactTable& table);
/// Corruption for everything that encodeTable did not write.
Result<ArtefactTable> decodeTable(ByteView bytes);

}  // namespace engine
