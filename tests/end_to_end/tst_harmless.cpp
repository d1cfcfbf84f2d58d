// SPDX-License-Identifier: Apache-2.0
// The protected app notices nothing: no write, no lock, no file in its folder, no SQLITE_BUSY.
#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QStandardPaths>
#include <QtTest>

#include "tests/end_to_end/rig.h"
#include "tests/end_to_end/syscall_trace.h"

namespace {

QStringList words(const char* text) {
    return QString::fromLatin1(text).split(QLatin1Char(' '));
}

QByteArray contents(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(cannot be read)");
}

/// Name, size, times and SHA-256 of everything in a folder.
QStringList fingerprint(const QString& folder) {
    QStringList lines;
    for (const QFileInfo& info :
         QDir(folder).entryInfoList(QDir::Files | QDir::Hidden, QDir::Name)) {
        lines << info.fileName() + QLatin1Char(' ') + QString::number(info.size()) +
                     QLatin1Char(' ') + QString::number(info.lastModified().toMSecsSinceEpoch()) +
                     QLatin1Char(' ') +
                     QString::fromLatin1(QCryptographicHash::hash(contents(info.filePath()),
                                                                  QCryptographicHash::Sha256)
                                             .toHex());
    }
    return lines;
}

bool isRequired(const char* tool) {
    return qEnvironmentVariable("TEST_REQUIRE")
        .split(QLatin1Char(','))
        .contains(QLatin1String(tool));
}

}  // namespace

class TestHarmless final : public QObject {
    Q_OBJECT

private slots:
    void judgeTrace_eachForbiddenCall_isSeen_data();
    void judgeTrace_eachForbiddenCall_isSeen();
    void recording_underStrace_onlyLooksAtTheAppFolder();
    void recording_quietDatabase_leavesEveryByteAndStamp();
    void writerAndReaders_withoutPatience_meetNoBusy_data();
    void writerAndReaders_withoutPatience_meetNoBusy();
};

void TestHarmless::judgeTrace_eachForbiddenCall_isSeen_data() {
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<bool>("allowed");
    QTest::newRow("open to read")
        << QByteArray(R"(7 openat(AT_FDCWD</>, "/app/d.db", O_RDONLY|O_CLOEXEC) = 5</app/d.db>)")
        << true;
    QTest::newRow("open to write")
        << QByteArray(R"(7 openat(AT_FDCWD</>, "/app/d.db", O_RDWR|O_CLOEXEC) = 5</app/d.db>)")
        << false;
    QTest::newRow("create beside it")
        << QByteArray(R"(7 openat(AT_FDCWD</>, "/app/x", O_WRONLY|O_CREAT, 0600) = 5</app/x>)")
        << false;
    QTest::newRow("read") << QByteArray(R"(7 pread64(5</app/d.db>, ""..., 4096, 0) = 4096)")
                          << true;
    QTest::newRow("write") << QByteArray(R"(7 pwrite64(5</app/d.db>, ""..., 4096, 0) = 4096)")
                           << false;
    QTest::newRow("question")
        << QByteArray(R"(7 fcntl(5</app/d.db-shm>, F_OFD_GETLK, {l_type=F_UNLCK}) = 0)") << true;
    QTest::newRow("lock") << QByteArray(
                                 R"(7 fcntl(5</app/d.db-shm>, F_OFD_SETLK, {l_type=F_RDLCK}) = 0)")
                          << false;
    QTest::newRow("POSIX lock") << QByteArray(
                                       R"(7 fcntl(5</app/d.db>, F_SETLK, {l_type=F_RDLCK}) = 0)")
                                << false;
    QTest::newRow("flock") << QByteArray(R"(7 flock(5</app/d.db>, LOCK_SH) = 0)") << false;
    QTest::newRow("map")
        << QByteArray(R"(7 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 5</app/d.db-shm>, 0) = 0x7f)")
        << false;
    QTest::newRow("unlink") << QByteArray(R"(7 unlink("/app/d.db-wal") = 0)") << false;
    QTest::newRow("rename")
        << QByteArray(R"(7 renameat2(AT_FDCWD, "/app/d.db", AT_FDCWD, "/app/e", 0) = 0)") << false;
    QTest::newRow("truncate") << QByteArray(R"(7 ftruncate(5</app/d.db>, 0) = 0)") << false;
    QTest::newRow("watch")
        << QByteArray(R"(7 inotify_add_watch(4<anon_inode:inotify>, "/app", IN_MODIFY) = 1)")
        << true;
    QTest::newRow("elsewhere") << QByteArray(R"(7 unlink("/state/x") = 0)") << true;
}

void TestHarmless::judgeTrace_eachForbiddenCall_isSeen() {
    QFETCH(QByteArray, line);
    QFETCH(bool, allowed);
    QCOMPARE(judgeTrace(line, QStringLiteral("/app")).violations.isEmpty(), allowed);
}

void TestHarmless::recording_underStrace_onlyLooksAtTheAppFolder() {
    if (QStandardPaths::findExecutable(QStringLiteral("strace")).isEmpty()) {
        QVERIFY2(!isRequired("strace"), "strace is required and not here");
        QSKIP("strace is not installed");
    }
    Rig rig;
    const QString trace = rig.path(QStringLiteral("trace"));
    rig.recorderPrefix = straceCommand(trace);
    QVERIFY2(rig.startWriter(
                 words("--seed 3 --switch --journal wal --steps 150 --pause-us 5000 --hold")),
             rig.writerOutput().constData());
    rig.startRecorder();
    QVERIFY2(rig.waitUntilHolding(), rig.writerOutput().constData());
    QVERIFY2(rig.waitUntilProtected(60'000), rig.recorderOutput().constData());
    QVERIFY2(rig.stopRecorder(), rig.recorderOutput().constData());
    QVERIFY(rig.stopWriters());

    const TraceVerdict verdict = judgeTrace(contents(trace), rig.appFolder());
    qInfo("reads=%d questions=%d", verdict.reads, verdict.questions);
    QVERIFY2(verdict.violations.isEmpty(),
             qPrintable(verdict.violations.mid(0, 10).join(QLatin1Char('\n'))));
    QVERIFY2(verdict.reads > 10, "the recorder was not seen reading: the trace proves nothing");
    for (const QString& name : QDir(rig.appFolder()).entryList(QDir::Files | QDir::Hidden)) {
        QVERIFY2(name == QStringLiteral("data.db") || name.startsWith(QStringLiteral("data.db-")),
                 qPrintable(name));
    }
}

void TestHarmless::recording_quietDatabase_leavesEveryByteAndStamp() {
    Rig rig;
    QVERIFY2(rig.startWriter(words("--seed 4 --journal wal --steps 40 --hold")),
             rig.writerOutput().constData());
    QVERIFY2(rig.waitUntilHolding(), rig.writerOutput().constData());
    const QStringList before = fingerprint(rig.appFolder());
    QVERIFY2(before.size() >= 3, "database, -wal and -shm should be there");
    rig.startRecorder();
    QVERIFY2(rig.waitUntilProtected(60'000), rig.recorderOutput().constData());
    QVERIFY(rig.stopRecorder());
    QCOMPARE(fingerprint(rig.appFolder()), before);
    QVERIFY(rig.stopWriters());
}

void TestHarmless::writerAndReaders_withoutPatience_meetNoBusy_data() {
    QTest::addColumn<bool>("recording");
    QTest::newRow("alone") << false;
    QTest::newRow("recorded") << true;
}

/// How often someone stood in someone's way.
static int meetingsIn(const QByteArray& output) {
    int sum = 0;
    for (const QByteArray& line : output.split('\n')) {
        const auto at = line.indexOf("met=");
        sum += at < 0 ? 0 : line.mid(at + 4).trimmed().toInt();
    }
    return sum;
}

void TestHarmless::writerAndReaders_withoutPatience_meetNoBusy() {
    QFETCH(bool, recording);
    bool given = false;
    const int commits = qEnvironmentVariableIntValue("BUSY_COMMITS", &given);
    const QString steps = QString::number(given ? commits : 10'000);
    Rig rig;
    QVERIFY2(rig.startUnloggedWriter(words("--seed 5 --quiet --busy-timeout 0 --steps") << steps),
             rig.writerOutput().constData());
    for (int i = 0; i < 3; ++i) {
        QVERIFY2(rig.startReader(), rig.writerOutput().constData());
    }
    if (recording) {
        rig.startRecorder();
    }
    QVERIFY(rig.waitForFirstWriter(600'000));
    if (recording) {
        QVERIFY2(rig.waitUntilProtected(60'000), rig.recorderOutput().constData());
        QVERIFY(rig.stopRecorder());
    }
    QVERIFY2(rig.stopWriters(), rig.writerOutput().constData());
    qInfo("%s", rig.writerOutput().constData());
    QCOMPARE(rig.writerOutput().count("met="), 4);
    // Alone, too, the four meet each other now and then: a reader that finds the WAL index half
    // written asks for the writer's lock. A lock of ours would show hundreds of times.
    const int amongThemselves = 3 + steps.toInt() / 20'000;
    QVERIFY2(meetingsIn(rig.writerOutput()) <= amongThemselves, rig.writerOutput().constData());
}

QTEST_GUILESS_MAIN(TestHarmless)
#include "tst_harmless.moc"
