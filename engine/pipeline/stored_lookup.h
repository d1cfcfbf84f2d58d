// SPDX-License-Identifier: Apache-2.0
// What a replica's listing says about our own database there. Looked up once at each start, because
// the ack journal is only what we remember: objects may have gone, an upload may have ended without
// being noted, and the journal itself may be damaged, lost, or from an older copy of the state
// folder. In steady state nothing is listed.
#pragma once

#include <optional>

#include "engine/pipeline/uploader.h"

namespace engine {

/// Brings the ack journal in line with what is stored. Before anything is sent by either lane.
///
/// Returns the furthest TxId that is stored where that is not of the history that the local log
/// continues (it has more, or something else under the same numbers): then the generation cannot
/// go on. Refused: another writer stores into the current generation.
Result<std::optional<TxId>> lookUpStored(const UploadTools& tools,
                                         const RecordedGeneration& current,
                                         std::stop_token stop);

/// Refused: an artefact of the generation that starts after `from` is by another writer.
Status refuseOtherWriter(const UploadTools& tools,
                         GenerationId generation,
                         TxId from,
                         std::stop_token stop);

}  // namespace engine
