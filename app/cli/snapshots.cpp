// SPDX-License-Identifier: Apache-2.0
#include "app/cli/artefact_list.h"
#include "app/cli/commands.h"
#include "app/cli/replica_access.h"

namespace cli {

static Outcome run(const Args& args, const Session& session) {
    return listArtefacts(engine::ArtefactKind::Snapshot, args, session);
}

CommandSpec snapshotsCommand() {
    CommandSpec spec;
    spec.name = "snapshots";
    spec.summary = "the full copies in the history of one database";
    spec.example = "strandline-cli snapshots --database notes";
    spec.options = historyOptions();
    spec.run = &run;
    return spec;
}

}  // namespace cli
