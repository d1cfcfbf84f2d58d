// SPDX-License-Identifier: Apache-2.0
// What a replica's listing says about our own database there. In steady state nothing is listed;
// this is for when the ack journal cannot be believed, and for noticing that somebody else writes
// into our history.
#pragma once

#include "engine/pipeline/uploader.h"

namespace engine {

/// Fills the ack journal, which lost records, with what is stored, so that nothing is sent again
/// or left out.
Status lookUpStored(const UploadTools& tools, std::stop_token stop);

/// Refused: an artefact of the generation that starts after `from` is by another writer.
Status refuseOtherWriter(const UploadTools& tools,
                         GenerationId generation,
                         TxId from,
                         std::stop_token stop);

}  // namespace engine
