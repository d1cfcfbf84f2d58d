// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/stored_lookup.h"

#include <algorithm>
#include <set>

#include "engine/base/log.h"
#include "engine/history/history.h"

namespace engine {
namespace {

constexpr std::size_t kListPage = 1000;

using Artefacts = std::vector<ArtefactDescriptor>;  // of one generation, by first TxId

Error otherWriter(const std::string& name) {
    return Error{ErrorCode::Refused,
                 "another computer or program writes into this history: " + name}
        .withEffect("copying here was stopped to protect both histories")
        .withFix("give one of the two a folder of its own");
}

/// Where the segments end that follow `from` without a hole.
TxId endOfChain(TxId from, const Artefacts& artefacts) {
    for (const ArtefactDescriptor& artefact : artefacts) {
        if (artefact.kind == ArtefactKind::Segment && artefact.firstTx <= from.next()) {
            from = std::max(from, artefact.lastTx);
        }
    }
    return from;
}

/// The TxIds at which chains can begin: those of the snapshots; without any, before the first.
std::set<TxId> chainStarts(const Artefacts& artefacts) {
    std::set<TxId> starts;
    for (const ArtefactDescriptor& artefact : artefacts) {
        if (artefact.kind == ArtefactKind::Snapshot) {
            starts.insert(artefact.lastTx);
        }
    }
    if (starts.empty() && artefacts.front().firstTx.value > 0) {
        starts.insert(TxId{artefacts.front().firstTx.value - 1});
    }
    return starts;
}

/// Up to where everything is stored. Behind a hole only where the local log cannot fill it.
TxId storedUpTo(const Controller& controller, GenerationId generation, const Artefacts& artefacts) {
    TxId end;
    for (const TxId start : chainStarts(artefacts)) {
        if (end != TxId{} && start > end) {
            const auto pending = controller.pendingAfter(generation, end);
            if (!pending.empty() && pending.front().firstTx == end.next()) {
                break;
            }
        }
        end = std::max(end, endOfChain(std::max(start, end), artefacts));
    }
    return end;
}

AckState storedState(const UploadTools& tools,
                     GenerationId generation,
                     const Artefacts& artefacts) {
    const AckState known = tools.journal.state(generation);
    AckState state;
    bool snapshotAsKnown = false;
    for (const ArtefactDescriptor& artefact : artefacts) {
        state.lastUploadAt = std::max(state.lastUploadAt, artefact.lastTime);
        if (artefact.kind != ArtefactKind::Snapshot) {
            continue;
        }
        snapshotAsKnown = snapshotAsKnown || artefact.lastTx == known.snapshotTx;
        if (!state.snapshotTx || *state.snapshotTx <= artefact.lastTx) {
            state.snapshotTx = artefact.lastTx;
            state.snapshotAt = artefact.lastTime;
            state.snapshotBytes = artefact.bytes();
        }
    }
    state.segmentsTx = storedUpTo(tools.controller, generation, artefacts);
    if (snapshotAsKnown && state.segmentsTx == known.segmentsTx) {
        return known;
    }
    for (const ArtefactDescriptor& artefact : artefacts) {
        const bool after = !state.snapshotTx || artefact.lastTx > *state.snapshotTx;
        if (artefact.kind == ArtefactKind::Segment && after) {
            state.segmentBytesSinceSnapshot += artefact.bytes();
        }
    }
    return state;
}

/// What was begun and is whole was stored; what lost a part cannot be made whole any more.
Status settlePending(AckJournal& journal, const Listing& listing) {
    const std::set<std::string> loose(listing.incomplete.begin(), listing.incomplete.end());
    for (const PendingUpload& upload : journal.pending()) {
        const auto whole = std::find_if(
            listing.artefacts.begin(), listing.artefacts.end(), [&](const auto& artefact) {
                return artefact.artefact == upload.artefact;
            });
        const auto there = [&](const std::string& part) { return loose.contains(part); };
        if (whole != listing.artefacts.end()) {
            ENGINE_TRY(
                journal.stored(upload.artefact, whole->lastTx, whole->lastTime, whole->bytes()));
        } else if (!std::all_of(upload.parts.begin(), upload.parts.end(), there)) {
            ENGINE_TRY(journal.dropped(upload.artefact));
        }
    }
    return {};
}

Status refuseOtherWriter(const Listing& listing, GenerationId generation, WriterId writer) {
    for (const ArtefactDescriptor& artefact : listing.artefacts) {
        if (artefact.generation == generation && artefact.writer != writer) {
            return otherWriter(artefact.parts.front().name);
        }
    }
    for (const std::string& object : listing.incomplete) {
        const Result<PartName> name = PartName::parse(object);
        if (name.ok() && name.value().generation == generation && name.value().writer != writer) {
            return otherWriter(object);
        }
    }
    return {};
}

/// The stored state at tx is the one that the local log has under this number; true also where the
/// log does not reach back so far.
Result<bool> sameState(const UploadTools& tools,
                       GenerationId generation,
                       TxId tx,
                       const Artefacts& artefacts,
                       std::stop_token stop) {
    const std::optional<Root> ours = tools.controller.rootAt(generation, tx);
    const auto ending = std::find_if(artefacts.begin(), artefacts.end(), [&](const auto& artefact) {
        return artefact.lastTx == tx;
    });
    if (!ours || ending == artefacts.end()) {
        return true;
    }
    const Result<ArtefactTable> table =
        readArtefactTable(tools.replica, *ending, nullptr, std::move(stop));
    if (!table.ok()) {
        if (table.error().retryable()) {
            return table.error();
        }
        return false;  // damaged there: what we would send could not stand on it
    }
    return table.value().summary.root == *ours;
}

}  // namespace

Result<std::optional<TxId>> lookUpStored(const UploadTools& tools,
                                         const RecordedGeneration& current,
                                         std::stop_token stop) {
    ENGINE_TRY_ASSIGN(const Listing listing,
                      listHistory(tools.replica, tools.controller.location(), stop));
    ENGINE_TRY(refuseOtherWriter(listing, current.id, tools.controller.writer()));
    std::map<GenerationId, Artefacts> generations;
    TxId furthest;
    for (const ArtefactDescriptor& artefact : listing.artefacts) {
        generations[artefact.generation].push_back(artefact);
        furthest = std::max(furthest, artefact.lastTx);
    }
    ENGINE_TRY(settlePending(tools.journal, listing));
    bool same = furthest <= current.baselineTx;
    for (const auto& [generation, artefacts] : generations) {
        const AckState known = tools.journal.state(generation);
        const AckState state = storedState(tools, generation, artefacts);
        const bool older = state.segmentsTx < known.segmentsTx;
        if (state == known || (older && !tools.replica.traits().listingConsistent)) {
            continue;
        }
        log::pipeline().info(
            "stored otherwise than noted db={} replica={} generation={} tx={} "
            "notedTx={}",
            tools.controller.config().name,
            tools.replica.traits().kind,
            generation.text(),
            state.segmentsTx.value,
            known.segmentsTx.value);
        if (same && generation == current.id) {
            ENGINE_TRY_ASSIGN(same,
                              sameState(tools, generation, state.segmentsTx, artefacts, stop));
        }
        ENGINE_TRY(tools.journal.learned(generation, state));
    }
    for (const GenerationId generation : tools.journal.generations()) {
        if (!generations.contains(generation) && tools.replica.traits().listingConsistent) {
            ENGINE_TRY(tools.journal.forgetGeneration(generation));
        }
    }
    return same ? std::optional<TxId>{} : std::optional<TxId>{furthest};
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
                return otherWriter(object.name);
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
