// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/sqlite_journal_reader.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "engine/base/ensure.h"
#include "engine/capture/mutation.h"
#include "engine/capture/sqlite_journal_scan.h"
#include "engine/capture/stamp_watch.h"

namespace engine {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kQuietMin{10};
constexpr milliseconds kPauseFirst{1};
constexpr milliseconds kPauseBusyMax{64};
constexpr milliseconds kPauseLockedMax{1000};
/// Each change of a file of some GiB would have it read as a whole: after a reading, most of the
/// time is left to the app and the disk, and what happens meanwhile merges.
constexpr int kRestShare = 4;
constexpr milliseconds kRestMin{20};
constexpr milliseconds kRestMax{300'000};
/// What passes within some milliseconds is not worth a word to the person; what lasts is.
constexpr milliseconds kPatience{500};
/// A lock without a journal that lasts so long is more than one commit.
constexpr milliseconds kExclusiveAfter{100};
constexpr std::uint32_t kCounterBackwards = 0x8000'0000;

}  // namespace

struct SqliteJournalReader::Memory {
    CaptureOptions options;
    std::unique_ptr<JournalScan> scan;
    std::optional<StampWatch> watch;  // of the scan
    Steady scanBegan;
    Steady restUntil;
    Root mapRoot;  // of the map that the scan compares with
    std::uint64_t bytesRead = 0;

    milliseconds pause = kPauseFirst;
    std::map<Waiting, Steady> troubleSince;  // since the last captured state
    std::optional<Steady> lockedSince;

    /// What was watched up to now, without a gap.
    struct Watched {
        /// The position that this reader itself has last seen to be the state of the file.
        std::optional<JournalPosition> own;
        /// Since then an app held the file for itself: it need not count commits.
        bool exclusiveSeen = false;
    };

    Watched watched;
    Watched before;  // the last capture, which may turn out not to be taken
};

/// One call of look().
class SqliteJournalReader::Look {
public:
    Look(Memory& memory,
         const JournalSource& source,
         const StepBudget& budget,
         std::stop_token stop)
        : m_memory(memory)
        , m_source(source)
        , m_clock(*memory.options.clock)
        , m_stop(std::move(stop))
        , m_deadline(m_clock.steady() + budget.timeMax) {}

    Result<JournalLook> run();

private:
    using MaybeLook = std::optional<JournalLook>;

    /// Gives a look where there is nothing to scan, or begins a scan.
    Result<MaybeLook> begin();
    Result<MaybeLook> unchanged(const FileFacts& facts, const JournalSight& sight);
    Result<bool> sameCounter();
    Result<JournalLook> goOn();
    /// Gives a look where the header alone decides.
    Result<MaybeLook> checkPlan();
    Result<JournalLook> finish();
    /// Nothing moved since the scan began.
    Result<bool> proved();
    JournalLook handOn(JournalPosition position);
    void nameTransactions(StateDifference& difference) const;

    JournalLook nothingNew(const JournalSight& sight, JournalPosition position);
    JournalLook notNow(Waiting waiting, milliseconds pauseMax);
    JournalLook waitForEvent(Waiting waiting);
    JournalLook blocked(const JournalSight& sight);
    JournalLook stopped(JournalScan::Progress progress);
    JournalLook lostScan();
    milliseconds costOfScan() const;
    void rest();

    std::function<bool()> timeLeft() const;
    void noteExclusive(const JournalSight& sight);
    void noteCaptured(const JournalSight& sight, const JournalPosition& position);
    JournalPosition positionOfScan() const;

    /// What the caller stands on, if anything.
    const JournalPosition* base() const {
        return m_source.map != nullptr ? m_source.position : nullptr;
    }

    Memory& m_memory;
    const JournalSource& m_source;
    const Clock& m_clock;
    std::stop_token m_stop;
    Steady m_deadline;
};

Result<JournalLook> SqliteJournalReader::Look::run() {
    const Root root = m_source.map != nullptr ? m_source.map->root() : Root{};
    if (m_memory.scan && m_memory.mapRoot != root) {
        m_memory.scan.reset();
    }
    if (!m_memory.scan) {
        m_memory.mapRoot = root;
        ENGINE_TRY_ASSIGN(MaybeLook done, begin());
        if (done) {
            return std::move(*done);
        }
    }
    return goOn();
}

Result<SqliteJournalReader::Look::MaybeLook> SqliteJournalReader::Look::begin() {
    // The watch begins before the file is looked at: what is written later moves its times.
    const StampWatch watch(m_clock, kQuietMin);
    ENGINE_TRY_ASSIGN(const FileFacts facts, m_source.database.facts());
    ENGINE_TRY_ASSIGN(const JournalSight sight,
                      lookAtJournal(m_source.folder, m_source.database, facts));
    noteExclusive(sight);
    if (base() != nullptr && base()->file.inode == facts.inode && base()->file.sameStamp(facts)) {
        ENGINE_TRY_ASSIGN(MaybeLook same, unchanged(facts, sight));
        if (same) {
            return same;
        }
    }
    if (!sight.readable()) {
        return MaybeLook(blocked(sight));
    }
    if (facts.size < kSqlitePageSizeMin) {
        return MaybeLook(waitForEvent(Waiting::NotADatabase));
    }
    const milliseconds quietIn =
        std::max(watch.untilQuiet(facts),
                 sight.hotJournal ? watch.untilQuiet(*sight.hotJournal) : milliseconds{0});
    if (quietIn.count() > 0) {
        JournalLook look = notNow(Waiting::TooBusy, kPauseBusyMax);
        look.callAgain = quietIn;
        return MaybeLook(std::move(look));
    }
    if (const Steady now = m_clock.steady(); now < m_memory.restUntil) {
        JournalLook look;
        look.dirty = true;
        look.callAgain = std::chrono::ceil<milliseconds>(m_memory.restUntil - now);
        return MaybeLook(std::move(look));
    }
    m_memory.scan = std::make_unique<JournalScan>(facts, sight, m_memory.bytesRead);
    m_memory.watch = watch;
    m_memory.scanBegan = m_clock.steady();
    return MaybeLook();
}

/// Size and times are those of the captured position.
Result<SqliteJournalReader::Look::MaybeLook> SqliteJournalReader::Look::unchanged(
    const FileFacts& facts, const JournalSight& sight) {
    const bool crashed = sight.row == JournalRow::Crashed;
    const std::optional<FileFacts>& rolledBack = base()->hotJournal;
    JournalPosition position = *base();
    position.file = facts;
    if (crashed && rolledBack) {
        const bool same = rolledBack->inode == sight.hotJournal->inode &&
                          rolledBack->sameStamp(*sight.hotJournal);
        return same ? MaybeLook(nothingNew(sight, std::move(position))) : MaybeLook();
    }
    if (crashed || (rolledBack && sight.readable())) {
        return MaybeLook();  // the file is the same, but it means something else now
    }
    ENGINE_TRY_ASSIGN(const bool counter, sameCounter());
    if (!counter && !rolledBack) {
        return MaybeLook();
    }
    if (sight.readable()) {
        return MaybeLook(nothingNew(sight, std::move(position)));
    }
    JournalLook look = blocked(sight);
    look.dirty = false;
    if (sight.row != JournalRow::NotAllowed && sight.row != JournalRow::Changing) {
        look.kind = JournalLook::Kind::NothingNew;
    }
    return MaybeLook(std::move(look));
}

Result<bool> SqliteJournalReader::Look::sameCounter() {
    std::array<std::byte, kSqliteHeaderBytes> front{};
    ENGINE_TRY_ASSIGN(const bool whole, readWhole(m_source.database, 0, front));
    const auto header = SqliteHeader::parse(front);
    return whole && header.ok() && header.value().changeCounter == base()->changeCounter;
}

Result<JournalLook> SqliteJournalReader::Look::goOn() {
    JournalScan& scan = *m_memory.scan;
    if (!mutated(mutation::kJournalTimesIgnored)) {
        ENGINE_TRY_ASSIGN(const FileFacts facts, m_source.database.facts());
        if (!facts.sameStamp(scan.stamp())) {
            return lostScan();
        }
    }
    if (!scan.prepared()) {
        ENGINE_TRY_ASSIGN(const JournalScan::Progress progress,
                          scan.prepare(m_source.folder, m_source.database, timeLeft()));
        if (progress != JournalScan::Progress::Done) {
            return stopped(progress);
        }
        ENGINE_TRY_ASSIGN(MaybeLook decided, checkPlan());
        if (decided) {
            m_memory.scan.reset();
            return std::move(*decided);
        }
    }
    const JournalScan::Options options{
        m_source.map, m_memory.options.seed, m_memory.options.spillFolder};
    ENGINE_TRY_ASSIGN(const JournalScan::Progress progress,
                      scan.run(m_source.database, options, timeLeft()));
    if (progress != JournalScan::Progress::Done) {
        return stopped(progress);
    }
    return finish();
}

Result<SqliteJournalReader::Look::MaybeLook> SqliteJournalReader::Look::checkPlan() {
    const ScanPlan& plan = m_memory.scan->plan();
    JournalLook look;
    look.dirty = true;
    if (plan.header.usesWal()) {
        look.kind = JournalLook::Kind::OtherMode;
    } else if (m_source.map != nullptr && plan.header.pageSize != m_source.map->pageSize()) {
        look.kind = JournalLook::Kind::Discontinuity;
        look.discontinuity = Discontinuity::PageSizeChanged;
    } else if (base() != nullptr &&
               plan.header.changeCounter - base()->changeCounter >= kCounterBackwards) {
        look.kind = JournalLook::Kind::Discontinuity;
        look.discontinuity = Discontinuity::WentBack;
    } else {
        return MaybeLook();
    }
    ENGINE_TRY_ASSIGN(const bool sure, proved());
    return MaybeLook(sure ? std::move(look) : lostScan());
}

Result<bool> SqliteJournalReader::Look::proved() {
    const JournalScan& scan = *m_memory.scan;
    ENGINE_TRY_ASSIGN(const FileFacts facts, m_source.database.facts());
    if (!mutated(mutation::kJournalTimesIgnored) &&
        (!facts.sameStamp(scan.stamp()) || !m_memory.watch->wouldShow(facts))) {
        return false;
    }
    const auto there = m_source.folder.factsAt(SourceRole::Database);
    if (!there.ok() || !there.value().sameFile(facts)) {
        return false;
    }
    if (!scan.sight().hotJournal) {
        return true;
    }
    const FileFacts& journal = *scan.sight().hotJournal;
    ENGINE_TRY_ASSIGN(const JournalSight again,
                      lookAtJournal(m_source.folder, m_source.database, facts));
    return again.row == JournalRow::Crashed && again.hotJournal->sameFile(journal) &&
           again.hotJournal->sameStamp(journal) && m_memory.watch->wouldShow(journal);
}

Result<JournalLook> SqliteJournalReader::Look::finish() {
    ENGINE_TRY_ASSIGN(const bool sure, proved());
    if (!sure) {
        return lostScan();
    }
    rest();
    JournalScan& scan = *m_memory.scan;
    JournalPosition position = positionOfScan();
    const bool same = m_source.map != nullptr && scan.pages().count() == 0 &&
                      scan.plan().pageCount == m_source.map->pageCount();
    JournalLook look =
        same ? nothingNew(scan.sight(), std::move(position)) : handOn(std::move(position));
    m_memory.scan.reset();
    return look;
}

JournalPosition SqliteJournalReader::Look::positionOfScan() const {
    const JournalScan& scan = *m_memory.scan;
    JournalPosition position;
    position.changeCounter = scan.plan().header.changeCounter;
    position.file = scan.stamp();
    position.hotJournal = scan.sight().hotJournal;
    return position;
}

JournalLook SqliteJournalReader::Look::handOn(JournalPosition position) {
    JournalScan& scan = *m_memory.scan;
    auto difference = std::make_unique<StateDifference>(StateDifference{scan.plan().header.pageSize,
                                                                        scan.plan().pageCount,
                                                                        true,
                                                                        std::nullopt,
                                                                        m_clock.now(),
                                                                        position,
                                                                        std::move(scan.pages()),
                                                                        std::move(scan.fresh())});
    nameTransactions(*difference);
    noteCaptured(scan.sight(), position);
    JournalLook look;
    look.kind = JournalLook::Kind::Difference;
    look.callAgain = milliseconds{0};
    look.difference = std::move(difference);
    return look;
}

/// The change counter moves by one with each transaction, unless an app keeps the file locked: that
/// one counts only its first. So it tells something only about a time that was watched, without
/// such an app and without a crash.
void SqliteJournalReader::Look::nameTransactions(StateDifference& difference) const {
    const JournalSight& sight = m_memory.scan->sight();
    const bool watched =
        base() != nullptr && m_memory.watched.own && m_memory.watched.own->sameState(*base());
    if (!watched || m_memory.watched.exclusiveSeen || sight.exclusiveApp() || sight.hotJournal) {
        return;
    }
    const std::uint32_t counted = difference.position.changeCounter - base()->changeCounter;
    if (counted == 1) {
        difference.catchUp = false;
    } else if (counted > 1) {
        difference.merged = counted;
    }
}

void SqliteJournalReader::Look::noteExclusive(const JournalSight& sight) {
    if (sight.row == JournalRow::Committing) {
        return;  // a commit of either kind of app
    }
    if (!sight.exclusiveApp()) {
        m_memory.lockedSince.reset();
        return;
    }
    const Steady now = m_clock.steady();
    if (!m_memory.lockedSince) {
        m_memory.lockedSince = now;
    }
    if (now - *m_memory.lockedSince >= kExclusiveAfter) {
        m_memory.watched.exclusiveSeen = true;
    }
}

void SqliteJournalReader::Look::noteCaptured(const JournalSight& sight,
                                             const JournalPosition& position) {
    m_memory.before = m_memory.watched;
    m_memory.watched.own = position;
    m_memory.watched.exclusiveSeen = sight.exclusiveApp();
    m_memory.pause = kPauseFirst;
    m_memory.troubleSince.clear();
}

JournalLook SqliteJournalReader::Look::nothingNew(const JournalSight& sight,
                                                  JournalPosition position) {
    noteCaptured(sight, position);
    JournalLook look;
    look.kind = JournalLook::Kind::NothingNew;
    look.position = std::move(position);
    return look;
}

JournalLook SqliteJournalReader::Look::notNow(Waiting waiting, milliseconds pauseMax) {
    const Steady now = m_clock.steady();
    const Steady since = m_memory.troubleSince.try_emplace(waiting, now).first->second;
    JournalLook look;
    look.dirty = true;
    look.callAgain = std::min(m_memory.pause, pauseMax);
    m_memory.pause = std::min(m_memory.pause * 2, kPauseLockedMax);
    if (now - since >= kPatience) {
        look.waiting = waiting;
    }
    return look;
}

JournalLook SqliteJournalReader::Look::waitForEvent(Waiting waiting) {
    JournalLook look;
    look.dirty = true;
    look.waiting = waiting;
    return look;
}

JournalLook SqliteJournalReader::Look::blocked(const JournalSight& sight) {
    switch (sight.row) {
        case JournalRow::Committing:
            return notNow(Waiting::AppHoldsLock, kPauseBusyMax);
        case JournalRow::ExclusiveWithoutJournal:
            return notNow(Waiting::AppHoldsLock, kPauseLockedMax);
        case JournalRow::NotAllowed:
            return waitForEvent(Waiting::NoPermission);
        case JournalRow::Changing:
        case JournalRow::Committed:
        case JournalRow::WriterFillsJournal:
        case JournalRow::Crashed:
        case JournalRow::ExclusiveAtRest:
            break;
    }
    return notNow(Waiting::TooBusy, kPauseBusyMax);
}

JournalLook SqliteJournalReader::Look::stopped(JournalScan::Progress progress) {
    switch (progress) {
        case JournalScan::Progress::Paused: {
            JournalLook look;
            look.kind = JournalLook::Kind::MoreToRead;
            look.callAgain = milliseconds{0};
            look.dirty = true;
            return look;
        }
        case JournalScan::Progress::Short:
            m_memory.scan.reset();
            return waitForEvent(Waiting::NotADatabase);
        case JournalScan::Progress::HotJournal:
            m_memory.scan.reset();
            return waitForEvent(Waiting::HotJournal);
        case JournalScan::Progress::Changed:
        case JournalScan::Progress::Done:
            break;
    }
    return lostScan();
}

/// Somebody wrote while we read. The next try waits as long as this one cost, so that a file that
/// is too busy for us does not take all of a worker's time.
JournalLook SqliteJournalReader::Look::lostScan() {
    const milliseconds cost = costOfScan();
    m_memory.scan.reset();
    JournalLook look = notNow(Waiting::TooBusy, kPauseBusyMax);
    look.callAgain = std::clamp(cost, *look.callAgain, kPauseLockedMax);
    return look;
}

milliseconds SqliteJournalReader::Look::costOfScan() const {
    return std::chrono::duration_cast<milliseconds>(m_clock.steady() - m_memory.scanBegan);
}

void SqliteJournalReader::Look::rest() {
    const milliseconds rest = std::min(costOfScan() * kRestShare, kRestMax);
    if (rest >= kRestMin) {
        m_memory.restUntil = m_clock.steady() + rest;
    }
}

std::function<bool()> SqliteJournalReader::Look::timeLeft() const {
    return [this] { return !m_stop.stop_requested() && m_clock.steady() < m_deadline; };
}

SqliteJournalReader::SqliteJournalReader(const CaptureOptions& options)
    : m_memory(std::make_unique<Memory>()) {
    ENSURE(options.clock != nullptr);
    m_memory->options = options;
}

SqliteJournalReader::~SqliteJournalReader() = default;

Result<JournalLook> SqliteJournalReader::look(const JournalSource& source,
                                              const StepBudget& budget,
                                              std::stop_token stop) {
    const std::uint64_t before = m_memory->bytesRead;
    ENGINE_TRY_ASSIGN(JournalLook look, Look(*m_memory, source, budget, std::move(stop)).run());
    look.bytesRead = m_memory->bytesRead - before;
    return look;
}

void SqliteJournalReader::notTaken() {
    m_memory->watched = m_memory->before;
    m_memory->scan.reset();
}

}  // namespace engine
