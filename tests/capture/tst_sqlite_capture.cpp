// SPDX-License-Identifier: Apache-2.0
// Capture of WAL databases beside real apps: commits, resets, closing and crashing apps.
#include <QTest>

#include "tests/capture/database_folder.h"

using namespace engine;

class TestSqliteCapture : public QObject {
    Q_OBJECT

private slots:
    void init();
    void commits_eachPageSize_areCapturedAlone_data();
    void commits_eachPageSize_areCapturedAlone();
    void commits_reservedBytes_areOpaque();
    void burst_isCapturedCommitByCommit();
    void openTransaction_isNotCaptured();
    void checkpoints_ofEachKind_loseNoState_data();
    void checkpoints_ofEachKind_loseNoState();
    void reset_countedCommits_isBridged();
    void reset_withTail_isBridged();
    void reset_slowWriter_isBridgedByOlderFrame();
    void vacuum_isOneCommit();
    void autoVacuum_shrinksTheImage();
    void largeTransaction_isStreamed();
    void lastClose_isDrained();
    void lastClose_nothingWritten_needsNoSweep();
    void openedAgain_firstCommit_isAlone();
    void crash_recovery_goesOn();
    void crash_thenChain_goesOn();
    void exclusiveApp_isFollowedByChain();
    void exclusiveApp_reset_isBridgedOrSwept();
    void catchUp_transactionsWithin_areCounted_data();
    void catchUp_transactionsWithin_areCounted();
    void catchUp_withoutIndex_saysAtLeast();
    void catchUp_journal_hasItsCounter();

private:
    QString path() const { return m_folder->path(); }

    Buffer imageOf(WriterProcess& eye) const { return m_folder->imageOf(eye); }

    std::unique_ptr<DatabaseFolder> m_folder;
};

void TestSqliteCapture::init() {
    m_folder = std::make_unique<DatabaseFolder>();
    QVERIFY(m_folder->isValid());
}

void TestSqliteCapture::commits_eachPageSize_areCapturedAlone_data() {
    QTest::addColumn<int>("pageSize");
    for (int size = 512; size <= 65536; size *= 2) {
        QTest::addRow("%d", size) << size;
    }
}

void TestSqliteCapture::commits_eachPageSize_areCapturedAlone() {
    QFETCH(const int, pageSize);
    WriterProcess app(path());
    createTable(app, "page_size=" + QByteArray::number(pageSize));
    WriterProcess eye(path());
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    QCOMPARE(follower.capture->mode(), CaptureMode::WalShared);
    QCOMPARE(follower.capture->map().pageSize(), static_cast<std::uint32_t>(pageSize));
    QCOMPARE(follower.sink->image(), imageOf(eye));
    for (int i = 0; i < 12; ++i) {
        app.ok(insertRow(i * 700));
        follower.follow();
        QCOMPARE(follower.sink->taken.size(), static_cast<std::size_t>(i + 1));
        QVERIFY(!follower.sink->taken.back().commit.catchUp);
        QCOMPARE(follower.sink->image(), imageOf(eye));
        QVERIFY(!follower.lastStep.dirtySince);
    }
    QCOMPARE(follower.sink->complaint, std::string());
    QCOMPARE(follower.capture->position().tx, (TxId{41 + 12}));
}

void TestSqliteCapture::commits_reservedBytes_areOpaque() {
    WriterProcess app(path());
    app.ok(".reserve 32");
    createTable(app, "page_size=1024");
    WriterProcess eye(path());
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    QCOMPARE(contentOf(path()).at(20), std::byte{32});
    app.ok(insertRow(5000));
    follower.follow();
    QCOMPARE(follower.sink->taken.size(), std::size_t{1});
    QCOMPARE(follower.sink->image(), imageOf(eye));
}

void TestSqliteCapture::burst_isCapturedCommitByCommit() {
    WriterProcess app(path());
    createTable(app);
    WriterProcess eye(path());
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    std::vector<Hash128> states;
    for (int i = 0; i < 40; ++i) {
        app.ok(insertRow(100 + i * 10));
        states.push_back(xxh3_128(imageOf(eye)));
    }
    follower.follow();
    QCOMPARE(follower.sink->taken.size(), states.size());
    for (std::size_t i = 0; i < states.size(); ++i) {
        QVERIFY(!follower.sink->taken[i].commit.catchUp);
        QCOMPARE(follower.sink->taken[i].image.text(), states[i].text());
    }
    QCOMPARE(follower.capture->counters().commitsAlone, std::uint64_t{40});
    QCOMPARE(follower.sink->complaint, std::string());
}

void TestSqliteCapture::openTransaction_isNotCaptured() {
    WriterProcess app(path());
    createTable(app, "cache_size=5");
    WriterProcess eye(path());
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    app.ok("begin");
    for (int i = 0; i < 30; ++i) {
        app.ok(insertRow(4000));  // spills into the WAL
    }
    follower.stepOnce();
    QCOMPARE(follower.sink->taken.size(), std::size_t{0});
    QVERIFY(!follower.farAway());  // the write lock is held: not settled
    app.ok("rollback");
    follower.follow();
    QCOMPARE(follower.sink->taken.size(), std::size_t{0});
    app.ok(insertRow());
    follower.follow();
    QCOMPARE(follower.sink->taken.size(), std::size_t{1});
    QCOMPARE(follower.sink->image(), imageOf(eye));
}

void TestSqliteCapture::checkpoints_ofEachKind_loseNoState_data() {
    QTest::addColumn<QByteArray>("kind");
    for (const char* kind : {"PASSIVE", "FULL", "RESTART", "TRUNCATE"}) {
        QTest::newRow(kind) << QByteArray(kind);
    }
}

void TestSqliteCapture::checkpoints_ofEachKind_loseNoState() {
    QFETCH(const QByteArray, kind);
    WriterProcess app(path());
    createTable(app);
    WriterProcess eye(path());
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    for (int round = 0; round < 6; ++round) {
        app.ok(insertRow(3000));
        if (round % 2 == 0) {
            follower.follow();
        }
        app.ok("pragma wal_checkpoint(" + kind + ")");
        if (round % 3 == 0) {
            follower.follow();
        }
        app.ok(insertRow(10));
        follower.follow();
        QCOMPARE(follower.sink->image(), imageOf(eye));
        QVERIFY(!follower.lastStep.dirtySince);
    }
    QCOMPARE(follower.sink->complaint, std::string());
}

void TestSqliteCapture::reset_countedCommits_isBridged() {
    WriterProcess app(path());
    createTable(app);
    WriterProcess eye(path());
    CaptureFollower follower(path());
    for (int i = 0; i < 150; ++i) {
        app.ok(insertRow());  // the counter must be ahead of the time that passed
    }
    follower.clock.freeze();
    QVERIFY(follower.baseline());
    app.ok(insertRow());
    follower.follow();
    app.ok("pragma wal_checkpoint(RESTART)");
    app.ok(insertRow(9000));
    app.ok(insertRow(200));
    follower.follow();
    QCOMPARE(follower.capture->counters().resetsBridged, std::uint64_t{1});
    QCOMPARE(follower.capture->counters().catchUps, std::uint64_t{0});
    QCOMPARE(follower.capture->counters().commitsAlone, std::uint64_t{3});
    QCOMPARE(follower.sink->image(), imageOf(eye));
}

void TestSqliteCapture::reset_withTail_isBridged() {
    WriterProcess app(path());
    createTable(app);
    WriterProcess eye(path());
    CaptureFollower follower(path());
    for (int i = 0; i < 150; ++i) {
        app.ok(insertRow());
    }
    follower.clock.freeze();
    QVERIFY(follower.baseline());
    app.ok(insertRow(300));  // these two are the tail: the reset comes before we look
    app.ok(insertRow(300));
    app.ok("pragma wal_checkpoint(RESTART)");
    app.ok(insertRow(10));
    follower.follow();
    QCOMPARE(follower.capture->counters().resetsBridged, std::uint64_t{1});
    QCOMPARE(follower.capture->counters().commitsAlone, std::uint64_t{3});
    QCOMPARE(follower.sink->image(), imageOf(eye));
}

void TestSqliteCapture::reset_slowWriter_isBridgedByOlderFrame() {
    WriterProcess app(path());
    createTable(app);
    WriterProcess eye(path());
    app.ok(insertRow(190000));  // the first generation is the longest
    app.ok("pragma wal_checkpoint(RESTART)");
    app.ok(insertRow(90000));
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    const std::uint64_t sweeps = follower.capture->counters().sweeps;
    for (int round = 0; round < 3; ++round) {
        app.ok("pragma wal_checkpoint(RESTART)");
        app.ok(insertRow());
        follower.follow();
        QCOMPARE(follower.sink->image(), imageOf(eye));
        app.ok(insertRow(50000));
        follower.follow();
    }
    QCOMPARE(follower.capture->counters().sweeps, sweeps);
    QCOMPARE(follower.capture->counters().resetsBridged, std::uint64_t{3});
}

void TestSqliteCapture::vacuum_isOneCommit() {
    WriterProcess app(path());
    createTable(app);
    WriterProcess eye(path());
    for (int i = 0; i < 60; ++i) {
        app.ok(insertRow(4000));
    }
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    const std::uint64_t before = follower.capture->map().pageCount();
    app.ok("delete from t where id % 3");
    app.ok("vacuum");
    follower.follow();
    QCOMPARE(follower.sink->taken.size(), std::size_t{2});
    QVERIFY(follower.capture->map().pageCount() < before / 2);
    QCOMPARE(follower.sink->image(), imageOf(eye));
    QCOMPARE(follower.sink->complaint, std::string());
}

void TestSqliteCapture::autoVacuum_shrinksTheImage() {
    WriterProcess app(path());
    createTable(app, "auto_vacuum=full");
    WriterProcess eye(path());
    for (int i = 0; i < 40; ++i) {
        app.ok(insertRow(6000));
    }
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    app.ok("delete from t where id > 10");
    app.ok(insertRow(20000));
    follower.follow();
    QCOMPARE(follower.sink->taken.size(), std::size_t{2});
    QCOMPARE(follower.sink->image(), imageOf(eye));
    QCOMPARE(follower.sink->complaint, std::string());
}

void TestSqliteCapture::largeTransaction_isStreamed() {
    WriterProcess app(path());
    createTable(app, "wal_autocheckpoint=0");
    WriterProcess eye(path());
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    app.ok("begin");
    for (int i = 0; i < 30; ++i) {
        app.ok(insertRow(1'000'000));
    }
    app.ok("commit");
    app.ok(insertRow());
    follower.follow();
    QCOMPARE(follower.sink->taken.size(), std::size_t{2});
    QVERIFY(follower.sink->taken.front().frames > 7000);
    QCOMPARE(follower.sink->image(), imageOf(eye));
    QCOMPARE(follower.sink->complaint, std::string());
}

void TestSqliteCapture::lastClose_isDrained() {
    auto app = std::make_unique<WriterProcess>(path());
    createTable(*app);
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    for (int i = 0; i < 5; ++i) {
        app->ok(insertRow(2000));
    }
    app.reset();
    QVERIFY(!QFile::exists(path() + QStringLiteral("-wal")));
    follower.follow();
    QCOMPARE(follower.capture->counters().commitsAlone, std::uint64_t{5});
    QCOMPARE(follower.capture->counters().catchUps, std::uint64_t{0});
    QCOMPARE(follower.sink->image(), contentOf(path()));
    QCOMPARE(follower.capture->mode(), CaptureMode::WalAtRest);
    QVERIFY(!follower.lastStep.dirtySince);
}

void TestSqliteCapture::lastClose_nothingWritten_needsNoSweep() {
    {
        WriterProcess app(path());
        createTable(app);
    }
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    const std::uint64_t sweeps = follower.capture->counters().sweeps;
    for (int i = 0; i < 2; ++i) {
        WriterProcess app(path());
        app.ok("select count(*) from t");
        follower.follow();
        QCOMPARE(follower.capture->mode(), CaptureMode::WalShared);
        app.ok(".close");
        follower.follow();
        QCOMPARE(follower.capture->mode(), CaptureMode::WalAtRest);
    }
    QCOMPARE(follower.capture->counters().sweeps, sweeps);
    QCOMPARE(follower.sink->taken.size(), std::size_t{0});
}

void TestSqliteCapture::openedAgain_firstCommit_isAlone() {
    {
        WriterProcess app(path());
        createTable(app);
    }
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    WriterProcess app(path());
    app.ok("pragma synchronous=off");
    app.ok(insertRow());
    app.ok(insertRow(9000));
    follower.follow();
    QCOMPARE(follower.capture->counters().commitsAlone, std::uint64_t{2});
    QCOMPARE(follower.capture->counters().catchUps, std::uint64_t{0});
    QCOMPARE(follower.sink->image(), imageOf(app));
}

void TestSqliteCapture::crash_recovery_goesOn() {
    auto app = std::make_unique<WriterProcess>(path());
    createTable(*app);
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    app->ok(insertRow(3000));
    app->ok("pragma cache_size=5");
    app->ok("begin");
    for (int i = 0; i < 20; ++i) {
        app->ok(insertRow(4000));
    }
    app->crash();  // with uncommitted frames behind
    WriterProcess next(path());
    next.ok("pragma synchronous=off");
    next.ok(insertRow(10));
    follower.follow();
    QCOMPARE(follower.sink->image(), imageOf(next));
    QCOMPARE(follower.capture->counters().commitsAlone, std::uint64_t{2});
    QCOMPARE(follower.sink->complaint, std::string());
}

void TestSqliteCapture::crash_thenChain_goesOn() {
    WriterProcess app(path());
    createTable(app);
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    app.ok(insertRow(3000));
    app.ok(insertRow(30));
    const Buffer truth = imageOf(app);
    app.crash();
    follower.follow();
    QCOMPARE(follower.capture->mode(), CaptureMode::WalChain);
    QCOMPARE(follower.capture->counters().commitsAlone, std::uint64_t{2});
    QCOMPARE(follower.sink->image(), truth);
    QVERIFY(!follower.lastStep.dirtySince);
}

void TestSqliteCapture::exclusiveApp_isFollowedByChain() {
    WriterProcess app(path());
    createTable(app, "locking_mode=exclusive");
    QVERIFY(!QFile::exists(path() + QStringLiteral("-shm")));
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    QCOMPARE(follower.capture->mode(), CaptureMode::WalChain);
    for (int i = 0; i < 8; ++i) {
        app.ok(insertRow(i * 900));
        follower.follow();
        QCOMPARE(follower.sink->taken.size(), static_cast<std::size_t>(i + 1));
    }
    app.ok(".close");
    follower.follow();
    QCOMPARE(follower.sink->image(), contentOf(path()));
    QCOMPARE(follower.capture->counters().commitsAlone, std::uint64_t{8});
}

void TestSqliteCapture::exclusiveApp_reset_isBridgedOrSwept() {
    WriterProcess app(path());
    createTable(app, "locking_mode=exclusive");
    app.ok(insertRow(200000));
    app.ok("pragma wal_checkpoint(RESTART)");
    app.ok(insertRow(100000));
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    app.ok(insertRow(50));  // the tail
    app.ok("pragma wal_checkpoint(RESTART)");
    app.ok(insertRow(60));
    follower.follow();
    QCOMPARE(follower.capture->counters().resetsBridged, std::uint64_t{1});
    QCOMPARE(follower.capture->counters().commitsAlone, std::uint64_t{2});
    app.ok("pragma wal_checkpoint(TRUNCATE)");
    app.ok(insertRow(70));
    follower.follow();
    QCOMPARE(follower.capture->counters().catchUps, std::uint64_t{1});
    app.ok(".close");
    follower.follow();
    QCOMPARE(follower.sink->image(), contentOf(path()));
}

void TestSqliteCapture::catchUp_transactionsWithin_areCounted_data() {
    QTest::addColumn<int>("before");
    QTest::addColumn<bool>("rebuilt");
    QTest::addColumn<bool>("exact");
    QTest::addRow("counter ahead of the time that passed") << 150 << false << true;
    QTest::addRow("counter may have begun anew unseen") << 3 << false << false;
    QTest::addRow("index built anew") << 150 << true << false;
}

void TestSqliteCapture::catchUp_transactionsWithin_areCounted() {
    QFETCH(const int, before);
    QFETCH(const bool, rebuilt);
    QFETCH(const bool, exact);
    auto app = std::make_unique<WriterProcess>(path());
    createTable(*app);
    for (int i = 0; i < before; ++i) {
        app->ok(insertRow());
    }
    CaptureFollower follower(path());
    if (exact || rebuilt) {
        follower.clock.freeze();
    }
    QVERIFY(follower.baseline());
    app->ok(insertRow());
    follower.follow();
    const std::uint64_t alone = follower.capture->counters().commitsAlone;
    QCOMPARE(alone, std::uint64_t{1});
    // Two resets between two looks: what lies between them cannot be had one by one any more.
    int unseen = 0;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 10; ++i) {
            app->ok(insertRow(500));
            unseen += 1;
        }
        app->ok("pragma wal_checkpoint(RESTART)");
        if (rebuilt && round == 1) {
            app->crash();
            app = std::make_unique<WriterProcess>(path());
            app->ok("pragma synchronous=off");
            app->ok(insertRow(5));
            unseen += 1;
        }
    }
    app->ok(insertRow(20));
    unseen += 1;
    follower.follow();
    const CaptureCounters counters = follower.capture->counters();
    QCOMPARE(counters.commitsAlone, alone);
    QCOMPARE(counters.catchUps, std::uint64_t{1});
    const Commit& commit = follower.sink->taken.back().commit;
    QVERIFY(commit.catchUp);
    QCOMPARE(commit.merged.has_value(), exact);
    QCOMPARE(counters.catchUpsUncounted, std::uint64_t{exact ? 0u : 1u});
    // Counted or at least: never more than there were, and not one for all of them.
    QVERIFY(counters.commitsMerged <= static_cast<std::uint64_t>(unseen));
    QVERIFY(counters.commitsMerged >= 11);
    if (exact) {
        QCOMPARE(*commit.merged, static_cast<std::uint64_t>(unseen));
        QCOMPARE(counters.commitsMerged, static_cast<std::uint64_t>(unseen));
    }
    QCOMPARE(follower.sink->image(), imageOf(*app));
    // The next one is alone again and adds nothing there.
    app->ok(insertRow(20));
    follower.follow();
    QCOMPARE(follower.capture->counters().commitsMerged, counters.commitsMerged);
    QCOMPARE(follower.capture->counters().commitsAlone, alone + 1);
}

void TestSqliteCapture::catchUp_withoutIndex_saysAtLeast() {
    WriterProcess app(path());
    createTable(app, "locking_mode=exclusive");
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    for (int i = 0; i < 4; ++i) {
        app.ok(insertRow(3000));
    }
    app.ok("pragma wal_checkpoint(TRUNCATE)");
    for (int i = 0; i < 3; ++i) {
        app.ok(insertRow(70));  // of these the frames are there
    }
    follower.follow();
    const CaptureCounters counters = follower.capture->counters();
    QCOMPARE(counters.catchUps, std::uint64_t{1});
    QCOMPARE(counters.commitsMerged, std::uint64_t{3});
    QCOMPARE(counters.catchUpsUncounted, std::uint64_t{1});
    QVERIFY(!follower.sink->taken.back().commit.merged);
}

void TestSqliteCapture::catchUp_journal_hasItsCounter() {
    WriterProcess app(path());
    app.ok("pragma synchronous=off");
    app.ok("create table t(id integer primary key, v blob)");
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    app.ok(insertRow());
    follower.follow();
    QCOMPARE(follower.capture->counters().commitsAlone, std::uint64_t{1});
    for (int i = 0; i < 7; ++i) {
        app.ok(insertRow(2000));
    }
    follower.follow();
    const CaptureCounters counters = follower.capture->counters();
    QCOMPARE(counters.commitsAlone, std::uint64_t{1});
    QCOMPARE(counters.catchUps, std::uint64_t{1});
    QCOMPARE(counters.commitsMerged, std::uint64_t{7});
    QCOMPARE(counters.catchUpsUncounted, std::uint64_t{0});
    QCOMPARE(*follower.sink->taken.back().commit.merged, std::uint64_t{7});
}

QTEST_GUILESS_MAIN(TestSqliteCapture)
#include "tst_sqlite_capture.moc"
