// SPDX-License-Identifier: Apache-2.0
// The journal reader beside real apps: a SQLite in a child process, all journal modes.
#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include "engine/format/sqlite_layout.h"

#include "tests/capture/journal_follower.h"
#include "tests/support/writer_process.h"

using namespace engine;
using Kind = JournalLook::Kind;

class TestSqliteJournalReader : public QObject {
    Q_OBJECT

private slots:
    void init();

    void commits_eachMode_areFollowed_data() { addModes(); }

    void commits_eachMode_areFollowed();

    void openTransaction_fileUntouched_isNothingNew_data() { addFileModes(); }

    void openTransaction_fileUntouched_isNothingNew();

    void spilledTransaction_isWaitedFor_data() { addModes(); }

    void spilledTransaction_isWaitedFor();
    void crash_rolledBackState_isWhatSqliteRecovers_data();
    void crash_rolledBackState_isWhatSqliteRecovers();
    void crash_multiDatabaseCommit_isHotJournal();

    void exclusiveApp_withJournalFile_isFollowed_data() { addFileModes(); }

    void exclusiveApp_withJournalFile_isFollowed();
    void exclusiveApp_withoutJournal_isReadWhenItCloses();
    void exclusiveApp_oldJournalBesideMemoryMode_isNotTrusted();
    void exclusiveApp_closedAgain_countsNothing();
    void journalModes_switched_areFollowed();
    void walMode_isAnotherMode();
    void pageSizeChanged_isDiscontinuity();
    void olderCopy_wentBack();
    void otherBytes_sameCounter_areCaughtUp();
    void damagedFiles_areNoDatabase_data();
    void damagedFiles_areNoDatabase();
    void shrunkFile_losesItsPages();
    void chunkGrownFile_countsOnlyItsPages();
    void slices_writerBetween_startAgain();
    void largeDifference_goesThroughTheDisk();
    void restart_unchanged_readsNothing();
    void restart_changed_claimsNoSingleTransaction();
    void busyWriter_everyStateIsWhole();

private:
    static void addModes();
    static void addFileModes();
    /// Without sync, which only makes the tests slow; the journal of a crash is another one then.
    void create(WriterProcess& app,
                const QByteArray& mode,
                int rows = 200,
                const QByteArray& synchronous = "off");
    void baseline(JournalFollower& follower);
    void verify(const JournalFollower& follower);
    QByteArray checkImage(const JournalFollower& follower, const QByteArray& sql);

    std::unique_ptr<QTemporaryDir> m_dir;
    QString m_path;
    QString m_spill;
};

void TestSqliteJournalReader::addModes() {
    QTest::addColumn<QByteArray>("mode");
    for (const char* mode : {"delete", "truncate", "persist", "memory", "off"}) {
        QTest::newRow(mode) << QByteArray(mode);
    }
}

void TestSqliteJournalReader::addFileModes() {
    QTest::addColumn<QByteArray>("mode");
    for (const char* mode : {"delete", "truncate", "persist"}) {
        QTest::newRow(mode) << QByteArray(mode);
    }
}

void TestSqliteJournalReader::init() {
    m_dir = std::make_unique<QTemporaryDir>();
    m_path = m_dir->filePath(QStringLiteral("app.db"));
    m_spill = m_dir->filePath(QStringLiteral("spill"));
}

void TestSqliteJournalReader::create(WriterProcess& app,
                                     const QByteArray& mode,
                                     int rows,
                                     const QByteArray& synchronous) {
    app.ok("pragma synchronous=" + synchronous);
    app.ok("pragma page_size=1024");
    app.ok("pragma journal_mode=" + mode);
    app.ok("pragma cache_size=5");
    app.ok("create table t(k integer primary key, v, x)");
    app.ok("with recursive n(i) as (select 1 union all select i+1 from n where i<" +
           QByteArray::number(rows) + ") insert into t select i, 0, randomblob(500) from n");
}

void TestSqliteJournalReader::baseline(JournalFollower& follower) {
    const JournalLook look = follower.follow();
    QCOMPARE(look.kind, Kind::Difference);
    const std::uint64_t bytes = follower.map->pageCount() * follower.map->pageSize();
    follower.image = bytesOf(m_path);
    follower.image.resize(bytes);
    QVERIFY(follower.imageIsMap());
}

/// The captured state is the file, byte for byte, and the map is that of the state.
void TestSqliteJournalReader::verify(const JournalFollower& follower) {
    QVERIFY(follower.image == bytesOf(m_path));
    QVERIFY(follower.imageIsMap());
}

QByteArray TestSqliteJournalReader::checkImage(const JournalFollower& follower,
                                               const QByteArray& sql) {
    const QString copy = m_dir->filePath(QStringLiteral("copy.db"));
    QFile file(copy);
    if (!file.open(QIODevice::WriteOnly)) {
        return "cannot write";
    }
    file.write(reinterpret_cast<const char*>(follower.image.data()),
               static_cast<qint64>(follower.image.size()));
    file.close();
    WriterProcess reader(copy);
    return reader.say(sql);
}

void TestSqliteJournalReader::commits_eachMode_areFollowed() {
    QFETCH(QByteArray, mode);
    WriterProcess app(m_path);
    create(app, mode);
    JournalFollower follower(m_path, m_spill);
    baseline(follower);

    app.ok("update t set v=1 where k=7");
    const JournalLook one = follower.follow();
    QCOMPARE(one.kind, Kind::Difference);
    QVERIFY(!one.difference->catchUp);
    verify(follower);

    for (int i = 0; i < 3; ++i) {
        app.ok("insert into t(v, x) values(2, randomblob(3000))");
    }
    const JournalLook three = follower.follow();
    QCOMPARE(three.kind, Kind::Difference);
    QVERIFY(three.difference->catchUp);
    QCOMPARE(three.difference->merged, std::optional<std::uint64_t>(3));
    verify(follower);

    const JournalLook none = follower.follow();
    QCOMPARE(none.kind, Kind::NothingNew);
    QVERIFY(!none.callAgain);  // events are enough
    QVERIFY(!none.dirty);

    app.ok("begin");
    app.ok("update t set v=3");
    app.ok("rollback");
    const JournalLook rolledBack = follower.follow();
    if (mode != "off") {  // OFF cannot roll back: the file is what it left
        QCOMPARE(rolledBack.kind, Kind::NothingNew);
    }
    verify(follower);
}

void TestSqliteJournalReader::openTransaction_fileUntouched_isNothingNew() {
    QFETCH(QByteArray, mode);
    WriterProcess app(m_path);
    create(app, mode);
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    app.ok("pragma cache_size=2000");
    app.ok("begin immediate");
    app.ok("update t set v=1");
    QCOMPARE(follower.follow().kind, Kind::NothingNew);
    JournalFollower second(m_path, m_spill);
    QCOMPARE(second.follow().kind, Kind::Difference);  // a baseline under RESERVED
    QVERIFY(*second.map == *follower.map);
    app.ok("commit");
    QCOMPARE(follower.follow().kind, Kind::Difference);
    verify(follower);
}

void TestSqliteJournalReader::spilledTransaction_isWaitedFor() {
    QFETCH(QByteArray, mode);
    WriterProcess app(m_path);
    create(app, mode);
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    const Buffer before = follower.image;
    app.ok("begin");
    app.ok("update t set v=1, x=randomblob(600)");
    QVERIFY(bytesOf(m_path) != before);
    const JournalLook look = follower.follow();
    QCOMPARE(look.kind, Kind::NotNow);
    QCOMPARE(look.waiting, std::optional(Waiting::AppHoldsLock));
    QVERIFY(look.dirty);
    QVERIFY(look.callAgain.has_value());
    QVERIFY(follower.image == before);
    app.ok("commit");
    const JournalLook after = follower.follow();
    QCOMPARE(after.kind, Kind::Difference);
    verify(follower);
}

void TestSqliteJournalReader::crash_rolledBackState_isWhatSqliteRecovers_data() {
    QTest::addColumn<QByteArray>("mode");
    QTest::addColumn<QByteArray>("setup");
    QTest::addColumn<QByteArray>("change");
    QTest::addColumn<bool>("atTheEnd");  // of the commit, before the journal goes
    const QByteArray spill = "update t set v=1, x=randomblob(700)";
    for (const char* mode : {"delete", "truncate", "persist"}) {
        QTest::addRow("%s spilled", mode) << QByteArray(mode) << QByteArray() << spill << false;
        QTest::addRow("%s spilled twice", mode)
            << QByteArray(mode) << QByteArray("pragma cache_spill=1")
            << QByteArray(spill + "; insert into t(v, x) select v, x from t; " + spill) << false;
        QTest::addRow("%s without sync", mode)
            << QByteArray(mode) << QByteArray("pragma synchronous=off") << spill << false;
        QTest::addRow("%s shrinking", mode)
            << QByteArray(mode) << QByteArray() << QByteArray("delete from t where k>3; " + spill)
            << false;
    }
    QTest::newRow("delete at the end") << QByteArray("delete") << QByteArray() << spill << true;
    QTest::newRow("delete at the end of VACUUM")
        << QByteArray("delete") << QByteArray("delete from t where k%3=0") << QByteArray("vacuum")
        << true;
    QTest::newRow("delete at the end of a new page size")
        << QByteArray("delete") << QByteArray("pragma page_size=4096") << QByteArray("vacuum")
        << true;
    QTest::newRow("delete of all rows")
        << QByteArray("delete") << QByteArray("pragma secure_delete=0")
        << QByteArray("delete from t") << true;
}

void TestSqliteJournalReader::crash_rolledBackState_isWhatSqliteRecovers() {
    QFETCH(QByteArray, mode);
    QFETCH(QByteArray, setup);
    QFETCH(QByteArray, change);
    QFETCH(bool, atTheEnd);
    const QString journalPath = m_path + QStringLiteral("-journal");
    JournalFollower follower(m_path, m_spill);
    {
        WriterProcess app;
        app.ok(".open " + m_path.toUtf8());
        create(app, mode, 60, "full");
        if (!setup.isEmpty()) {
            app.ok(setup);
        }
        baseline(follower);
        app.ok("update t set v=9 where k=5");  // seen only together with the crash
        if (atTheEnd) {
            app.ok(".close");
            app.ok(".exit-at-delete -journal");
            app.ok(".open " + m_path.toUtf8());
            if (!setup.isEmpty() && setup.startsWith("pragma")) {
                app.ok(setup);
            }
            app.last(change);
        } else {
            app.ok("begin");
            for (const QByteArray& sql : change.split(';')) {
                app.ok(sql);
            }
            app.crash();
        }
    }
    const Buffer torn = bytesOf(m_path);
    const Buffer journal = bytesOf(journalPath);
    QVERIFY(!journal.empty() && journal[0] != std::byte{0});

    const JournalLook look = follower.follow();
    QCOMPARE(look.kind, Kind::Difference);
    QVERIFY(look.difference->catchUp);
    QVERIFY(follower.position->hotJournal.has_value());
    JournalFollower fresh(m_path, m_spill);
    QCOMPARE(fresh.follow().kind, Kind::Difference);
    QVERIFY(*fresh.map == *follower.map);
    QCOMPARE(follower.follow().kind, Kind::NothingNew);
    const std::uint64_t read = follower.bytesRead;
    QCOMPARE(follower.follow().kind, Kind::NothingNew);
    QCOMPARE(follower.bytesRead, read);  // known again, without a scan
    QVERIFY(bytesOf(m_path) == torn);
    QVERIFY(bytesOf(journalPath) == journal);

    WriterProcess next(m_path);
    QCOMPARE(next.ok("select v from t where k=5"), QByteArray("9"));
    verify(follower);
    const JournalLook after = follower.follow();
    QCOMPARE(after.kind, Kind::NothingNew);
    QVERIFY(!follower.position->hotJournal.has_value());
    QCOMPARE(fresh.follow().kind, Kind::NothingNew);
}

void TestSqliteJournalReader::crash_multiDatabaseCommit_isHotJournal() {
    JournalFollower follower(m_path, m_spill);
    {
        WriterProcess app;
        app.ok(".exit-at-delete -mj");
        app.ok(".open " + m_path.toUtf8());
        create(app, "delete", 60, "full");  // without sync there is no super-journal
        app.ok("attach '" + m_dir->filePath(QStringLiteral("two.db")).toUtf8() + "' as two");
        app.ok("create table two.t(x)");
        baseline(follower);
        app.ok("begin");
        app.ok("update t set v=1");
        app.ok("insert into two.t values(1)");
        app.last("commit");
    }
    const JournalLook look = follower.follow();
    QCOMPARE(look.kind, Kind::NotNow);
    QCOMPARE(look.waiting, std::optional(Waiting::HotJournal));
    WriterProcess next(m_path);
    next.ok("select count(*) from t");
    follower.follow();
    verify(follower);
}

void TestSqliteJournalReader::exclusiveApp_withJournalFile_isFollowed() {
    QFETCH(QByteArray, mode);
    WriterProcess app(m_path);
    create(app, mode);
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    app.ok("pragma locking_mode=exclusive");
    for (int round = 0; round < 3; ++round) {
        app.ok("update t set v=v+1 where k=3");
        app.ok("update t set v=v+1 where k=4");
        const JournalLook look = follower.follow();
        QCOMPARE(look.kind, Kind::Difference);
        QVERIFY(look.difference->catchUp);  // it counts its first commit only
        QVERIFY(!look.difference->merged);
        verify(follower);
        const JournalLook rest = follower.follow();
        QCOMPARE(rest.kind, Kind::NothingNew);
        QVERIFY(!rest.callAgain);
    }
    app.ok("begin");
    app.ok("update t set v=5, x=randomblob(600)");
    QCOMPARE(follower.follow().waiting, std::optional(Waiting::AppHoldsLock));
    app.ok("rollback");
    follower.follow();
    verify(follower);
}

void TestSqliteJournalReader::exclusiveApp_withoutJournal_isReadWhenItCloses() {
    WriterProcess app(m_path);
    create(app, "memory");
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    app.ok("pragma locking_mode=exclusive");
    app.ok("update t set v=1 where k=3");
    const JournalLook look = follower.follow();
    QCOMPARE(look.kind, Kind::NotNow);
    QCOMPARE(look.waiting, std::optional(Waiting::AppHoldsLock));
    QVERIFY(look.callAgain.has_value());  // unlocking makes no event
    app.ok(".close");
    const JournalLook after = follower.follow();
    QCOMPARE(after.kind, Kind::Difference);
    QVERIFY(after.difference->catchUp);
    verify(follower);
}

void TestSqliteJournalReader::exclusiveApp_oldJournalBesideMemoryMode_isNotTrusted() {
    WriterProcess app(m_path);
    create(app, "persist");
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    app.ok("pragma locking_mode=exclusive");
    app.ok("update t set v=1 where k=3");
    QCOMPARE(follower.follow().kind, Kind::Difference);
    app.ok("pragma journal_mode=memory");
    QVERIFY(QFile::exists(m_path + QStringLiteral("-journal")));  // zeroed, as at rest
    QTRY_VERIFY(follower.follow().kind == Kind::NothingNew);
    // From another tick of the file system's clock on, the file is newer than the journal.
    QTest::qWait(30);
    app.ok("begin");
    app.ok("update t set v=7, x=randomblob(600)");
    const JournalLook look = follower.follow();
    QCOMPARE(look.kind, Kind::NotNow);
    QCOMPARE(look.waiting, std::optional(Waiting::AppHoldsLock));
    app.ok("commit");
    app.ok(".close");
    QCOMPARE(follower.follow().kind, Kind::Difference);
    verify(follower);
}

void TestSqliteJournalReader::exclusiveApp_closedAgain_countsNothing() {
    WriterProcess app(m_path);
    create(app, "truncate");
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    app.ok("pragma locking_mode=exclusive");
    app.ok("select count(*) from t");
    app.ok("update t set v=1 where k=3");
    QCOMPARE(follower.follow().kind, Kind::Difference);
    app.ok("update t set v=2 where k=3");
    app.ok(".close");
    const JournalLook look = follower.follow();
    QCOMPARE(look.kind, Kind::Difference);
    QVERIFY(look.difference->catchUp);
    verify(follower);
    // From here on somebody who counts.
    app.ok(".open " + m_path.toUtf8());
    app.ok("update t set v=3 where k=3");
    const JournalLook alone = follower.follow();
    QVERIFY(!alone.difference->catchUp);
    verify(follower);
}

void TestSqliteJournalReader::journalModes_switched_areFollowed() {
    WriterProcess app(m_path);
    create(app, "delete");
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    for (const char* mode : {"persist", "truncate", "memory", "persist", "off", "delete"}) {
        app.ok(QByteArray("pragma journal_mode=") + mode);
        app.ok("update t set v=v+1, x=randomblob(500) where k%7=1");
        const JournalLook look = follower.follow();
        QCOMPARE(look.kind, Kind::Difference);
        QVERIFY(!look.difference->catchUp);
        verify(follower);
    }
}

void TestSqliteJournalReader::walMode_isAnotherMode() {
    WriterProcess app(m_path);
    create(app, "delete");
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    app.ok("pragma journal_mode=wal");
    QCOMPARE(follower.follow().kind, Kind::OtherMode);
}

void TestSqliteJournalReader::pageSizeChanged_isDiscontinuity() {
    WriterProcess app(m_path);
    create(app, "delete");
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    app.ok("pragma page_size=4096");
    app.ok("vacuum");
    const JournalLook look = follower.follow();
    QCOMPARE(look.kind, Kind::Discontinuity);
    QCOMPARE(look.discontinuity, std::optional(Discontinuity::PageSizeChanged));
}

void TestSqliteJournalReader::olderCopy_wentBack() {
    WriterProcess app(m_path);
    create(app, "delete");
    const Buffer old = bytesOf(m_path);
    app.ok("update t set v=1");
    app.ok("update t set v=2");
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    app.ok(".close");
    QFile file(m_path);
    QVERIFY(file.open(QIODevice::ReadWrite));
    file.resize(static_cast<qint64>(old.size()));
    file.write(reinterpret_cast<const char*>(old.data()), static_cast<qint64>(old.size()));
    file.close();
    const JournalLook look = follower.follow();
    QCOMPARE(look.kind, Kind::Discontinuity);
    QCOMPARE(look.discontinuity, std::optional(Discontinuity::WentBack));
}

void TestSqliteJournalReader::otherBytes_sameCounter_areCaughtUp() {
    WriterProcess app(m_path);
    create(app, "delete");
    app.ok(".close");
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    QFile file(m_path);
    QVERIFY(file.open(QIODevice::ReadWrite));
    file.seek(20 * 1024 + 700);
    file.write("changed by nobody that counts");
    file.close();
    const JournalLook look = follower.follow();
    QCOMPARE(look.kind, Kind::Difference);
    QVERIFY(look.difference->catchUp);
    QVERIFY(!look.difference->merged);
    QCOMPARE(follower.pagesTaken, quint64{1});
    verify(follower);
}

void TestSqliteJournalReader::damagedFiles_areNoDatabase_data() {
    QTest::addColumn<qint64>("size");
    QTest::addColumn<QByteArray>("front");
    QTest::newRow("empty") << qint64{0} << QByteArray();
    QTest::newRow("a few bytes") << qint64{100} << QByteArray();
    QTest::newRow("cut below what its header says") << qint64{20 * 1024} << QByteArray();
    QTest::newRow("cut within a page") << qint64{20 * 1024 + 5} << QByteArray();
    QTest::newRow("other magic") << qint64{-1} << QByteArray("encrypted bytes!");
    QTest::newRow("impossible page size") << qint64{-1} << QByteArray("SQLite format 3\0\3\3", 18);
}

void TestSqliteJournalReader::damagedFiles_areNoDatabase() {
    QFETCH(qint64, size);
    QFETCH(QByteArray, front);
    {
        WriterProcess app(m_path);
        create(app, "delete");
    }
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    const Buffer whole = bytesOf(m_path);
    QFile file(m_path);
    QVERIFY(file.open(QIODevice::ReadWrite));
    if (size >= 0) {
        QVERIFY(file.resize(size));
    }
    file.write(front);
    file.close();
    const JournalLook look = follower.follow();
    QCOMPARE(look.kind, Kind::NotNow);
    QCOMPARE(look.waiting, std::optional(Waiting::NotADatabase));
    QVERIFY(look.dirty);
    QVERIFY(follower.image == whole);
}

void TestSqliteJournalReader::shrunkFile_losesItsPages() {
    WriterProcess app(m_path);
    create(app, "delete");
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    const std::uint64_t before = follower.map->pageCount();
    app.ok("delete from t where k>10");
    app.ok("vacuum");
    QCOMPARE(follower.follow().kind, Kind::Difference);
    QVERIFY(follower.map->pageCount() < before / 4);
    verify(follower);
}

void TestSqliteJournalReader::chunkGrownFile_countsOnlyItsPages() {
    WriterProcess app(m_path);
    app.ok(".chunk 1000000");
    create(app, "delete");
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    app.ok("insert into t(v, x) values(1, randomblob(9000))");
    QCOMPARE(follower.follow().kind, Kind::Difference);
    const quint64 pages = app.ok("pragma page_count").toULongLong();
    QCOMPARE(quint64{follower.map->pageCount()}, pages);
    Buffer file = bytesOf(m_path);
    QVERIFY(file.size() > pages * 1024);
    file.resize(pages * 1024);
    QVERIFY(file == follower.image);
}

void TestSqliteJournalReader::slices_writerBetween_startAgain() {
    WriterProcess app(m_path);
    create(app, "delete", 3000);  // some slices long
    app.ok("pragma cache_size=5000");
    JournalFollower follower(m_path, m_spill);
    const StepBudget tiny{0, std::chrono::milliseconds{0}};
    QTRY_VERIFY(follower.lookOnce(tiny).kind == Kind::MoreToRead);
    QCOMPARE(follower.lookOnce(tiny).kind, Kind::MoreToRead);
    app.ok("update t set v=1 where k=2");
    const JournalLook lost = follower.lookOnce(tiny);
    QCOMPARE(lost.kind, Kind::NotNow);
    QVERIFY(lost.callAgain.has_value());
    QCOMPARE(follower.follow(tiny).kind, Kind::Difference);
    follower.image = bytesOf(m_path);
    QVERIFY(follower.imageIsMap());

    app.ok("update t set x=randomblob(500)");
    QTRY_VERIFY(follower.lookOnce(tiny).kind == Kind::MoreToRead);
    app.ok("update t set v=5 where k%2=0");
    const JournalLook look = follower.follow(tiny);
    QCOMPARE(look.kind, Kind::Difference);
    QCOMPARE(look.difference->merged, std::optional<std::uint64_t>(2));
    verify(follower);
}

void TestSqliteJournalReader::largeDifference_goesThroughTheDisk() {
    WriterProcess app(m_path);
    create(app, "delete", 10);
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    app.ok("pragma cache_size=2000");
    app.ok(
        "with recursive n(i) as (select 1 union all select i+1 from n where i<300)"
        " insert into t(v, x) select 1, randomblob(65000) from n");
    const JournalLook look = follower.follow();
    QCOMPARE(look.kind, Kind::Difference);
    QVERIFY(look.difference->pages.bytesOnDisk() > 0);
    verify(follower);
    QVERIFY(QDir(m_spill).isEmpty(QDir::Files));  // no name, so nothing stays after a crash
}

void TestSqliteJournalReader::restart_unchanged_readsNothing() {
    WriterProcess app(m_path);
    create(app, "delete");
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    const auto back = JournalPosition::fromAttrs(follower.position->toAttrs());
    QVERIFY(back.has_value());
    QVERIFY(back->sameState(*follower.position));
    follower.position = back;
    follower.restart();
    const std::uint64_t before = follower.bytesRead;
    QCOMPARE(follower.follow().kind, Kind::NothingNew);
    QCOMPARE(follower.bytesRead, before);
    app.ok("update t set v=1 where k=1");
    const JournalLook look = follower.follow();
    QVERIFY(!look.difference->catchUp);  // nothing had happened while we were away
    verify(follower);
}

void TestSqliteJournalReader::restart_changed_claimsNoSingleTransaction() {
    WriterProcess app(m_path);
    create(app, "delete");
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    app.ok("update t set v=1 where k=1");
    follower.restart();
    const JournalLook look = follower.follow();
    QCOMPARE(look.kind, Kind::Difference);
    QVERIFY(look.difference->catchUp);
    QVERIFY(!look.difference->merged);
    verify(follower);
}

void TestSqliteJournalReader::busyWriter_everyStateIsWhole() {
    WriterProcess app(m_path);
    create(app, "delete", 100);
    JournalFollower follower(m_path, m_spill);
    baseline(follower);
    const QDeadlineTimer end(60'000);
    int states = 0;
    for (int round = 0; states < 8 && !end.hasExpired(); ++round) {
        const char* modes[] = {"delete", "truncate", "persist"};
        app.ok(QByteArray("pragma journal_mode=") + modes[round % 3]);
        app.ok("pragma synchronous=" + QByteArray(round % 2 == 0 ? "off" : "normal"));
        app.tell("update t set v=v+1, x=randomblob(400+v%200)");  // spills
        JournalLook look = follower.lookOnce();
        for (int tries = 0; tries < 40 && look.kind != Kind::Difference; ++tries) {
            QTest::qWait(look.callAgain ? 1 : 3);
            look = follower.lookOnce();
        }
        follower.take(look);
        QCOMPARE(app.answer(), QByteArray("ok"));
        if (look.kind == Kind::Difference) {
            QVERIFY(follower.imageIsMap());
            QCOMPARE(checkImage(follower, "select min(v)=max(v) from t"), QByteArray("ok 1"));
            QCOMPARE(checkImage(follower, "pragma integrity_check"), QByteArray("ok ok"));
            states += 1;
        }
    }
    follower.follow();
    verify(follower);
    QCOMPARE(states, 8);
}

QTEST_GUILESS_MAIN(TestSqliteJournalReader)
#include "tst_sqlite_journal_reader.moc"
