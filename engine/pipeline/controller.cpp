// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/controller.h"

#include <algorithm>

#include "engine/base/file_system.h"
#include "engine/base/log.h"
#include "engine/pipeline/capture_recovery.h"

namespace engine {
namespace {

using std::chrono::milliseconds;

/// A commit waits at most this long for others to share its segment.
constexpr milliseconds kOpenMax{100};
constexpr milliseconds kTurnBusy{1};

}  // namespace

Controller::Controller(ControllerOptions options)
    : m_options(std::move(options))
    , m_clock(*m_options.clock)
    , m_checkpointPath(joinPath(m_options.stateFolder, "page-map"))
    , m_quarantine(joinPath(m_options.stateFolder, "starting"), m_options.config.path)
    , m_backoff(milliseconds(500), std::chrono::seconds(60))
    , m_progress(m_options.replicas) {}

Controller::~Controller() {
    ignoreError(stop(), "stop() logged it; whoever wants to know calls it");
}

Result<std::unique_ptr<Controller>> Controller::open(ControllerOptions options) {
    ENSURE(options.clock != nullptr);
    std::unique_ptr<Controller> controller(new Controller(std::move(options)));
    const ControllerOptions& opened = controller->m_options;
    ENGINE_TRY(makeFolders(opened.stateFolder));
    if (controller->m_quarantine.holds()) {
        controller->quarantine();
        return controller;
    }
    controller->m_quarantine.enter();
    const Status logOpened = controller->openLog();
    controller->m_quarantine.leave();
    ENGINE_TRY(logOpened);
    return controller;
}

void Controller::go(ControllerEvent event) {
    const std::optional<ControllerState> next = nextState(m_state, event);
    ENSURE(next.has_value());
    if (*next != m_state) {
        log::pipeline().debug(
            "controller db={} state={}", m_options.config.name, static_cast<int>(*next));
    }
    m_state = *next;
}

Steady Controller::run(std::stop_token stop) {
    if (!m_turn.tryTake()) {
        return m_clock.steady() + kTurnBusy;
    }
    const TurnHolder holder(m_turn);
    const bool guarded = m_starting && m_state != ControllerState::Quarantined;
    const ControllerState before = m_state;
    if (guarded) {
        m_quarantine.enter();
    }
    const Steady next = runTurn(std::move(stop));
    if (guarded) {
        m_quarantine.leave();
        m_handled = true;
    }
    if (guarded && before == ControllerState::Recording && m_state == before) {
        m_starting = false;
        m_quarantine.passed();
    }
    {
        MutexLock lock(m_mutex);
        ++m_status.runs;
    }
    if (m_options.changed) {
        m_options.changed();
    }
    return next;
}

/// Whatever wakes it, what failed is not tried more often than the pauses say.
bool Controller::waitingForRetry() {
    MutexLock lock(m_mutex);
    if (std::exchange(m_retry, false)) {
        m_retryAt = Steady{};
    }
    return m_failingSince.has_value() && m_clock.steady() < m_retryAt;
}

Steady Controller::runTurn(std::stop_token stop) {
    switch (m_state) {
        case ControllerState::Opening:
            return waitingForRetry() ? m_retryAt : runOpening();
        case ControllerState::Baseline:
            return runBaseline(std::move(stop));
        case ControllerState::Recording:
            return runRecording(std::move(stop));
        case ControllerState::Quarantined:
            return runQuarantined();
        case ControllerState::Stopped:
            break;
    }
    return Steady::max();
}

/// Something of ours failed: what is not durable is forgotten and read again from the source.
Steady Controller::fail(const Error& error) {
    m_builder.reset();
    m_capture.reset();
    go(ControllerEvent::Failure);
    const milliseconds pause = m_backoff.next();
    m_retryAt = m_clock.steady() + pause;
    if (!m_failingSince) {
        log::pipeline().warn("recording failed db={} error=\"{}\" retryMs={}",
                             m_options.config.name,
                             error.message,
                             pause.count());
    }
    MutexLock lock(m_mutex);
    if (!m_failingSince) {
        m_failingSince = m_status.dirtySince.value_or(m_clock.now());
    }
    m_status.state = m_state;
    m_status.settled = false;
    m_status.tx = m_status.publishedTx;
    m_status.dirtySince = m_failingSince;
    m_status.lastError = error.message;
    return m_retryAt;
}

/// A step alone proves nothing: it is over when what it captured is in the log.
void Controller::endFailure() {
    if (!m_failingSince || m_builder->hasOpenCommits()) {
        return;
    }
    m_failingSince.reset();
    m_backoff.reset();
    log::pipeline().info("recording recovered db={}", m_options.config.name);
}

void Controller::makeBuilder(const SegmentBuilder::Start& start, std::uint64_t seed) {
    const SegmentOrigin origin{
        m_options.location.database, m_generation, m_options.writer, DatabaseEngine::Sqlite, seed};
    m_builder = std::make_unique<SegmentBuilder>(*m_log, origin, start, m_clock);
}

Steady Controller::runBaseline(std::stop_token stop) {
    applyEvents();
    Step step;
    const Result<bool> done = m_capture->startGeneration(
        m_generation, m_nextBaselineTx, StepBudget{}, std::move(stop), step);
    if (!done.ok()) {
        return fail(done.error());
    }
    if (step.discontinuity) {
        m_expected.reset();
        m_generation = randomId<GenerationId>();
        go(ControllerEvent::Discontinuity);
        publishStatus(&step);
        return m_clock.steady();
    }
    if (!done.value()) {
        publishStatus(&step);
        return step.callAgain;
    }
    if (const Status accepted = acceptBaseline(); !accepted.ok()) {
        return fail(accepted.error());
    }
    publishStatus(&step);
    return m_clock.steady();
}

Status Controller::acceptBaseline() {
    const CapturePosition position = m_capture->position();
    const PageMap& map = m_capture->map();
    if (m_expected && map.root() != m_expected->root) {
        // The file moved on while the map was lost: what happened in between is not known.
        m_nextBaselineTx = m_expected->tx.next();
        m_expected.reset();
        m_generation = randomId<GenerationId>();
        go(ControllerEvent::Discontinuity);
        return {};
    }
    m_expected.reset();
    m_baselineTx = position.tx;
    m_baselineRoot = map.root();
    makeBuilder(SegmentBuilder::Start{position.tx, map.root(), m_clock.now()}, map.seed());
    m_lastCounters = m_capture->counters();
    ENGINE_TRY(checkpointWhenDue(true));
    m_nextBaselineTx = position.tx.next();
    go(ControllerEvent::BaselineProved);
    log::pipeline().info("generation started db={} generation={} tx={} pages={} pageSize={}",
                         m_options.config.name,
                         m_generation.text(),
                         position.tx.value,
                         map.pageCount(),
                         map.pageSize());
    return {};
}

/// beyond: TxIds up to here are taken somewhere.
void Controller::beginGeneration(Discontinuity reason, TxId beyond) {
    log::pipeline().warn("history cannot go on db={} generation={} reason={}",
                         m_options.config.name,
                         m_generation.text(),
                         toText(reason));
    m_nextBaselineTx = std::max(m_capture->position().tx, beyond).next();
    m_generation = randomId<GenerationId>();
    m_builder.reset();
    go(ControllerEvent::Discontinuity);
}

Steady Controller::runRecording(std::stop_token stop) {
    applyEvents();
    if (const Status aside = setAsideDamage(); !aside.ok()) {
        return fail(aside.error());
    }
    const Result<bool> left = leaveBehind();
    if (!left.ok()) {
        return fail(left.error());
    }
    if (left.value()) {
        publishStatus(nullptr);
        return m_clock.steady();
    }
    Result<Step> done = m_capture->step(*m_builder, StepBudget{}, std::move(stop));
    if (!done.ok()) {
        return fail(done.error());
    }
    Step step = done.value();
    {
        MutexLock lock(m_mutex);
        if (std::exchange(m_stateLost, false) && !step.discontinuity) {
            step.discontinuity = Discontinuity::StateLost;
        }
    }
    const Status published = publishWhenDue(step);
    if (!published.ok()) {
        return fail(published.error());
    }
    if (step.discontinuity) {
        beginGeneration(*step.discontinuity);
        publishStatus(&step);
        return m_clock.steady();
    }
    if (const Status kept = checkpointWhenDue(false); !kept.ok()) {
        return fail(kept.error());
    }
    Status trimmed = trim();
    if (trimmed.ok()) {
        trimmed = boundLog();
    }
    if (!trimmed.ok()) {
        return fail(trimmed.error());
    }
    endFailure();
    return afterStep(step);
}

Steady Controller::afterStep(const Step& step) {
    publishStatus(&step);
    Steady next = step.callAgain;
    if (const std::optional<Steady> openSince = m_builder->openSince()) {
        next = std::min(next, *openSince + kOpenMax);
    }
    return next;
}

Status Controller::publishWhenDue(const Step& step) {
    if (!m_builder->hasOpenCommits()) {
        return {};
    }
    bool now = step.discontinuity.has_value() || m_builder->full();
    {
        MutexLock lock(m_mutex);
        now = std::exchange(m_publishNow, false) || now;
    }
    if (!now && m_clock.steady() - *m_builder->openSince() < kOpenMax) {
        return {};
    }
    return m_builder->publish();
}

void Controller::applyEvents() {
    SourceEvents events;
    {
        MutexLock lock(m_mutex);
        events = std::exchange(m_events, SourceEvents{});
    }
    if (events.anything || events.shmTouched || events.lost) {
        m_capture->noteEvents(events);
    }
}

void Controller::noteEvents(const SourceEvents& events) {
    MutexLock lock(m_mutex);
    m_events.anything = m_events.anything || events.anything;
    m_events.shmTouched = m_events.shmTouched || events.shmTouched;
    m_events.lost = m_events.lost || events.lost;
}

void Controller::requestPublish() {
    MutexLock lock(m_mutex);
    m_publishNow = true;
}

void Controller::reportDamage(const ShadowSegment& segment, const std::string& problem) {
    MutexLock lock(m_mutex);
    if (!m_damaged) {
        m_damaged = segment;
        m_damage = problem;
    }
}

void Controller::reportBehind(TxId stored) {
    MutexLock lock(m_mutex);
    m_behind = std::max(stored, m_behind.value_or(TxId{}));
}

std::optional<Root> Controller::rootAt(GenerationId generation, TxId tx) const {
    const std::optional<RecordedGeneration> current = this->generation();
    if (current && current->id == generation && current->baselineTx == tx) {
        return current->baselineRoot;
    }
    if (tx == TxId{}) {
        return std::nullopt;
    }
    const std::vector<ShadowSegment> after = m_log->segmentsAfter(generation, TxId{tx.value - 1});
    if (after.empty() || after.front().parentTx >= tx) {
        const bool follows = !after.empty() && after.front().parentTx == tx;
        return follows ? std::optional<Root>(after.front().parentRoot) : std::nullopt;
    }
    const Result<ArtefactTable> table = m_log->table(after.front());
    if (table.ok()) {
        for (const CommitEntry& commit : table.value().commits) {
            if (commit.tx == tx) {
                return commit.root;
            }
        }
    }
    return std::nullopt;
}

void Controller::reportStateLost() {
    MutexLock lock(m_mutex);
    m_stateLost = true;
}

Status Controller::stop() {
    if (m_state == ControllerState::Stopped) {
        return {};
    }
    Status result;
    if (m_state == ControllerState::Recording) {
        result = m_builder->publish(true);
        if (result.ok()) {
            result = checkpointWhenDue(true);
        }
        if (!result.ok()) {
            log::pipeline().warn("stopped with a failure db={} error=\"{}\"",
                                 m_options.config.name,
                                 result.error().message);
        }
    }
    m_builder.reset();
    m_capture.reset();
    if (m_starting && m_handled) {
        m_quarantine.passed();  // this end is none of those that count
    }
    go(ControllerEvent::Stop);
    return result;
}

std::optional<RecordedGeneration> Controller::generation() const {
    MutexLock lock(m_mutex);
    return m_status.generation;
}

std::optional<PublishedPosition> Controller::published() const {
    MutexLock lock(m_mutex);
    if (!m_status.generation) {
        return std::nullopt;
    }
    return PublishedPosition{m_status.generation->id, m_status.publishedTx};
}

std::vector<ShadowSegment> Controller::pendingAfter(GenerationId generation,
                                                    TxId acknowledged) const {
    return m_log->segmentsAfter(generation, acknowledged);
}

std::vector<GenerationId> Controller::loggedGenerations() const {
    return m_log->generations();
}

bool Controller::withCapture(std::stop_token stop, const CaptureUse& use) {
    if (!m_turn.take(std::move(stop))) {
        return false;
    }
    const TurnHolder holder(m_turn);
    if (m_state != ControllerState::Recording) {
        return false;
    }
    use(*m_capture, *m_builder);
    return true;
}

void Controller::setReplicaProgress(std::size_t replica, const ReplicaProgress& progress) {
    MutexLock lock(m_mutex);
    ENSURE(replica < m_progress.size());
    m_progress[replica] = progress;
}

ControllerStatus Controller::status() const {
    MutexLock lock(m_mutex);
    ControllerStatus status = m_status;
    if (const std::optional<RecentShare::Share> share = m_share.share(m_clock.steady())) {
        status.aloneShare = share->alone;
        status.aloneShareAtMost = share->atMost;
    }
    return status;
}

void Controller::publishStatus(const Step* step) {
    ControllerStatus next;
    next.state = m_state;
    next.mode = m_capture->mode();
    next.counters = m_capture->counters();
    next.logBytes = m_log->fileBytes();
    next.lastCheckedAt = m_clock.now();
    next.loss = m_loss;
    if (m_state == ControllerState::Recording) {
        const PageMap& map = m_capture->map();
        next.generation = RecordedGeneration{
            m_generation, m_baselineTx, m_baselineRoot, map.seed(), map.pageSize()};
        next.tx = m_capture->position().tx;
        next.publishedTx = m_builder->publishedTx();
        next.pageCount = map.pageCount();
    }
    if (step != nullptr) {
        next.waiting = step->waiting;
        next.dirtySince = step->dirtySince;
    }
    const bool open = m_builder != nullptr && m_builder->hasOpenCommits();
    if (open && (!next.dirtySince || m_builder->oldestOpen() < *next.dirtySince)) {
        next.dirtySince = m_builder->oldestOpen();
    }
    if (m_failingSince && (!next.dirtySince || *m_failingSince < *next.dirtySince)) {
        next.dirtySince = m_failingSince;
    }
    next.settled = step != nullptr && m_state == ControllerState::Recording && step->commits == 0 &&
                   !open && !next.dirtySince && !step->waiting && !step->discontinuity;
    const bool proven = next.settled || (step != nullptr && step->commits > 0 && !step->waiting);
    const std::uint64_t alone = next.counters.commitsAlone - m_lastCounters.commitsAlone;
    const std::uint64_t merged = next.counters.commitsMerged - m_lastCounters.commitsMerged;
    const std::uint64_t uncounted =
        next.counters.catchUpsUncounted - m_lastCounters.catchUpsUncounted;
    m_lastCounters = next.counters;
    MutexLock lock(m_mutex);
    m_share.add(m_clock.steady(), alone, merged, uncounted);
    next.lastChangeAt = alone + merged > 0 ? next.lastCheckedAt : m_status.lastChangeAt;
    next.lastError = m_failingSince ? m_status.lastError : std::string();
    next.runs = m_status.runs;
    next.caughtUpOnce = m_status.caughtUpOnce || proven;
    m_status = next;
}

}  // namespace engine
