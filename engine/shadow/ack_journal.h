// SPDX-License-Identifier: Apache-2.0
// The ack journal of one database on one replica: what was begun there and what the replica
// acknowledged, by name, so that in steady state nothing is listed and an upload goes on where it
// stopped. Append-only file of checksummed JSON lines; a torn tail is cut off when it is opened.
//
// One thread (the replica's lane) at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/file.h"
#include "engine/format/object_name.h"

namespace engine {

/// An upload that was begun: made anew it gives the same bytes, so its finished parts are kept.
struct PendingUpload {
    ArtefactKind kind = ArtefactKind::Segment;
    GenerationId generation;
    ArtefactId artefact;
    TxId firstTx;
    TxId lastTx;                      // segment: where it ends; snapshot: 0
    Time createdAt;                   // goes into the head again
    std::vector<std::string> parts;   // acknowledged, by name
};

struct AckState {
    /// Snapshot of this generation that is stored whole; none = the generation is not restorable.
    std::optional<TxId> snapshotTx;
    Time snapshotAt;
    std::uint64_t snapshotBytes = 0;
    /// Every commit of the generation up to here is stored.
    TxId segmentsTx;
    Time lastUploadAt;
    std::uint64_t segmentBytesSinceSnapshot = 0;
};

class AckJournal {
public:
    static Result<std::unique_ptr<AckJournal>> open(const std::string& path);
    virtual ~AckJournal() = default;

    virtual AckState state(GenerationId generation) const = 0;
    virtual std::vector<GenerationId> generations() const = 0;
    virtual std::vector<PendingUpload> pending() const = 0;

    virtual Status begin(const PendingUpload& upload) = 0;
    virtual Status partStored(const ArtefactId& artefact, const std::string& name) = 0;
    /// The artefact is stored whole: segment: segmentsTx becomes lastTx; snapshot: snapshotTx = tx.
    virtual Status stored(const ArtefactId& artefact, TxId lastTx, Time at, std::uint64_t bytes) = 0;
    virtual Status dropped(const ArtefactId& artefact) = 0;
    /// The TxId from which on a new generation's segments are expected (its baseline).
    virtual Status startGeneration(GenerationId generation, TxId baseline) = 0;
    virtual Status forgetGeneration(GenerationId generation) = 0;
};

}  // namespace engine
