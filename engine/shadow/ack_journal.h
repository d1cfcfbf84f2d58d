// SPDX-License-Identifier: Apache-2.0
// The ack journal of one database on one replica: what was begun there and what the replica
// acknowledged, by name, so that in steady state nothing is listed and an upload goes on where it
// stopped. Append-only file of checksummed JSON lines, rewritten when it has grown; a torn tail is
// cut off when it is opened.
//
// A call that returned success survives a kill of the process, not a power failure: after one the
// journal may know less than the replica has (never more, if the replica's acks are durable), and
// what is put again is put with the same bytes.
//
// Safe for use from several threads (the two lanes of a replica); a record is written under the
// lock, because the order in the file is the state.
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
    TxId lastTx;                     // segment: where it ends; snapshot: 0
    Time createdAt;                  // goes into the head again
    std::uint64_t source = 0;        // fingerprint of the local segments that it is made of
    std::vector<std::string> parts;  // acknowledged, by name
    friend bool operator==(const PendingUpload&, const PendingUpload&) = default;
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
    friend bool operator==(const AckState&, const AckState&) = default;
};

/// What open() found.
struct AckRecovery {
    std::uint64_t records = 0;
    std::uint64_t bytesCut = 0;
    bool damaged = false;  // more than one unfinished line was cut off
};

class AckJournal {
public:
    /// Opens or creates the file. Unsupported: it was written by a newer version.
    static Result<std::unique_ptr<AckJournal>> open(const std::string& path);
    /// What the journal says now; nothing is created, cut or written, so it may be another
    /// process's. NotFound where there is none.
    static Result<std::unique_ptr<const AckJournal>> read(const std::string& path);
    virtual ~AckJournal() = default;

    virtual AckRecovery recovery() const { return {}; }

    /// A generation that is not known has an empty state.
    virtual AckState state(GenerationId generation) const = 0;
    virtual std::vector<GenerationId> generations() const = 0;
    /// In the order in which they were begun.
    virtual std::vector<PendingUpload> pending() const = 0;

    /// InvalidArgument where this artefact is pending already.
    virtual Status begin(const PendingUpload& upload) = 0;
    /// Again for the same name is success. NotFound where the artefact is not pending, as below.
    virtual Status partStored(const ArtefactId& artefact, const std::string& name) = 0;
    /// The artefact is stored whole: segment: segmentsTx becomes lastTx; snapshot: snapshotTx = tx.
    virtual Status stored(const ArtefactId& artefact,
                          TxId lastTx,
                          Time at,
                          std::uint64_t bytes) = 0;
    virtual Status dropped(const ArtefactId& artefact) = 0;
    /// The TxId from which on a new generation's segments are expected (its baseline). Of a known
    /// one it only moves segmentsTx forward.
    virtual Status startGeneration(GenerationId generation, TxId baseline) = 0;
    /// What the replica's listing says about a generation replaces what was known.
    virtual Status learned(GenerationId generation, const AckState& state) = 0;
    /// With what is pending of it.
    virtual Status forgetGeneration(GenerationId generation) = 0;
};

}  // namespace engine
