// SPDX-License-Identifier: Apache-2.0
// Capture of one SQLite database, whatever its journal mode: looks which mode it is in now, and
// goes on from the captured state in that mode (design: capture.md parts 2, 3, 6, 7).
//
// What ties the page map to the source is one of
//   - a position in a WAL generation (the follower's): the commits after it are proved by chain;
//   - a rest stamp: the database file alone was the state, and a write would show in its times;
//   - a journal position.
// When none holds any more, a sweep proves the state anew and what differs is one catch-up.
//
// Owned by its controller; one call at a time, from changing threads.
#pragma once

#include <memory>
#include <optional>

#include "engine/capture/capture.h"
#include "engine/capture/frame_table.h"
#include "engine/capture/page_staging.h"
#include "engine/capture/settled_look.h"
#include "engine/capture/sqlite_files.h"
#include "engine/capture/sqlite_origin.h"
#include "engine/capture/sqlite_sweep.h"
#include "engine/capture/sqlite_wal_follower.h"
#include "engine/capture/sweep_pacing.h"

namespace engine {

class SqliteCapture final : public Capture {
public:
    SqliteCapture(CaptureOptions options, std::unique_ptr<SourceFolder> folder);

    Result<bool> startGeneration(GenerationId generation,
                                 TxId tx,
                                 const StepBudget& budget,
                                 std::stop_token stop,
                                 Step& step) override;
    Status resume(PageMapCheckpoint state) override;
    Result<Step> step(CommitSink& sink, const StepBudget& budget, std::stop_token stop) override;
    Result<std::vector<bool>> readPages(std::span<const std::uint64_t> pages,
                                        MutableBytes into) override;

    void noteEvents(const SourceEvents& events) override {
        m_settled.forget();
        m_follower.noteEvents(events);
    }

    const PageMap& map() const override { return m_map; }

    CapturePosition position() const override;

    CaptureMode mode() const override { return m_mode; }

    CaptureCounters counters() const override { return m_counters; }

private:
    /// How a turn ended.
    enum class Turn : std::uint8_t {
        Again,     // more to do at once
        Done,      // everything seen is captured and nothing is in flight
        Restless,  // the same, but somebody is at work: look again soon
        Wait,      // see the step: waiting, callAgain
        Spent,     // the budget is used up, or we were told to stop
    };

    /// One call of step() or startGeneration().
    struct Work {
        CommitSink* sink = nullptr;  // null: baseline
        StepBudget budget;
        std::stop_token stop;
        Steady begun, until;
        std::uint64_t bytes = 0;
        Step step;

        bool spent(const Clock& clock) const {
            return stop.stop_requested() || clock.steady() >= until || bytes >= budget.bytesMax;
        }
    };

    // sqlite_capture.cpp
    Work makeWork(CommitSink* sink, const StepBudget& budget, std::stop_token stop) const;
    Result<Step> work(Work work);
    void endWork(Work& work, Turn turn);
    Result<Turn> turn(Work& work);
    Result<std::optional<Turn>> lookAtFiles(Work& work);
    Result<Turn> leaveFiles(Work& work, const SqliteFiles::Look& look);
    Status checkIdentity();
    Turn wait(Work& work, std::optional<Waiting> waiting, std::chrono::milliseconds pause);
    Turn end(Work& work, Discontinuity reason);
    void setMode(CaptureMode mode);
    void noteDirty();
    SqliteOrigin originAt(const std::optional<WalPosition>& wal) const;

    // sqlite_capture_wal.cpp
    bool anchored() const;
    void loseAnchor() noexcept;
    Result<Turn> followTurn(Work& work);
    Result<Turn> restTurn(Work& work);
    Result<bool> standOnRest();
    Result<Turn> takeLook(Work& work, const WalLook& look);
    Result<Turn> handOnLook(Work& work, const WalLook& look);
    Result<HandOn> handOnCommit(Work& work, const WalBatch& batch, std::size_t index);
    Result<ByteView> bytesOf(const WalBatch& batch, const StagedPage& staged);
    Turn waitLonger(Work& work);
    Result<Turn> nothingNew(Work& work, const WalLook& look);
    Result<Turn> settle();
    void noteFrames(const WalBatch& batch, const WalCommit& commit);

    // sqlite_capture_state.cpp
    Result<Turn> sweepTurn(Work& work);
    Turn sweepLost(Work& work);
    Result<Turn> sweepDone(Work& work);
    Result<Turn> journalTurn(Work& work);
    Result<Turn> takeDifference(Work& work, StateDifference& difference);
    Result<HandOn> handOnDifference(Work& work, StateDifference& difference);
    void takeJournalPosition(const JournalPosition& position);
    Status findFrames();
    Result<bool> readFromWal(std::uint64_t page, MutableBytes into);
    Status readFromDatabase(std::span<const std::uint64_t> run, MutableBytes into);

    SystemClock m_systemClock;
    CaptureOptions m_options;
    SqliteFiles m_files;
    SettledLook m_settled;
    bool m_calm = false;  // the last step left nothing to do
    WalFollower m_follower;
    std::unique_ptr<SqliteJournalReader> m_journal;
    std::unique_ptr<SqliteSweep> m_sweep;

    PageMap m_map;
    bool m_haveMap = false;
    GenerationId m_generation;
    TxId m_tx;
    std::optional<Discontinuity> m_ended;

    std::optional<FileFacts> m_rest;
    std::optional<JournalPosition> m_journalPosition;
    std::optional<std::uint32_t> m_counter;  // change counter in the captured state
    std::optional<FileIdentity> m_identity;  // of the file that the map stands for
    bool m_otherFile = false;                // another one is there: only the same root goes on

    CaptureMode m_mode = CaptureMode::Unknown;
    CaptureCounters m_counters;
    std::optional<Time> m_dirtySince;
    std::optional<Steady> m_tailSince;
    std::chrono::milliseconds m_settlePause{1};
    int m_looksAgain = 0;  // in a row
    bool m_sweepIsDone = false;
    SweepPacing m_pacing;

    // page -> frame of the generation m_framesSalts, for readPage; frames up to m_framesFrom are
    // looked up in the WAL when they are first needed.
    FrameTable m_frames;
    WalSalts m_framesSalts;
    std::uint32_t m_framesFrom = 0;
    Buffer m_page;
};

}  // namespace engine
