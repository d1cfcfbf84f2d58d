// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/stored_lookup.h"

#include <algorithm>

#include "engine/base/log.h"
#include "engine/history/listing.h"

namespace engine {
namespace {

constexpr std::size_t kListPage = 1000;

/// Where the segments end that follow each other without a hole. They come by first TxId.
TxId endOfChain(TxId from, const std::vector<ArtefactDescriptor>& artefacts) {
    for (const ArtefactDescriptor& artefact : artefacts) {
        if (artefact.kind != ArtefactKind::Segment) {
            continue;
        }
        if (from == TxId{}) {
            from =
                TxId{artefact.firstTx.value - std::min<std::uint64_t>(1, artefact.firstTx.value)};
        }
        if (artefact.firstTx > from.next()) {
            break;
        }
        from = std::max(from, artefact.lastTx);
    }
    return from;
}

AckState storedState(const UploadTools& tools,
                     GenerationId generation,
                     const std::vector<ArtefactDescriptor>& artefacts) {
    AckState state;
    for (const ArtefactDescriptor& artefact : artefacts) {
        state.lastUploadAt = std::max(state.lastUploadAt, artefact.lastTime);
        if (artefact.kind == ArtefactKind::Snapshot &&
            (!state.snapshotTx || *state.snapshotTx <= artefact.lastTx)) {
            state.snapshotTx = artefact.lastTx;
            state.snapshotAt = artefact.lastTime;
            state.snapshotBytes = artefact.bytes();
        }
    }
    for (const ArtefactDescriptor& artefact : artefacts) {
        const bool after = !state.snapshotTx || artefact.lastTx > *state.snapshotTx;
        if (artefact.kind == ArtefactKind::Segment && after) {
            state.segmentBytesSinceSnapshot += artefact.bytes();
        }
    }
    state.segmentsTx = endOfChain(tools.journal.state(generation).segmentsTx, artefacts);
    if (state.segmentsTx == TxId{} && state.snapshotTx) {
        // Only the snapshot is there: what the log has after it leads on.
        const auto next = tools.controller.pendingAfter(generation, *state.snapshotTx);
        const bool around = !next.empty() && next.front().parentTx < *state.snapshotTx;
        state.segmentsTx = around ? next.front().parentTx : *state.snapshotTx;
    }
    return state;
}

}  // namespace

Status lookUpStored(const UploadTools& tools, std::stop_token stop) {
    ENGINE_TRY_ASSIGN(const Listing listing,
                      listHistory(tools.replica, tools.controller.location(), std::move(stop)));
    std::map<GenerationId, std::vector<ArtefactDescriptor>> generations;
    const std::vector<PendingUpload> pending = tools.journal.pending();
    for (const ArtefactDescriptor& artefact : listing.artefacts) {
        generations[artefact.generation].push_back(artefact);
        const bool begun = std::any_of(pending.begin(), pending.end(), [&](const auto& upload) {
            return upload.artefact == artefact.artefact;
        });
        if (begun) {
            // It is whole: not to be taken for an unfinished one and removed.
            ENGINE_TRY(tools.journal.stored(
                artefact.artefact, artefact.lastTx, artefact.lastTime, artefact.bytes()));
        }
    }
    for (const auto& [generation, artefacts] : generations) {
        ENGINE_TRY(tools.journal.learned(generation, storedState(tools, generation, artefacts)));
    }
    log::pipeline().warn("ack journal had lost records, replica listed db={} artefacts={}",
                         tools.controller.config().name,
                         listing.artefacts.size());
    return tools.journal.lookedUp();
}

Status refuseOtherWriter(const UploadTools& tools,
                         GenerationId generation,
                         TxId from,
                         std::stop_token stop) {
    const std::string folder = folderOf(tools.controller.location(), generation);
    std::string after = folder + toHex16(from.value);
    for (bool more = true; more;) {
        ENGINE_TRY_ASSIGN(const ListPage page, tools.replica.list(folder, after, kListPage, stop));
        for (const ObjectInfo& object : page.objects) {
            const Result<PartName> name = PartName::parse(object.name);
            if (name.ok() && name.value().writer != tools.controller.writer()) {
                return Error{ErrorCode::Refused,
                             "another computer or program writes into this history: " + object.name}
                    .withEffect("copying here was stopped to protect both histories")
                    .withFix("give one of the two a folder of its own");
            }
        }
        more = page.more && !page.objects.empty() && page.objects.back().name > after;
        if (more) {
            after = page.objects.back().name;
        }
    }
    return {};
}

}  // namespace engine
