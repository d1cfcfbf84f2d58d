// SPDX-License-Identifier: Apache-2.0
// What happens to the capture of a database when it, its file or the recorder come and go.
#include <QTest>

#include "tests/capture/database_folder.h"

using namespace engine;

namespace {

/// Asks for a stop when it got so many frames (0: before the first), and counts what comes after.
class StoppingSink final : public CommitSink {
public:
    StoppingSink(CommitSink& sink, std::stop_source& stop, std::uint64_t frames)
        : m_sink(sink)
        , m_stop(stop)
        , m_frames(frames) {
        stopWhenDue();
    }

    Status frame(const PageFrame& frame) override {
        m_afterStop += m_stop.stop_requested() ? 1u : 0u;
        m_taken += 1;
        stopWhenDue();
        return m_sink.frame(frame);
    }

    Status commit(const Commit& commit) override { return m_sink.commit(commit); }

    void abandon() override { m_sink.abandon(); }

    std::uint64_t afterStop() const { return m_afterStop; }

    std::chrono::steady_clock::duration sinceStop() const {
        return std::chrono::steady_clock::now() - m_stoppedAt;
    }

private:
    void stopWhenDue() {
        if (m_taken >= m_frames && m_stop.request_stop()) {
            m_stoppedAt = std::chrono::steady_clock::now();
        }
    }

    CommitSink& m_sink;
    std::stop_source& m_stop;
    const std::uint64_t m_frames;
    std::uint64_t m_taken = 0;
    std::uint64_t m_afterStop = 0;
    std::chrono::steady_clock::time_point m_stoppedAt;
};

}  // namespace

class TestSqliteCaptureSource : public QObject {
    Q_OBJECT

private slots:
    void init();
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
    void stop_withinALargeCommit_data();
    void stop_withinALargeCommit();

private:
    QString path() const { return m_folder->path(); }

    Buffer imageOf(WriterProcess& eye) const { return m_folder->imageOf(eye); }

    std::unique_ptr<DatabaseFolder> m_folder;
};

void TestSqliteCaptureSource::init() {
    m_folder = std::make_unique<DatabaseFolder>();
    QVERIFY(m_folder->isValid());
}

void TestSqliteCaptureSource::restart_atEachPoint_goesOn_data() {
    QTest::addColumn<int>("point");
    for (int point = 0; point < 6; ++point) {
        QTest::addRow("point %d", point) << point;
    }
}

void TestSqliteCaptureSource::restart_atEachPoint_goesOn() {
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
        const auto read = follower.capture->readPages({&number, 1}, page);
        QVERIFY(read.ok() && read.value().front());
    }
}

void TestSqliteCaptureSource::restart_atRest_readsNothing() {
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

void TestSqliteCaptureSource::restart_whileAppMoved_catchesUp() {
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

void TestSqliteCaptureSource::database_appearsLater() {
    CaptureFollower follower(path());
    auto stands = follower.capture->startGeneration({7}, {41}, {}, {}, follower.lastStep);
    QVERIFY(stands.ok() && !stands.value());
    QCOMPARE(follower.lastStep.waiting, std::optional(Waiting::Gone));
    WriterProcess app(path());
    createTable(app);
    QVERIFY(follower.baseline());
    QCOMPARE(follower.sink->image(), imageOf(app));
}

void TestSqliteCaptureSource::database_emptyFile_waits() {
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

void TestSqliteCaptureSource::database_goneAndBack_goesOn() {
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

void TestSqliteCaptureSource::database_deletedUnderApp_isGone() {
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

void TestSqliteCaptureSource::database_replacedByCopy_goesOn() {
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

void TestSqliteCaptureSource::database_replacedByOther_ends() {
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

void TestSqliteCaptureSource::database_otherPageSize_ends() {
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

void TestSqliteCaptureSource::database_becomesNoDatabase_ends() {
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

void TestSqliteCaptureSource::database_olderCopyInPlace_wentBack() {
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

void TestSqliteCaptureSource::database_otherBytesInPlace_isCaughtUp() {
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

void TestSqliteCaptureSource::database_truncated_isNotEmitted() {
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

void TestSqliteCaptureSource::symlink_sideFilesBesideTarget() {
    QVERIFY(QDir(m_folder->folder()).mkdir(QStringLiteral("real")));
    const QString real = m_folder->file("real/data.db");
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

void TestSqliteCaptureSource::journalMode_changes_areCaughtUp() {
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

void TestSqliteCaptureSource::sink_failsAtAnyCall_nothingMoves() {
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
            if (step.ok() && step.value().dirtySince) {
                follower.lastStep = step.value();
                follower.pause();
            }
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

void TestSqliteCaptureSource::sweep_writerBetweenSlices_isExact() {
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

void TestSqliteCaptureSource::stop_endsAtOnce() {
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
    // A stop is no reason to lose the chain: it would cost a sweep, and what came between.
    QVERIFY(!follower.sink->taken.back().commit.catchUp);
}

void TestSqliteCaptureSource::stop_withinALargeCommit_data() {
    QTest::addColumn<QByteArray>("journal");
    QTest::addColumn<QByteArray>("locking");
    QTest::newRow("shm") << QByteArray("wal") << QByteArray("normal");
    QTest::newRow("chain") << QByteArray("wal") << QByteArray("exclusive");
    QTest::newRow("journal") << QByteArray("delete") << QByteArray("normal");
}

/// One transaction that is many times what a step may take: a stop in the midst of it is obeyed
/// within some pages, nothing half is handed on, and afterwards it comes as the one that it was.
void TestSqliteCaptureSource::stop_withinALargeCommit() {
    QFETCH(const QByteArray, journal);
    QFETCH(const QByteArray, locking);
    WriterProcess app(path());
    createTable(app, "wal_autocheckpoint=0;locking_mode=" + locking);
    app.ok("pragma journal_mode=" + journal);
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    app.ok(insertRow());
    follower.follow();
    const std::size_t before = follower.sink->taken.size();
    const CaptureCounters counters = follower.capture->counters();
    app.ok("begin");
    for (int i = 0; i < 48; ++i) {
        app.ok(insertRow(1'000'000));
    }
    app.ok("commit");
    for (const std::uint64_t frames : {0u, 1u, 5000u}) {
        std::stop_source stop;
        StoppingSink sink(*follower.sink, stop, frames);
        const QDeadlineTimer patience(20'000);
        for (bool first = true; first || (!stop.stop_requested() && !patience.hasExpired());
             first = false) {
            const auto step = follower.capture->step(sink, {}, stop.get_token());
            QVERIFY(step.ok());
            QCOMPARE(step.value().commits, std::uint64_t{0});
            follower.lastStep = step.value();
            if (!stop.stop_requested()) {
                follower.pause();
            }
        }
        QVERIFY(sink.afterStop() <= 1);
        QVERIFY(sink.sinceStop() < std::chrono::milliseconds(2000));
        QCOMPARE(follower.sink->taken.size(), before);
    }
    follower.follow();
    QCOMPARE(follower.sink->taken.size(), before + 1);
    QVERIFY(!follower.sink->taken.back().commit.catchUp);
    QCOMPARE(follower.capture->counters().catchUps, counters.catchUps);
    QCOMPARE(follower.capture->counters().commitsAlone, counters.commitsAlone + 1);
    QCOMPARE(follower.sink->complaint, std::string());
}

QTEST_GUILESS_MAIN(TestSqliteCaptureSource)
#include "tst_sqlite_capture_source.moc"
