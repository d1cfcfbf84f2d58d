// SPDX-License-Identifier: Apache-2.0
// The capture seam: a source file becomes commits, without a lock, a write or a wait.
//
// One Capture belongs to one controller; step() and readPages() are never called two at a time for
// one database, but from changing worker threads. The invariants are in capture.md of the design
// (read only; bytes handed on are the bytes checked; doubt leads to a sweep, then to Waiting or a
// Discontinuity, never to a guess).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/format/commit.h"
#include "engine/format/page_map.h"

namespace engine {

/// How a database is followed (design: capture.md part 2); shown per database.
enum class CaptureMode : std::uint8_t {
    Unknown,
    WalShared,     // A: WAL, published frames from the wal-index
    WalChain,      // A: WAL, frames proved by their checksum chain
    WalAtRest,     // A: WAL database without a -wal
    Journal,       // B: rollback journal, each stable state
    WhenClosed,    // C: only while the app holds no lock
    Bolt,          // D
    Embedded,      // E
    NotSupported,  // O
};
std::string_view toText(CaptureMode mode) noexcept;  // "walShared", ...
/// "Continuous", "After each change", ... (capture.md part 2, class and label).
std::string_view labelOf(CaptureMode mode) noexcept;

/// Ends the generation: identity or order is in doubt.
enum class Discontinuity : std::uint8_t {
    Replaced,
    PageSizeChanged,
    FormatChanged,
    WentBack,
    StateLost
};
std::string_view toText(Discontinuity reason) noexcept;

/// Why nothing can be captured right now; shown as status, ends by itself.
enum class Waiting : std::uint8_t {
    TooBusy,
    AppHoldsLock,
    TailUnreadable,
    HotJournal,
    Gone,
    NoPermission,
    NotADatabase
};
std::string_view toText(Waiting reason) noexcept;

struct StepBudget {
    std::uint64_t bytesMax = 64u << 20;      // of frames handed on
    std::chrono::milliseconds timeMax{200};  // of work
};

struct Step {
    /// When to call again if no event comes before: now (more is there), soon (settling), or far.
    Steady callAgain;
    /// The file differs from the captured position since then; empty = everything seen is captured.
    std::optional<Time> dirtySince;
    std::optional<Waiting> waiting;
    std::optional<Discontinuity> discontinuity;
    /// Commits handed on in this step.
    std::uint64_t commits = 0;
};

/// How often what happened, since the start; for status and for the tests' truth.
struct CaptureCounters {
    std::uint64_t commitsAlone = 0;  // exactly one transaction each
    std::uint64_t catchUps = 0;
    std::uint64_t commitsMerged = 0;      // by the catch-ups: one each at least, more where known
    std::uint64_t catchUpsUncounted = 0;  // that may have merged more than was added there
    std::uint64_t sweeps = 0;
    std::uint64_t resetsBridged = 0;
    std::uint64_t bytesRead = 0;

    void addCatchUp(std::uint64_t merged, bool exact) noexcept {
        catchUps += 1;
        commitsMerged += merged;
        catchUpsUncounted += exact ? 0 : 1;
    }
};

/// What capture stands on: set by start() or restored, moved only by commits that the sink took.
struct CapturePosition {
    GenerationId generation;
    TxId tx;
    Attrs origin;  // salts, frame, checksums, counters, file identity: capture's own words
};

class Capture {
public:
    virtual ~Capture() = default;

    /// Begins a generation: reads the whole source until a state is proved, hands on nothing, and
    /// takes that state as tx. Works in slices: returns false while it needs to be called again
    /// (see step.callAgain), true when the baseline stands.
    virtual Result<bool> startGeneration(GenerationId generation,
                                         TxId tx,
                                         const StepBudget& budget,
                                         std::stop_token stop,
                                         Step& step) = 0;
    /// Goes on from a checkpoint that was brought up to the last durable commit.
    virtual Status resume(PageMapCheckpoint state) = 0;

    /// Hands on the commits that are there, as far as the budget goes. An Error is a failure of
    /// ours (I/O, sink); what the source does is told in Step.
    virtual Result<Step> step(CommitSink& sink, const StepBudget& budget, std::stop_token stop) = 0;

    /// The pages as they are in the captured state (hash equal to the map now), page i at
    /// i x page size of `into`. false for a page: not now, step first. For the snapshotter.
    virtual Result<std::vector<bool>> readPages(std::span<const std::uint64_t> pages,
                                                MutableBytes into) = 0;
    /// Something happened to the folder: `-shm` was rebuilt, events were lost. From the watcher.
    virtual void noteEvents(const struct SourceEvents& events) = 0;

    virtual const PageMap& map() const = 0;
    virtual CapturePosition position() const = 0;
    virtual CaptureMode mode() const = 0;
    virtual CaptureCounters counters() const = 0;
};

/// What the watcher saw since the last time it was asked.
struct SourceEvents {
    bool anything = false;    // the database, its side files or its folder changed
    bool shmTouched = false;  // -shm CREATE/DELETE/MODIFY/MOVED: iChange may have been re-based
    bool lost = false;        // queue overflow or no working events: trust nothing
};

struct CaptureOptions {
    std::string path;         // of the database, symlinks not yet resolved
    std::string spillFolder;  // ours: pages of a sweep in progress
    std::uint64_t seed = 0;   // of the page hashes
    const Clock* clock = nullptr;
    /// Drains the system's queue now and tells what came for this database since the last call.
    /// A reset of the WAL can only be bridged if this was asked after reading (capture.md 3.3);
    /// without it each reset costs a sweep. Safe to call from the thread of a step.
    std::function<SourceEvents()> takeEvents;
    /// false: no descriptor stays open between steps (removable media); then the commits that an
    /// app makes right before it closes merge into the next catch-up.
    bool keepOpen = true;
};

}  // namespace engine
