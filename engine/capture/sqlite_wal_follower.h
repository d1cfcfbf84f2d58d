// SPDX-License-Identifier: Apache-2.0
// Follows the WAL of one database from a position: which commits came after it, as far as that
// can be proved (design: capture.md 3.2 to 3.4). Both for handing commits on and for a sweep.
//
// The caller takes the commits of a look one by one and tells each; what was not taken is found
// again. Owned by one SqliteCapture; one thread at a time.
#pragma once

#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "engine/capture/capture.h"
#include "engine/capture/sqlite_files.h"
#include "engine/capture/sqlite_wal_frames.h"

namespace engine {

/// iChange of the wal-index as it was at the position, and when its base was last confirmed.
struct ChangeBase {
    std::uint32_t changes = 0;
    Steady confirmedAt;
};

/// How many transactions a catch-up stands for. The wal-index counts them; where its counter may
/// have begun anew, or was not seen, what is known is a lower bound.
struct MergedCount {
    std::uint64_t atLeast = 1;
    bool exact = false;
};

struct WalLook {
    enum class Kind : std::uint8_t {
        Nothing,   // no commit after the position
        Proved,    // batches in order, then end (a reset without commits: no batch)
        Again,     // the source moved while it was read: look again at once
        NotReady,  // the wal-index is being written or built: in some ms
        Lost,      // what came after the position cannot be proved
    };
    Kind kind = Kind::Nothing;
    std::vector<WalBatch> batches;
    WalPosition end;
    std::optional<ChangeBase> base;  // to hold at the end, if everything was taken
    bool bridged = false;            // over a reset
    bool more = false;               // commits follow behind the batches
    bool openTail = false;           // chain: frames behind the end that do not belong to it yet
    std::string_view why;            // Lost, Again: for the log
    std::uint64_t bytesRead = 0;
};

class WalFollower {
public:
    WalFollower(SqliteFiles& files, const CaptureOptions& options)
        : m_files(files)
        , m_options(options) {}

    const std::optional<WalPosition>& position() const noexcept { return m_position; }

    /// Stands there from now on; resets are bridged again once the change counter was seen. With
    /// an unknown page count, pages grown over without a frame are allowed until all that is there
    /// was taken: they are in the file.
    void adopt(const WalPosition& position);
    void forget() noexcept;
    /// The same, but the position was the captured state: merged() counts from there, until
    /// arrived().
    void leave() noexcept;
    MergedCount merged();

    void arrived() noexcept { m_left.reset(); }

    /// What the wal-index publishes.
    Result<WalLook> lookShared(std::stop_token stop);
    /// What the chain of the frames proves, while nobody is attached.
    Result<WalLook> lookChain(std::stop_token stop);

    /// The i-th commit of a batch was taken.
    void took(const WalBatch& batch, std::size_t index);
    /// All commits of the look were taken.
    void tookAll(const WalLook& look);

    /// The wal-index may have been built anew.
    void noteEvents(const SourceEvents& events) noexcept;

private:
    Result<WalLook> sameGeneration(const WalIndexHeader& index, std::stop_token stop);
    Result<WalLook> acrossReset(const WalIndexHeader& index, std::stop_token stop);
    Result<WalLook> chainOn(const WalHeader& header, std::stop_token stop);
    Result<WalLook> chainAcrossReset(const WalHeader& header, std::stop_token stop);
    Result<WalBatch> readPublished(const WalPosition& from,
                                   const WalIndexHeader& index,
                                   std::stop_token stop);
    enum class Between : std::uint8_t { Nothing, Tail, Unknown };
    Result<Between> whatCameBetween(const WalIndexHeader& index,
                                    const WalBatch& tail,
                                    const WalBatch& newer);
    WalLook bridged(const WalIndexHeader& index, bool withTail, WalBatch tail, WalBatch newer);
    bool counterIsTrusted();
    bool countsOn(const ChangeBase& base, bool touched, Steady until) const;
    Result<WalBatch> read(const WalPosition& from, WalRead request, std::stop_token stop);
    void drainEvents();

    /// Where the captured state was when it could be followed no further.
    struct Left {
        WalPosition position;
        std::optional<ChangeBase> base;
        bool touched = false;       // -shm, since the base was confirmed
        std::uint64_t counted = 0;  // commits taken since, by their frames
    };

    SqliteFiles& m_files;
    const CaptureOptions& m_options;
    WalFrameReader m_reader;
    std::optional<WalPosition> m_position;
    std::optional<ChangeBase> m_base;
    std::optional<Left> m_left;
    Steady m_lookedAt;
    bool m_checkGrowth = true;
    bool m_touched = false;      // -shm, since the base was confirmed
    bool m_touchedLate = false;  // the same, but after the header of this look was read
};

}  // namespace engine
