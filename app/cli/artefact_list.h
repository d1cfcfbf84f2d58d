// SPDX-License-Identifier: Apache-2.0
// The list of one kind of artefact, as `snapshots` and `segments` print it.
#pragma once

#include "app/cli/command.h"

namespace cli {

Outcome listArtefacts(engine::ArtefactKind kind, const Args& args, const Session& session);

}  // namespace cli
