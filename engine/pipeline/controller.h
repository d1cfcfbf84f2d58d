// SPDX-License-Identifier: Apache-2.0
// Controller: one database on its way from the source to the shadow log. Owns capture, page map
// checkpoint, segment builder and log; knows how far each replica is, but sends nothing itself.
//
// Threads: run() by one capture worker at a time (it takes the turn); withCapture() by the
// snapshot lanes; everything else from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/backoff.h"
#include "engine/capture/capture.h"
#include "engine/pipeline/capture_recovery.h"
#include "engine/pipeline/controller_options.h"
#include "engine/pipeline/controller_state.h"
#include "engine/pipeline/controller_status.h"
#include "engine/pipeline/quarantine.h"
#include "engine/pipeline/recent_share.h"
#include "engine/pipeline/segment_builder.h"
#include "engine/pipeline/turn.h"
#include "engine/shadow/ack_journal.h"
#include "engine/shadow/shadow_log.h"

namespace engine {

class Controller {
public:
    static Result<std::unique_ptr<Controller>> open(ControllerOptions options);
    ~Controller();

    const DatabaseConfig& config() const noexcept { return m_options.config; }

    const DatabaseLocation& location() const noexcept { return m_options.location; }

    const std::string& stateFolder() const noexcept { return m_options.stateFolder; }

    WriterId writer() const noexcept { return m_options.writer; }

    const ShadowLog& log() const noexcept { return *m_log; }

    /// One piece of work; returns when to be called again at the latest.
    Steady run(std::stop_token stop);
    /// From the watcher; the next run() tells capture.
    void noteEvents(const SourceEvents& events);
    /// The next run() publishes at once whatever is open.
    void requestPublish();
    /// The next run() tries again what failed or was left alone (see quarantine.h).
    void retryNow();
    /// Publishes, writes the page map, ends. Idempotent. Nobody runs it any more.
    Status stop();

    /// The generation that is being recorded and where its segments begin; empty before the first
    /// baseline.
    std::optional<RecordedGeneration> generation() const;
    /// What is recorded and in the log; empty before the first baseline.
    std::optional<PublishedPosition> published() const;
    std::vector<ShadowSegment> pendingAfter(GenerationId generation, TxId acknowledged) const;
    std::vector<GenerationId> loggedGenerations() const;

    /// Page reads of a snapshot, between two steps. false: stopped, or nothing is being recorded.
    using CaptureUse = std::function<void(Capture& capture, SegmentBuilder& builder)>;
    bool withCapture(std::stop_token stop, const CaptureUse& use);
    /// Segments after `from` stay in the log until the hold goes (log_hold.h).
    class LogHold;
    std::unique_ptr<LogHold> holdLog(TxId from);
    /// A page matched neither the file nor a frame while nothing was written: begin anew.
    void reportStateLost();
    /// A replica holds changes up to there that the local log does not continue (it is an older
    /// copy, or lost its end): begin a generation beyond them.
    void reportBehind(TxId stored);
    /// The root of the recorded state at tx, where the log or the baseline says it.
    std::optional<Root> rootAt(GenerationId generation, TxId tx) const;
    /// The segment could not be read: the next run() sets it aside.
    void reportDamage(const ShadowSegment& segment, const std::string& problem);

    void setReplicaProgress(std::size_t replica, const ReplicaProgress& progress);
    ControllerStatus status() const;

private:
    explicit Controller(ControllerOptions options);
    Steady runTurn(std::stop_token stop);
    Steady runOpening();
    Steady runQuarantined();
    Status openLog();
    void quarantine();
    Status resumeFrom(RecoveredCapture recovered);
    Status checkOwn(const RecoveredCapture& recovered);
    void beginWithoutMap(const Error& why, TxId reached);
    void makeBuilder(const SegmentBuilder::Start& start, std::uint64_t seed);
    Steady runBaseline(std::stop_token stop);
    Steady runRecording(std::stop_token stop);
    Status acceptBaseline();
    Steady afterStep(const Step& step);
    Status publishWhenDue(const Step& step);
    Status checkpointWhenDue(bool force);
    Status trim();
    Status boundLog();
    Status setAsideDamage();
    Result<bool> leaveBehind();
    void noteLoss(std::string what);
    bool everythingStored(const std::vector<ReplicaProgress>& progress) const;
    void go(ControllerEvent event);
    Steady fail(const Error& error);
    void endFailure();
    bool waitingForRetry();
    void beginGeneration(Discontinuity reason, TxId beyond = {});
    void applyEvents();
    void publishStatus(const Step* step);

    const ControllerOptions m_options;
    const Clock& m_clock;
    const std::string m_checkpointPath;
    Turn m_turn;

    // Under the turn.
    Quarantine m_quarantine;
    bool m_starting = true, m_handled = false;  // not recorded yet; but opened
    std::unique_ptr<ShadowLog> m_log;
    std::unique_ptr<Capture> m_capture;
    std::unique_ptr<SegmentBuilder> m_builder;
    ControllerState m_state = ControllerState::Opening;
    GenerationId m_generation;
    TxId m_baselineTx;
    Root m_baselineRoot;
    TxId m_nextBaselineTx{1};
    std::optional<DurableEnd> m_expected;  // what a scan has to find where the map was lost
    TxId m_checkpointTx;
    std::uint64_t m_bytesAtCheckpoint = 0;
    Steady m_checkpointAt{};
    Steady m_boundNotBefore{};
    CaptureCounters m_lastCounters;
    Backoff m_backoff;
    std::optional<Time> m_failingSince;  // of ours: until something was recorded again
    Steady m_retryAt{};
    std::string m_loss;  // of local history, while it is to be told

    mutable Mutex m_mutex;
    SourceEvents m_events ENGINE_GUARDED_BY(m_mutex);
    bool m_retry ENGINE_GUARDED_BY(m_mutex) = false;
    bool m_publishNow ENGINE_GUARDED_BY(m_mutex) = false;
    bool m_stateLost ENGINE_GUARDED_BY(m_mutex) = false;
    std::optional<TxId> m_behind ENGINE_GUARDED_BY(m_mutex);
    std::optional<ShadowSegment> m_damaged ENGINE_GUARDED_BY(m_mutex);
    std::string m_damage ENGINE_GUARDED_BY(m_mutex);
    ControllerStatus m_status ENGINE_GUARDED_BY(m_mutex);
    RecentShare m_share ENGINE_GUARDED_BY(m_mutex);
    std::vector<ReplicaProgress> m_progress ENGINE_GUARDED_BY(m_mutex);
    std::vector<LogHold*> m_holds ENGINE_GUARDED_BY(m_mutex);
};

}  // namespace engine
