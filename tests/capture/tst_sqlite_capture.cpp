// SPDX-License-Identifier: Apache-2.0
// Capture of WAL databases beside real apps: SQLite in child processes.
#include <QTemporaryDir>
#include <QTest>

#include "tests/capture/capture_follower.h"
#include "tests/support/writer_process.h"

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
    void restart_atEachPoint_goesOn_data();
    void restart_atEachPoint_goesOn();
    void restart_atRest_readsNothing();
    void restart_whileAppMoved_catchesUp();
    void database_appearsLater();
    void database_emptyFile_waits();
    void database_goneAndBack_goesOn();
    void database_deletedUnderApp_isGone();
    void database_replacedByCopy_goesOn();
    void database_replacedByOther_ends();
    void database_otherPageSize_ends();
    void database_becomesNoDatabase_ends();
    void database_olderCopyInPlace_wentBack();
    void database_otherBytesInPlace_isCaughtUp();
    void database_truncated_isNotEmitted();
    void symlink_sideFilesBesideTarget();
    void journalMode_changes_areCaughtUp();
    void sink_failsAtAnyCall_nothingMoves();
    void sweep_writerBetweenSlices_isExact();
    void stop_endsAtOnce();

private:
    QString path() const { return m_folder->filePath(QStringLiteral("app.db")); }

    QString image() const { return m_folder->filePath(QStringLiteral("image")); }

    Buffer imageOf(WriterProcess& eye);
    void createTable(WriterProcess& app, const QByteArray& pragmas = {});

    std::unique_ptr<QTemporaryDir> m_folder;
};

namespace {

Buffer contentOf(const QString& path) {
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        return {};
    }
    const QByteArray all = file.readAll();
    const auto* begin = reinterpret_cast<const std::byte*>(all.constData());
    return {begin, begin + all.size()};
}

QByteArray insertRow(int bytes = 40) {
    return "insert into t(v) values(randomblob(" + QByteArray::number(bytes) + "))";
}

}  // namespace

void TestSqliteCapture::init() {
    m_folder = std::make_unique<QTemporaryDir>();
    QVERIFY(m_folder->isValid());
}

Buffer TestSqliteCapture::imageOf(WriterProcess& eye) {
    eye.ok(".image " + image().toUtf8());
    return contentOf(image());
}

void TestSqliteCapture::createTable(WriterProcess& app, const QByteArray& pragmas) {
    for (const QByteArray& pragma : pragmas.split(';')) {
        if (!pragma.isEmpty()) {
            app.ok("pragma " + pragma);
        }
    }
    app.ok("pragma journal_mode=wal");
    app.ok("pragma synchronous=off");
    app.ok("create table t(id integer primary key, v blob)");
    app.ok(insertRow());
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

void TestSqliteCapture::restart_atEachPoint_goesOn_data() {
    QTest::addColumn<int>("point");
    for (int point = 0; point < 6; ++point) {
        QTest::addRow("point %d", point) << point;
    }
}

void TestSqliteCapture::restart_atEachPoint_goesOn() {
    QFETCH(const int, point);
    WriterProcess app(path());
    createTable(app);
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    for (int i = 0; i < 6; ++i) {
        app.ok(insertRow(i * 600));
        if (i == point) {
            follower.restart();
        }
        if (i == 3) {
            app.ok("pragma wal_checkpoint(RESTART)");
            app.ok(insertRow());
        }
        follower.follow();
        QCOMPARE(follower.sink->image(), imageOf(app));
    }
    QCOMPARE(follower.sink->complaint, std::string());
    Buffer page(4096);
    for (std::uint64_t number = 1; number < follower.capture->map().endPage(); ++number) {
        const auto read = follower.capture->readPage(number, page);
        QVERIFY(read.ok() && read.value());
    }
}

void TestSqliteCapture::restart_atRest_readsNothing() {
    {
        WriterProcess app(path());
        createTable(app);
        app.ok(insertRow(300000));
    }
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    follower.restart();
    follower.follow();
    QCOMPARE(follower.capture->counters().sweeps, std::uint64_t{0});
    QVERIFY(follower.capture->counters().bytesRead < 4096);
    QVERIFY(!follower.lastStep.dirtySince);
}

void TestSqliteCapture::restart_whileAppMoved_catchesUp() {
    WriterProcess app(path());
    createTable(app);
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    for (int i = 0; i < 3; ++i) {
        app.ok(insertRow(8000));
        app.ok("pragma wal_checkpoint(RESTART)");
    }
    app.ok(insertRow());
    follower.restart();
    follower.follow();
    QCOMPARE(follower.sink->taken.size(), std::size_t{1});
    QVERIFY(follower.sink->taken.front().commit.catchUp);
    QCOMPARE(follower.sink->image(), imageOf(app));
    QCOMPARE(follower.sink->complaint, std::string());
}

void TestSqliteCapture::database_appearsLater() {
    CaptureFollower follower(path());
    auto stands = follower.capture->startGeneration({7}, {41}, {}, {}, follower.lastStep);
    QVERIFY(stands.ok() && !stands.value());
    QCOMPARE(follower.lastStep.waiting, std::optional(Waiting::Gone));
    WriterProcess app(path());
    createTable(app);
    QVERIFY(follower.baseline());
    QCOMPARE(follower.sink->image(), imageOf(app));
}

void TestSqliteCapture::database_emptyFile_waits() {
    QFile empty(path());
    QVERIFY(empty.open(QIODevice::WriteOnly));
    empty.close();
    CaptureFollower follower(path());
    auto stands = follower.capture->startGeneration({7}, {41}, {}, {}, follower.lastStep);
    QVERIFY(stands.ok() && !stands.value());
    QCOMPARE(follower.lastStep.waiting, std::optional(Waiting::NotADatabase));
    WriterProcess app(path());
    createTable(app);
    QVERIFY(follower.baseline());
    QCOMPARE(follower.sink->image(), imageOf(app));
}

void TestSqliteCapture::database_goneAndBack_goesOn() {
    {
        WriterProcess app(path());
        createTable(app);
    }
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    QVERIFY(QFile::rename(path(), path() + QStringLiteral(".away")));
    follower.follow();
    QCOMPARE(follower.lastStep.waiting, std::optional(Waiting::Gone));
    QVERIFY(follower.lastStep.dirtySince);
    QVERIFY(QFile::rename(path() + QStringLiteral(".away"), path()));
    follower.follow();
    QVERIFY(!follower.lastStep.waiting && !follower.lastStep.discontinuity);
    QVERIFY(!follower.lastStep.dirtySince);
    QCOMPARE(follower.sink->taken.size(), std::size_t{0});
}

void TestSqliteCapture::database_deletedUnderApp_isGone() {
    WriterProcess app(path());
    createTable(app);
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    app.ok(insertRow());
    for (const char* suffix : {"", "-wal", "-shm"}) {
        QVERIFY(QFile::remove(path() + QString::fromLatin1(suffix)));
    }
    follower.follow();
    QCOMPARE(follower.lastStep.waiting, std::optional(Waiting::Gone));
    QCOMPARE(follower.sink->taken.size(), std::size_t{1});  // read through what was held
    QCOMPARE(follower.sink->image(), imageOf(app));
}

void TestSqliteCapture::database_replacedByCopy_goesOn() {
    {
        WriterProcess app(path());
        createTable(app);
    }
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    const QString copy = path() + QStringLiteral(".copy");
    QVERIFY(QFile::copy(path(), copy));
    QVERIFY(::rename(QFile::encodeName(copy), QFile::encodeName(path())) == 0);
    follower.follow();
    QVERIFY(!follower.lastStep.discontinuity);
    QCOMPARE(follower.capture->counters().sweeps, std::uint64_t{2});
    WriterProcess app(path());
    app.ok(insertRow());
    follower.follow();
    QCOMPARE(follower.sink->image(), imageOf(app));
}

void TestSqliteCapture::database_replacedByOther_ends() {
    const QString other = path() + QStringLiteral(".other");
    for (const QString& file : {path(), other}) {
        WriterProcess app(file);
        createTable(app);
    }
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    QVERIFY(::rename(QFile::encodeName(other), QFile::encodeName(path())) == 0);
    follower.follow();
    QCOMPARE(follower.lastStep.discontinuity, std::optional(Discontinuity::Replaced));
    QCOMPARE(follower.sink->taken.size(), std::size_t{0});
    follower.follow();
    QCOMPARE(follower.lastStep.discontinuity, std::optional(Discontinuity::Replaced));
    QVERIFY(follower.baseline());
    QCOMPARE(follower.sink->image(), contentOf(path()));
}

void TestSqliteCapture::database_otherPageSize_ends() {
    WriterProcess app(path());
    createTable(app);
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    app.ok("pragma journal_mode=delete");
    app.ok("pragma page_size=8192");
    app.ok("vacuum");
    app.ok("pragma journal_mode=wal");
    app.ok(insertRow());
    follower.follow();
    QCOMPARE(follower.lastStep.discontinuity, std::optional(Discontinuity::PageSizeChanged));
    QVERIFY(follower.baseline());
    QCOMPARE(follower.capture->map().pageSize(), 8192u);
    QCOMPARE(follower.sink->image(), imageOf(app));
}

void TestSqliteCapture::database_becomesNoDatabase_ends() {
    {
        WriterProcess app(path());
        createTable(app);
    }
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    QFile file(path());
    QVERIFY(file.open(QIODevice::ReadWrite));
    file.write(QByteArray(4096, 'x'));
    file.close();
    follower.follow();
    QCOMPARE(follower.lastStep.discontinuity, std::optional(Discontinuity::FormatChanged));
}

void TestSqliteCapture::database_olderCopyInPlace_wentBack() {
    const auto run = [this](int rows) {
        WriterProcess app(path());
        app.ok("create table if not exists t(id integer primary key, v blob)");
        app.ok("pragma journal_mode=wal");
        for (int i = 0; i < rows; ++i) {
            app.ok(insertRow(5000));  // grows, so that it is counted
        }
    };
    run(1);
    const Buffer old = contentOf(path());
    run(5);
    run(5);
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    QFile file(path());
    QVERIFY(file.open(QIODevice::ReadWrite | QIODevice::Truncate));
    file.write(reinterpret_cast<const char*>(old.data()), static_cast<qint64>(old.size()));
    file.close();
    follower.follow();
    QCOMPARE(follower.lastStep.discontinuity, std::optional(Discontinuity::WentBack));
    QCOMPARE(follower.sink->taken.size(), std::size_t{0});
}

void TestSqliteCapture::database_otherBytesInPlace_isCaughtUp() {
    {
        WriterProcess app(path());
        createTable(app);
    }
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    QFile file(path());
    QVERIFY(file.open(QIODevice::ReadWrite));
    file.seek(4096 + 100);
    file.write(QByteArray(50, 'x'));
    file.close();
    follower.follow();
    QCOMPARE(follower.sink->taken.size(), std::size_t{1});
    QVERIFY(follower.sink->taken.front().commit.catchUp);
    QCOMPARE(follower.sink->taken.front().frames, std::size_t{1});
    QCOMPARE(follower.sink->image(), contentOf(path()));
}

void TestSqliteCapture::database_truncated_isNotEmitted() {
    {
        WriterProcess app(path());
        createTable(app);
        app.ok(insertRow(30000));
    }
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    QVERIFY(QFile::resize(path(), 3 * 4096));
    follower.follow();
    QCOMPARE(follower.lastStep.waiting, std::optional(Waiting::NotADatabase));
    QVERIFY(follower.lastStep.dirtySince);
    QCOMPARE(follower.sink->taken.size(), std::size_t{0});
}

void TestSqliteCapture::symlink_sideFilesBesideTarget() {
    QVERIFY(QDir(m_folder->path()).mkdir(QStringLiteral("real")));
    const QString real = m_folder->filePath(QStringLiteral("real/data.db"));
    WriterProcess app(real);
    createTable(app);
    QVERIFY(QFile::link(real, path()));
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    app.ok(insertRow());
    follower.follow();
    QCOMPARE(follower.capture->mode(), CaptureMode::WalShared);
    QCOMPARE(follower.capture->counters().commitsAlone, std::uint64_t{1});
    QCOMPARE(follower.sink->image(), imageOf(app));
}

void TestSqliteCapture::journalMode_changes_areCaughtUp() {
    WriterProcess app(path());
    createTable(app);
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    for (const char* mode : {"delete", "wal", "truncate", "persist", "wal"}) {
        app.ok(insertRow(5000));
        app.ok(QByteArray("pragma journal_mode=") + mode);
        app.ok(insertRow(100));
        follower.follow();
        const bool wal = QByteArray(mode) == "wal";
        QCOMPARE(follower.capture->mode(), wal ? CaptureMode::WalShared : CaptureMode::Journal);
        QCOMPARE(follower.sink->image(), imageOf(app));
        QVERIFY(!follower.lastStep.dirtySince);
        app.ok(insertRow(200));
        follower.follow();
        QCOMPARE(follower.sink->image(), imageOf(app));
        QVERIFY(!follower.sink->taken.back().commit.catchUp);
    }
    QCOMPARE(follower.sink->complaint, std::string());
}

void TestSqliteCapture::sink_failsAtAnyCall_nothingMoves() {
    WriterProcess app(path());
    createTable(app);
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    for (std::uint64_t call = 0; call < 12; ++call) {
        app.ok(insertRow(9000));
        if (call % 4 == 3) {
            app.ok("pragma wal_checkpoint(TRUNCATE)");  // by sweep
            app.ok(insertRow(20));
        }
        follower.sink->failAt = follower.sink->calls() + call % 6;
        const std::size_t before = follower.sink->taken.size();
        bool failed = false;
        for (int i = 0; i < 200 && !failed; ++i) {
            const auto step = follower.capture->step(*follower.sink, {}, {});
            failed = !step.ok();
        }
        QCOMPARE(failed, follower.sink->taken.size() == before);
        QCOMPARE(follower.capture->map().root(), follower.sink->map().root());
        QCOMPARE(follower.capture->position().tx.value, 41 + follower.sink->taken.size());
        follower.sink->failAt.reset();
        follower.follow();
        QCOMPARE(follower.sink->image(), imageOf(app));
    }
    QCOMPARE(follower.sink->complaint, std::string());
}

void TestSqliteCapture::sweep_writerBetweenSlices_isExact() {
    WriterProcess app(path());
    createTable(app, "wal_autocheckpoint=8");
    for (int i = 0; i < 30; ++i) {
        app.ok(insertRow(60000));
    }
    CaptureFollower follower(path());
    StepBudget small;
    small.timeMax = std::chrono::milliseconds(0);  // one slice a step
    int steps = 0;
    for (bool stands = false; !stands; ++steps) {
        auto result = follower.capture->startGeneration({7}, {41}, small, {}, follower.lastStep);
        QVERIFY(result.ok());
        stands = result.value();
        if (!stands && steps < 100) {
            app.ok("update t set v = randomblob(300) where id = " + QByteArray::number(steps % 30));
        }
    }
    QVERIFY(steps > 5);
    QVERIFY(follower.takePages());
    follower.follow();
    QCOMPARE(follower.sink->image(), imageOf(app));
    // The same against a map: a gap while commits go on.
    app.ok("pragma wal_checkpoint(TRUNCATE)");
    app.ok("update t set v = randomblob(61000) where id < 20");
    app.ok("pragma wal_checkpoint(TRUNCATE)");
    for (int i = 0; i < 60; ++i) {
        follower.stepOnce(small);
        app.ok("update t set v = randomblob(300) where id = " + QByteArray::number(20 + i % 10));
    }
    follower.follow();
    QCOMPARE(follower.sink->image(), imageOf(app));
    QVERIFY(follower.capture->counters().catchUps > 0);
    QCOMPARE(follower.sink->complaint, std::string());
}

void TestSqliteCapture::stop_endsAtOnce() {
    WriterProcess app(path());
    createTable(app);
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    app.ok(insertRow(9000));
    std::stop_source stop;
    stop.request_stop();
    const auto step = follower.capture->step(*follower.sink, {}, stop.get_token());
    QVERIFY(step.ok());
    QCOMPARE(step.value().commits, std::uint64_t{0});
    follower.follow();
    QCOMPARE(follower.sink->taken.size(), std::size_t{1});
}

QTEST_GUILESS_MAIN(TestSqliteCapture)
#include "tst_sqlite_capture.moc"
