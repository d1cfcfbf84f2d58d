// SPDX-License-Identifier: Apache-2.0
#include <random>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "engine/capture/database_probe.h"

#include "tests/support/writer_process.h"

using namespace engine;

class TestDatabaseProbe : public QObject {
    Q_OBJECT

private slots:

    void init() { m_dir = std::make_unique<QTemporaryDir>(); }

    void journalDatabase_atRest_isAfterEachChange();
    void walDatabase_inEachState_isContinuous();
    void exclusiveApp_withAndWithoutJournal_isToldApart();
    void crashedWriter_isSaid();
    void holders_areNamed();
    void symlink_isFollowedToItsSideFiles();
    void hardLink_isWarnedAbout();
    void whatIsNoDatabase_saysWhy_data();
    void whatIsNoDatabase_saysWhy();
    void notRegularFiles_sayWhy();
    void unreadableFile_saysSo();
    void boltFile_isRecognised_data();
    void boltFile_isRecognised();
    void encryptedWithWal_isRecognised();
    void look_leavesNothingBehind();

private:
    QString path(const QString& name) const { return m_dir->filePath(name); }

    DatabaseProbe probe(const QString& name) const {
        return probeDatabase(path(name).toStdString());
    }

    void write(const QString& name, const QByteArray& bytes) const {
        QFile file(path(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size()) {
            qFatal("write %s", qPrintable(name));
        }
    }

    std::unique_ptr<QTemporaryDir> m_dir;
};

void TestDatabaseProbe::journalDatabase_atRest_isAfterEachChange() {
    const QString file = path(QStringLiteral("a.db"));
    WriterProcess app(file);
    app.ok("pragma page_size=2048");
    app.ok("pragma journal_mode=persist");
    app.ok("create table t(x)");
    const DatabaseProbe found = probe(QStringLiteral("a.db"));
    QCOMPARE(found.problem, std::string());
    QCOMPARE(found.engine, std::optional(DatabaseEngine::Sqlite));
    QCOMPARE(found.pageSize, 2048u);
    QCOMPARE(quint64{found.pageCount}, quint64{2});
    QCOMPARE(quint64{found.sizeBytes}, quint64{4096});
    QCOMPARE(found.journal, JournalKind::Rollback);
    QCOMPARE(found.locking, LockState::Free);
    QCOMPARE(found.mode, CaptureMode::Journal);
    QCOMPARE(found.label, std::string(labelOf(CaptureMode::Journal)));
    QVERIFY(!found.reason.empty());
    QCOMPARE(found.sideFiles, std::vector<std::string>{"a.db-journal"});
    QVERIFY(!found.fileSystem.empty());
    QVERIFY(found.warnings.empty());
    app.ok("begin");
    app.ok("select * from t");
    QCOMPARE(probe(QStringLiteral("a.db")).locking, LockState::Shared);
}

void TestDatabaseProbe::walDatabase_inEachState_isContinuous() {
    const QString file = path(QStringLiteral("a.db"));
    {
        WriterProcess app(file);
        app.ok("pragma journal_mode=wal");
        app.ok("create table t(x)");
        const DatabaseProbe shared = probe(QStringLiteral("a.db"));
        QCOMPARE(shared.problem, std::string());
        QCOMPARE(shared.mode, CaptureMode::WalShared);
        QCOMPARE(shared.journal, JournalKind::Wal);
        QCOMPARE(shared.sideFiles, (std::vector<std::string>{"a.db-wal", "a.db-shm"}));
    }
    QCOMPARE(probe(QStringLiteral("a.db")).mode, CaptureMode::WalAtRest);
    {
        WriterProcess app(file);
        app.ok("insert into t values(1)");
        app.crash();
    }
    QCOMPARE(probe(QStringLiteral("a.db")).mode, CaptureMode::WalChain);
    QVERIFY(QFile::remove(path(QStringLiteral("a.db-shm"))));
    WriterProcess app(file);
    app.ok("pragma locking_mode=exclusive");
    app.ok("insert into t values(1)");
    const DatabaseProbe exclusive = probe(QStringLiteral("a.db"));
    QCOMPARE(exclusive.mode, CaptureMode::WalChain);
    QCOMPARE(exclusive.locking, LockState::Exclusive);
}

void TestDatabaseProbe::exclusiveApp_withAndWithoutJournal_isToldApart() {
    WriterProcess app(path(QStringLiteral("a.db")));
    app.ok("create table t(x)");
    app.ok("pragma locking_mode=exclusive");
    app.ok("insert into t values(1)");
    const DatabaseProbe with = probe(QStringLiteral("a.db"));
    QCOMPARE(with.mode, CaptureMode::Journal);
    QCOMPARE(with.locking, LockState::Exclusive);
    WriterProcess other(path(QStringLiteral("b.db")));
    other.ok("pragma journal_mode=memory");
    other.ok("pragma locking_mode=exclusive");
    other.ok("create table t(x)");
    const DatabaseProbe without = probe(QStringLiteral("b.db"));
    QCOMPARE(without.mode, CaptureMode::WhenClosed);
    QCOMPARE(without.problem, std::string());
    QVERIFY(with.reason != without.reason);
}

void TestDatabaseProbe::crashedWriter_isSaid() {
    {
        WriterProcess app(path(QStringLiteral("a.db")));
        app.ok("pragma cache_size=2");
        app.ok("create table t(x)");
        app.ok("insert into t values(zeroblob(50000))");
        app.ok("begin");
        app.ok("update t set x=randomblob(50000)");
        app.crash();
    }
    const DatabaseProbe found = probe(QStringLiteral("a.db"));
    QCOMPARE(found.mode, CaptureMode::Journal);
    QVERIFY(QString::fromStdString(found.reason).contains(QStringLiteral("journal")));
}

void TestDatabaseProbe::holders_areNamed() {
    const QString file = path(QStringLiteral("a.db"));
    WriterProcess app(file);
    app.ok("create table t(x)");
    WriterProcess elsewhere(path(QStringLiteral("other-a.db")));
    elsewhere.ok("create table t(x)");
    const DatabaseProbe found = probe(QStringLiteral("a.db"));
    QCOMPARE(found.holders.found.size(), std::size_t{1});
    QCOMPARE(qint64{found.holders.found[0].pid}, app.pid());
    QCOMPARE(found.holders.found[0].name, std::string("capture_writer"));
    app.ok(".close");
    QVERIFY(probe(QStringLiteral("a.db")).holders.found.empty());
}

void TestDatabaseProbe::symlink_isFollowedToItsSideFiles() {
    QVERIFY(QDir(m_dir->path()).mkpath(QStringLiteral("real")));
    WriterProcess app(path(QStringLiteral("real/r.db")));
    app.ok("pragma journal_mode=wal");
    app.ok("create table t(x)");
    QVERIFY(QFile::link(path(QStringLiteral("real/r.db")), path(QStringLiteral("link.db"))));
    const DatabaseProbe found = probe(QStringLiteral("link.db"));
    QVERIFY(QString::fromStdString(found.target).endsWith(QStringLiteral("/real/r.db")));
    QCOMPARE(found.mode, CaptureMode::WalShared);
    QCOMPARE(found.sideFiles.size(), std::size_t{2});
}

void TestDatabaseProbe::hardLink_isWarnedAbout() {
    WriterProcess app(path(QStringLiteral("a.db")));
    app.ok("create table t(x)");
    QCOMPARE(
        ::link(qPrintable(path(QStringLiteral("a.db"))), qPrintable(path(QStringLiteral("b.db")))),
        0);
    const DatabaseProbe found = probe(QStringLiteral("b.db"));
    QCOMPARE(quint64{found.links}, quint64{2});
    QCOMPARE(found.warnings.size(), std::size_t{1});
    QCOMPARE(found.problem, std::string());
}

void TestDatabaseProbe::whatIsNoDatabase_saysWhy_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("word");
    std::mt19937 random(5);
    QByteArray noise;
    for (int i = 0; i < 8192; ++i) {
        noise.append(static_cast<char>(random()));
    }
    QTest::newRow("empty") << QByteArray() << QByteArray("empty");
    QTest::newRow("text") << QByteArray("Dear diary").repeated(1000)
                          << QByteArray("not a database");
    QTest::newRow("a few bytes") << QByteArray("x") << QByteArray("not a database");
    QTest::newRow("zeros") << QByteArray(8192, '\0') << QByteArray("not a database");
    QTest::newRow("random pages") << noise << QByteArray("encrypted");
    QTest::newRow("random, no pages") << noise.left(8000) << QByteArray("not a database");
    QTest::newRow("magic alone") << QByteArray("SQLite format 3\0", 16)
                                 << QByteArray("not a database");
}

void TestDatabaseProbe::whatIsNoDatabase_saysWhy() {
    QFETCH(QByteArray, bytes);
    QFETCH(QByteArray, word);
    write(QStringLiteral("f"), bytes);
    const DatabaseProbe found = probe(QStringLiteral("f"));
    QVERIFY2(QByteArray::fromStdString(found.problem).contains(word), found.problem.c_str());
    QCOMPARE(found.mode, CaptureMode::NotSupported);
    QCOMPARE(found.reason, found.problem);
    QVERIFY(!found.engine);
}

void TestDatabaseProbe::notRegularFiles_sayWhy() {
    const auto problem = [](const QString& file) {
        return QString::fromStdString(probeDatabase(file.toStdString()).problem);
    };
    QVERIFY(problem(m_dir->path()).contains(QStringLiteral("folder")));
    QVERIFY(problem(QStringLiteral("/dev/null")).contains(QStringLiteral("device")));
    QVERIFY(problem(path(QStringLiteral("none"))).contains(QStringLiteral("no such file")));
    QVERIFY(
        problem(path(QStringLiteral("no/folder/none"))).contains(QStringLiteral("no such file")));
    const QString fifo = path(QStringLiteral("fifo"));
    QCOMPARE(::mkfifo(qPrintable(fifo), 0600), 0);
    QVERIFY(problem(fifo).contains(QStringLiteral("pipe")));  // and does not wait for a writer
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    qstrncpy(address.sun_path, qPrintable(path(QStringLiteral("s"))), sizeof address.sun_path);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    QCOMPARE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    QVERIFY(problem(path(QStringLiteral("s"))).contains(QStringLiteral("socket")));
    ::close(socket);
}

void TestDatabaseProbe::unreadableFile_saysSo() {
    write(QStringLiteral("shut"), "x");
    QCOMPARE(::chmod(qPrintable(path(QStringLiteral("shut"))), 0), 0);
    QCOMPARE(::chmod(qPrintable(m_dir->path()), 0755), 0);
    const bool root = ::geteuid() == 0;
    if (root) {
        QCOMPARE(::seteuid(65534), 0);  // root may read every file
    }
    const DatabaseProbe found = probe(QStringLiteral("shut"));
    if (root) {
        QCOMPARE(::seteuid(0), 0);
    }
    QVERIFY2(QByteArray::fromStdString(found.problem).contains("may not read"),
             found.problem.c_str());
}

void TestDatabaseProbe::boltFile_isRecognised_data() {
    QTest::addColumn<int>("metaPage");
    QTest::addColumn<quint32>("pageSize");
    QTest::newRow("first meta") << 0 << 4096u;
    QTest::newRow("second meta") << 1 << 4096u;
    QTest::newRow("second meta of large pages") << 1 << 65536u;
}

void TestDatabaseProbe::boltFile_isRecognised() {
    QFETCH(int, metaPage);
    QFETCH(quint32, pageSize);
    QByteArray bytes(static_cast<qsizetype>(pageSize) * 4, '\0');
    auto* meta = reinterpret_cast<std::byte*>(bytes.data()) +
                 static_cast<std::size_t>(metaPage) * pageSize + 16;
    storeLe<std::uint32_t>(meta, 0xed0cdaed);
    storeLe<std::uint32_t>(meta + 4, 2);
    storeLe<std::uint32_t>(meta + 8, pageSize);
    write(QStringLiteral("bolt.db"), bytes);
    const DatabaseProbe found = probe(QStringLiteral("bolt.db"));
    QCOMPARE(found.engine, std::optional(DatabaseEngine::Bolt));
    QCOMPARE(found.pageSize, pageSize);
    QCOMPARE(quint64{found.pageCount}, quint64{4});
    QVERIFY(QByteArray::fromStdString(found.problem).contains("not supported yet"));
}

void TestDatabaseProbe::encryptedWithWal_isRecognised() {
    {
        WriterProcess app(path(QStringLiteral("a.db")));
        app.ok("pragma journal_mode=wal");
        app.ok("create table t(x)");
        app.crash();
    }
    write(QStringLiteral("a.db"), QByteArray("no header here").repeated(600));
    QVERIFY(QByteArray::fromStdString(probe(QStringLiteral("a.db")).problem).contains("encrypted"));
}

void TestDatabaseProbe::look_leavesNothingBehind() {
    WriterProcess app(path(QStringLiteral("a.db")));
    app.ok("pragma journal_mode=wal");
    app.ok("create table t(x)");
    const QStringList before = QDir(m_dir->path()).entryList(QDir::Files);
    const auto facts = factsOf(path(QStringLiteral("a.db")).toStdString());
    probe(QStringLiteral("a.db"));
    QCOMPARE(QDir(m_dir->path()).entryList(QDir::Files), before);
    QVERIFY(factsOf(path(QStringLiteral("a.db")).toStdString()).value().sameStamp(facts.value()));
    app.ok("insert into t values(1)");
}

QTEST_GUILESS_MAIN(TestDatabaseProbe)
#include "tst_database_probe.moc"
