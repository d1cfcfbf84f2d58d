// SPDX-License-Identifier: Apache-2.0
// What a running engine knows, as one immutable snapshot: per database and replica. The command
// line prints it, the window shows it, both by the same names (cli.md "status", ux.md 4.2).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/ids.h"

namespace engine {

/// One state per database x replica; a database is its worst replica (order below = from good to
/// bad, Unknown last).
enum class ProtectionState : std::uint8_t {
    Protected,
    CatchingUp,
    FallingBehind,
    Waiting,
    Paused,
    NeedsAttention,
    NotProtected,
    Restoring,
    Unknown
};
std::string_view toText(ProtectionState state) noexcept;   // "protected", "catchingUp", ...
std::string_view labelOf(ProtectionState state) noexcept;  // "Protected", "Catching up", ...
/// DatabaseStatus::waiting for people; a word that is not known stays.
std::string_view explainWaiting(std::string_view word) noexcept;

struct ReplicaStatus {
    std::string name;
    std::string kind;
    ProtectionState state = ProtectionState::Unknown;
    TxId storedTxId;                    // every commit up to here is stored; 0 = none
    bool restorable = false;            // a whole snapshot of the generation is stored
    std::optional<std::int64_t> lagMs;  // empty = nothing was ever stored
    std::uint64_t pendingBytes = 0;
    Time lastUploadAt;
    Time lastSnapshotAt;
    Time retryAt;           // 0 = not waiting for a retry
    std::string lastError;  // empty = the last attempt worked
    Time lastErrorAt;
};

struct SnapshotProgress {
    std::uint64_t pagesDone = 0;
    std::uint64_t pagesTotal = 0;
};

struct DatabaseStatus {
    std::string name;
    std::string path;
    DatabaseId id;
    ProtectionState state = ProtectionState::Unknown;
    std::string captureMode;   // toText(CaptureMode)
    std::string captureLabel;  // "Continuous", ...
    std::string waiting;       // toText(Waiting), empty = none
    GenerationId generation;
    TxId txId;                          // captured
    TxId storedTxId;                    // on every replica
    std::optional<std::int64_t> lagMs;  // the worst of the replicas
    std::uint64_t pendingBytes = 0;
    std::uint64_t pageCount = 0;
    std::uint32_t pageSize = 0;
    std::uint64_t commitsAlone = 0;  // since the start: one transaction each
    std::uint64_t catchUps = 0;
    std::uint64_t commitsMerged = 0;   // transactions within them, as far as they could be counted
    std::optional<double> aloneShare;  // of the last hour, 0..1; empty = no change
    bool aloneShareAtMost = false;     // some catch-up may hold more than was counted
    Time lastChangeAt;
    Time lastCheckedAt;  // when the source was looked at
    Time lastSnapshotAt;
    Time lastProofAt;
    std::string lastError;
    std::optional<SnapshotProgress> snapshot;
    std::vector<ReplicaStatus> replicas;
};

struct EngineStatus {
    bool running = false;
    Time at;
    std::int64_t pid = 0;
    bool paused = false;
    Time pausedUntil;         // 0 = until resumed
    std::string configError;  // the file on disk does not parse: old settings in force
    std::vector<DatabaseStatus> databases;
};

using StatusPtr = std::shared_ptr<const EngineStatus>;

/// One JSON document, names as in cli.md.
std::string toJson(const EngineStatus& status);
Result<EngineStatus> parseStatus(std::string_view json);

}  // namespace engine
