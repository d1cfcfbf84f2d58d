// SPDX-License-Identifier: Apache-2.0
// The state table of ux.md 4.2: every state by its cause, and the worst one wins.
#include <functional>

#include <QtTest>

#include "engine/api/status_builder.h"

using namespace engine;

namespace {

constexpr Time kNow{1'800'000'000'000};
constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kHour = 3600 * kSecond;
const GenerationId kGeneration{7};

/// Everything is recorded and stored, until a case says otherwise.
struct Facts {
    DatabaseConfig database;
    ReplicaConfig replica;
    ControllerStatus controller;
    ReplicaFacts facts;
    bool paused = false;

    Facts() {
        database.name = "notes";
        replica.name = "disk";
        replica.options = FileReplicaOptions{"/b"};
        replica.syncInterval = kSecond;
        controller.generation = RecordedGeneration{kGeneration, TxId{1}, Root{}, 1, 4096};
        controller.tx = TxId{9};
        controller.caughtUpOnce = true;
        facts.lanes.state.snapshots[kGeneration] = TxId{1};
        facts.lanes.state.segmentsTx = TxId{9};
    }

    Facts(const Facts&) = delete;
    Facts& operator=(const Facts&) = delete;

    ReplicaStatus build() {
        facts.config = &replica;
        return buildReplicaStatus(
            database, controller, facts, {kNow, std::chrono::steady_clock::now(), paused});
    }

    void behind(std::int64_t ms) { facts.oldestPending = kNow.plus(-ms); }

    void fails(ErrorCode code, std::uint64_t times, bool stopped = false) {
        facts.lanes.state.segments = {"refused", code, kNow, {}, stopped, times};
    }
};

struct Case {
    const char* name;
    ProtectionState expected;
    std::function<void(Facts&)> cause;
};

using State = ProtectionState;

std::vector<Case> cases() {
    return {
        {"nothing is pending", State::Protected, [](Facts&) {}},
        {"started, not looked at yet",
         State::CatchingUp,
         [](Facts& f) { f.controller.caughtUpOnce = false; }},
        {"started, far behind",
         State::FallingBehind,
         [](Facts& f) {
             f.controller.caughtUpOnce = false;
             f.behind(f.database.dataLossWindowThreshold);
         }},
        {"younger than two intervals",
         State::Protected,
         [](Facts& f) { f.behind(2 * kSecond - 1); }},
        {"two intervals old", State::CatchingUp, [](Facts& f) { f.behind(2 * kSecond); }},
        {"detected, not captured yet",
         State::CatchingUp,
         [](Facts& f) { f.controller.dirtySince = kNow.plus(-10 * kSecond); }},
        {"just below the threshold",
         State::CatchingUp,
         [](Facts& f) { f.behind(f.database.dataLossWindowThreshold - 1); }},
        {"at the threshold",
         State::FallingBehind,
         [](Facts& f) { f.behind(f.database.dataLossWindowThreshold); }},
        {"far behind, threshold switched off",
         State::CatchingUp,
         [](Facts& f) {
             f.database.dataLossWindowThreshold = 0;
             f.behind(kHour);
         }},
        {"clock set back", State::Protected, [](Facts& f) { f.behind(-kHour); }},
        {"the app holds the lock",
         State::Waiting,
         [](Facts& f) { f.controller.waiting = Waiting::AppHoldsLock; }},
        {"too busy", State::Waiting, [](Facts& f) { f.controller.waiting = Waiting::TooBusy; }},
        {"stored before, being opened again",
         State::CatchingUp,
         [](Facts& f) { f.controller.generation.reset(); }},
        {"nothing stored, being opened",
         State::NotProtected,
         [](Facts& f) {
             f.controller.generation.reset();
             f.facts.lanes.state.snapshots.clear();
         }},
        {"the drive is away",
         State::Waiting,
         [](Facts& f) { f.facts.lanes.linkError = "not mounted"; }},
        {"no answer, four times",
         State::Waiting,
         [](Facts& f) { f.fails(ErrorCode::Unavailable, 4); }},
        {"slow answer", State::Waiting, [](Facts& f) { f.fails(ErrorCode::Timeout, 1); }},
        {"paused", State::Paused, [](Facts& f) { f.paused = true; }},
        {"paused with the drive away",
         State::Paused,
         [](Facts& f) {
             f.paused = true;
             f.facts.lanes.linkError = "not mounted";
         }},
        {"the source is gone",
         State::NeedsAttention,
         [](Facts& f) { f.controller.waiting = Waiting::Gone; }},
        {"the source may not be read",
         State::NeedsAttention,
         [](Facts& f) { f.controller.waiting = Waiting::NoPermission; }},
        {"the source is no database any more",
         State::NeedsAttention,
         [](Facts& f) { f.controller.waiting = Waiting::NotADatabase; }},
        {"a fault of ours",
         State::NeedsAttention,
         [](Facts& f) { f.controller.lastError = "the local disk is full"; }},
        {"no answer, five times",
         State::NeedsAttention,
         [](Facts& f) { f.fails(ErrorCode::Unavailable, 5); }},
        {"no permission there",
         State::NeedsAttention,
         [](Facts& f) { f.fails(ErrorCode::PermissionDenied, 1); }},
        {"no space there", State::NeedsAttention, [](Facts& f) { f.fails(ErrorCode::NoSpace, 1); }},
        {"stopped for good",
         State::NeedsAttention,
         [](Facts& f) { f.fails(ErrorCode::Unavailable, 1, true); }},
        {"paused, but the source is gone",
         State::NeedsAttention,
         [](Facts& f) {
             f.paused = true;
             f.controller.waiting = Waiting::Gone;
         }},
        {"the drive is away for longer than a day",
         State::NeedsAttention,
         [](Facts& f) {
             f.facts.lanes.linkError = "not mounted";
             f.behind(25 * kHour);
         }},
        {"the app holds the lock for longer than a day",
         State::NeedsAttention,
         [](Facts& f) {
             f.controller.waiting = Waiting::AppHoldsLock;
             f.behind(25 * kHour);
         }},
        {"the snapshot fails while the changes go",
         State::NeedsAttention,
         [](Facts& f) {
             f.facts.lanes.state.snapshot = {"full", ErrorCode::NoSpace, kNow, {}, false, 1};
         }},
        {"no snapshot is stored",
         State::NotProtected,
         [](Facts& f) { f.facts.lanes.state.snapshots.clear(); }},
        {"a snapshot of an earlier generation only",
         State::NotProtected,
         [](Facts& f) {
             f.facts.lanes.state.snapshots = {{GenerationId{6}, TxId{1}}};
         }},
        {"nothing stored and the drive away",
         State::NotProtected,
         [](Facts& f) {
             f.facts.lanes.state.snapshots.clear();
             f.facts.lanes.linkError = "not mounted";
         }},
        {"nothing stored and paused",
         State::NotProtected,
         [](Facts& f) {
             f.facts.lanes.state.snapshots.clear();
             f.paused = true;
         }},
    };
}

ReplicaStatus replicaIn(State state, std::uint64_t storedTx, std::optional<std::int64_t> lagMs) {
    ReplicaStatus replica;
    replica.state = state;
    replica.storedTxId = TxId{storedTx};
    replica.lagMs = lagMs;
    return replica;
}

}  // namespace

class TestStatusBuilder final : public QObject {
    Q_OBJECT

private slots:
    void replica_everyCause_hasItsState_data();
    void replica_everyCause_hasItsState();
    void replica_lag_isTheOldestOfPendingAndDetected();
    void replica_nothingStored_hasNoLag();
    void replica_linkError_isToldBeforeTheLanes();
    void database_replicas_theWorstWins();
    void database_withoutReplicas_isNotProtected();
};

void TestStatusBuilder::replica_everyCause_hasItsState_data() {
    QTest::addColumn<int>("index");
    const std::vector<Case> all = cases();
    for (std::size_t i = 0; i < all.size(); ++i) {
        QTest::newRow(all[i].name) << static_cast<int>(i);
    }
}

void TestStatusBuilder::replica_everyCause_hasItsState() {
    QFETCH(int, index);
    const Case one = cases()[static_cast<std::size_t>(index)];
    Facts facts;
    one.cause(facts);
    QCOMPARE(QString::fromUtf8(toText(facts.build().state).data()),
             QString::fromUtf8(toText(one.expected).data()));
}

void TestStatusBuilder::replica_lag_isTheOldestOfPendingAndDetected() {
    Facts facts;
    facts.behind(3000);
    facts.controller.dirtySince = kNow.plus(-5000);
    QCOMPARE(*facts.build().lagMs, std::int64_t{5000});
    facts.behind(8000);
    QCOMPARE(*facts.build().lagMs, std::int64_t{8000});
    facts.facts.oldestPending.reset();
    facts.controller.dirtySince.reset();
    QCOMPARE(*facts.build().lagMs, std::int64_t{0});
}

void TestStatusBuilder::replica_nothingStored_hasNoLag() {
    Facts facts;
    facts.behind(3000);
    facts.facts.lanes.state.snapshots.clear();
    const ReplicaStatus status = facts.build();
    QVERIFY(!status.lagMs);
    QVERIFY(!status.restorable);
    QCOMPARE(status.storedTxId.value, std::uint64_t{0});
}

void TestStatusBuilder::replica_linkError_isToldBeforeTheLanes() {
    Facts facts;
    facts.fails(ErrorCode::Timeout, 1);
    QCOMPARE(facts.build().lastError, std::string("refused"));
    facts.facts.lanes.linkError = "not mounted";
    facts.facts.lanes.linkRetryAt = std::chrono::steady_clock::now() + std::chrono::hours(1);
    const ReplicaStatus status = facts.build();
    QCOMPARE(status.lastError, std::string("not mounted"));
    QVERIFY(status.retryAt > kNow);
}

void TestStatusBuilder::database_replicas_theWorstWins() {
    Facts facts;
    DatabaseStatus status;
    status.replicas = {replicaIn(State::Protected, 9, 0),
                       replicaIn(State::FallingBehind, 4, 7000),
                       replicaIn(State::CatchingUp, 6, 3000)};
    finishDatabaseStatus(status, facts.database, facts.controller);
    QVERIFY(status.state == State::FallingBehind);
    QCOMPARE(status.storedTxId.value, std::uint64_t{4});
    QCOMPARE(*status.lagMs, std::int64_t{7000});

    status.replicas.push_back(replicaIn(State::NotProtected, 0, std::nullopt));
    status.replicas.push_back(replicaIn(State::Protected, 9, 0));
    finishDatabaseStatus(status, facts.database, facts.controller);
    QVERIFY(status.state == State::NotProtected);
    QVERIFY(!status.lagMs);
    QCOMPARE(status.storedTxId.value, std::uint64_t{0});
}

void TestStatusBuilder::database_withoutReplicas_isNotProtected() {
    Facts facts;
    DatabaseStatus status;
    finishDatabaseStatus(status, facts.database, facts.controller);
    QVERIFY(status.state == State::NotProtected);
    QVERIFY(!status.lagMs);
    QCOMPARE(status.storedTxId.value, std::uint64_t{0});
    QCOMPARE(status.txId.value, std::uint64_t{9});
}

QTEST_GUILESS_MAIN(TestStatusBuilder)
#include "tst_status_builder.moc"
