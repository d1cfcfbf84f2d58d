// SPDX-License-Identifier: Apache-2.0
// Inputs that are not what they should be, and the whole round with inputs that are: one clear
// error each, the right exit code, nothing changed.
#include <sys/stat.h>
#include <unistd.h>

#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include "tests/cli/cli_database.h"

class TestCliInput final : public QObject {
    Q_OBJECT

private slots:
    void replicate_strangeSource_isRefused_data();
    void replicate_strangeSource_isRefused();
    void replicate_unreadableSource_isRefused_data();
    void replicate_unreadableSource_isRefused();
    void replicate_nameThatIsNotUtf8_isRefused();
    void replicate_knownReplicaGone_failsAndStaysGone();
    void replicate_sameReplicaTwice_isRefused();
    void probe_strangeFiles_endCleanly_data();
    void probe_strangeFiles_endCleanly();
    void round_replicateOnceAndRestore_isTheSameFile();
    void restore_existingOutput_isRefused_data();
    void restore_existingOutput_isRefused();
    void restore_ifNotExists_isDoneAtOnce();
    void restore_ifNotExists_countsFilesOnly_data();
    void restore_ifNotExists_countsFilesOnly();
    void restore_longNames_data();
    void restore_longNames();
    void restore_missingThings_areCode3_data();
    void restore_missingThings_areCode3();
    void restore_missingFolder_fails();
    void restore_damagedSegment_namesTheNearestPoint();
    void replicaTest_failure_isOneDocument();
    void quietAndLogOptions_areObeyed();
    void history_damagedReplica_isNamed();
};

void TestCliInput::replicate_strangeSource_isRefused_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("exit");
    QTest::addColumn<QString>("reason");
    QTest::newRow("text") << "text" << 2 << "not a SQLite database";
    QTest::newRow("almost") << "almost" << 2 << "not a SQLite database";
    QTest::newRow("one byte") << "byte" << 2 << "not a SQLite database";
    QTest::newRow("empty") << "empty" << 2 << "is empty";
    QTest::newRow("folder") << "folder" << 2 << "is a folder";
    QTest::newRow("pipe") << "pipe" << 2 << "is a pipe";
    QTest::newRow("device") << "/dev/null" << 2 << "is a device";
    QTest::newRow("missing") << "missing" << 3 << "No such file";
    QTest::newRow("dangling link") << "dangling" << 3 << "No such file";
    QTest::newRow("link to itself") << "loop" << 2 << "symbolic link";
    QTest::newRow("below a file") << "text/x.db" << 3 << "Not a directory";
    QTest::newRow("name too long") << QString(300, QLatin1Char('n')) << 2 << "name too long";
}

void TestCliInput::replicate_strangeSource_isRefused() {
    QFETCH(QString, name);
    QFETCH(int, exit);
    QFETCH(QString, reason);
    const CliHome home;
    home.makeFolder(text("app/folder"));
    home.makeFolder(text("replica"));
    home.write(text("app/text"), "these are my notes, not a database\n");
    home.write(text("app/almost"), QByteArray("SQLite format 4\0", 16) + QByteArray(4080, '\0'));
    home.write(text("app/byte"), "S");
    home.write(text("app/empty"), "");
    QCOMPARE(::mkfifo(home.path(text("app/pipe")).toUtf8().constData(), 0600), 0);
    QCOMPARE(::symlink("nowhere", home.path(text("app/dangling")).toUtf8().constData()), 0);
    QCOMPARE(::symlink("loop", home.path(text("app/loop")).toUtf8().constData()), 0);
    const QByteArray before = home.fingerprint(text("app"));
    const QString path = name.startsWith(QLatin1Char('/')) ? name : home.path(text("app/") + name);
    const Ran ran = home.run(
        {text("replicate"), text("--once"), path, text("file://") + home.path(text("replica"))});
    QVERIFY2(ran.exit == exit, ran.err);
    QCOMPARE(ran.complaint(), QByteArray());
    QVERIFY2(ran.err.contains(reason.toUtf8()), ran.err);
    QCOMPARE(home.fingerprint(text("app")), before);
    QCOMPARE(home.fingerprint(text("replica")), QByteArray());
    QVERIFY(!QFile::exists(home.path(text("state"))));
}

void TestCliInput::replicate_unreadableSource_isRefused_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"secret.db", "secret.db-wal", "secret.db-shm", "secret.db-journal"}) {
        QTest::newRow(name) << name;
    }
}

void TestCliInput::replicate_unreadableSource_isRefused() {
    QFETCH(QString, name);
    const CliHome home;
    makeDatabase(home.path(text("secret.db")));
    for (const char* folder : {"state", "replica", "run"}) {
        home.makeFolder(text(folder));
        QCOMPARE(::chmod(home.path(text(folder)).toUtf8().constData(), 0777), 0);
    }
    for (const char* file : {"secret.db", "secret.db-wal", "secret.db-shm", "secret.db-journal"}) {
        if (file != text("secret.db")) {
            home.write(text(file), "");
        }
        QCOMPARE(::chmod(home.path(text(file)).toUtf8().constData(), 0644), 0);
    }
    QCOMPARE(::chmod(home.path(name).toUtf8().constData(), ::geteuid() == 0 ? 0600 : 0), 0);
    for (const char* link : {"", "link"}) {
        const QString path = home.path(*link == '\0' ? text("secret.db") : text(link));
        if (*link != '\0') {
            QVERIFY(QFile::link(home.path(text("secret.db")), path));
        }
        const Ran ran = home.runUnprivileged(
            {text("replicate"), text("--once"), path, urlOf(home, text("replica"))});
        if (ran.exit == -1 || ran.err.contains("setpriv")) {
            QSKIP("cannot become another user here");
        }
        QVERIFY2(ran.exit == 1, ran.err);
        QCOMPARE(ran.complaint(), QByteArray());
        QVERIFY2(ran.err.contains("Permission denied"), ran.err);
        QVERIFY2(ran.err.contains("nothing is being recorded"), ran.err);
        const Ran probed = home.runUnprivileged({text("probe"), text("--json"), path});
        const QJsonObject facts = listOf(probed)[0].toObject();
        QVERIFY2(!facts[text("protectable")].toBool(true), probed.out);
    }
    QVERIFY(!QFile::exists(home.path(text("state/strandline"))));
}

/// JSON cannot carry it: refused by its cause, and a symlink is a way out.
void TestCliInput::replicate_nameThatIsNotUtf8_isRefused() {
    const CliHome home;
    makeDatabase(home.path(text("notes.db")));
    const QByteArray name = home.path(text("caf")).toUtf8() + "\xe9.db";
    QCOMPARE(::rename(home.path(text("notes.db")).toUtf8().constData(), name.constData()), 0);
    QCOMPARE(::symlink(name.constData(), home.path(text("link.db")).toUtf8().constData()), 0);
    home.makeFolder(text("replica"));
    // QProcess gives arguments as UTF-8, the shell gives them as they are.
    const auto shell = [&](const QByteArray& command) {
        return home.runShell("'" STRANDLINE_CLI "' " + command);
    };
    const QByteArray url = urlOf(home, text("replica")).toUtf8();
    const Ran refused = shell("replicate --once \"$(printf '" + home.path(text("caf")).toUtf8() +
                              "\\351.db')\" " + url);
    QVERIFY2(refused.exit == 2, refused.err);
    QCOMPARE(refused.complaint(), QByteArray());
    QVERIFY2(refused.err.contains("not UTF-8"), refused.err);
    QVERIFY(!QFile::exists(home.path(text("state"))));
    const Ran probed =
        shell("probe --json \"$(printf '" + home.path(text("caf")).toUtf8() + "\\351.db')\"");
    const QJsonObject facts = listOf(probed)[0].toObject();
    QVERIFY2(facts[text("problem")].toString().contains(text("not UTF-8")), probed.out);
    const Ran linked = shell("replicate --once link.db " + url);
    QVERIFY2(linked.exit == 0, linked.err);
    QCOMPARE(::unlink(name.constData()), 0);  // which the temporary folder cannot name
}

/// Once this computer knows a replica, an empty mount point stays empty.
void TestCliInput::replicate_knownReplicaGone_failsAndStaysGone() {
    const CliHome home;
    record(home);
    QVERIFY(QDir(home.path(text("replica"))).removeRecursively());
    const Ran ran = home.run({text("replicate"),
                              text("--once"),
                              home.path(text("notes.db")),
                              text("file://") + home.path(text("replica"))});
    QVERIFY2(ran.exit == 1, ran.err);
    const QByteArray last = ran.err.trimmed().split('\n').last();
    QVERIFY2(last.startsWith("error: "), ran.err);
    QVERIFY(!QFile::exists(home.path(text("replica"))));
}

void TestCliInput::replicate_sameReplicaTwice_isRefused() {
    const CliHome home;
    makeDatabase(home.path(text("notes.db")));
    const Ran ran = home.run(words(text("replicate --once notes.db file:///r file:///r/")));
    QCOMPARE(ran.exit, 2);
    QCOMPARE(ran.complaint(), QByteArray());
    QVERIFY2(ran.err.contains("twice"), ran.err);
}

void TestCliInput::probe_strangeFiles_endCleanly_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"text", "empty", "folder", "pipe", "/dev/null", "missing"}) {
        QTest::newRow(name) << name;
    }
}

/// A probe may say what such a file is, or that it cannot; it must not hang, crash or touch it.
void TestCliInput::probe_strangeFiles_endCleanly() {
    QFETCH(QString, name);
    const CliHome home;
    home.makeFolder(text("app/folder"));
    home.write(text("app/text"), "these are my notes\n");
    home.write(text("app/empty"), "");
    QCOMPARE(::mkfifo(home.path(text("app/pipe")).toUtf8().constData(), 0600), 0);
    const QByteArray before = home.fingerprint(text("app"));
    const Ran ran = home.run(
        {text("probe"), name.startsWith(QLatin1Char('/')) ? name : home.path(text("app/") + name)});
    QVERIFY2(ran.exit >= 0 && ran.exit <= 3, ran.err);
    QVERIFY2(ran.exit == 0 || ran.complaint().isEmpty(), ran.err);
    QCOMPARE(ran.exit == 3, name == text("missing"));
    QVERIFY(ran.exit != 0 || !ran.out.isEmpty());
    QCOMPARE(home.fingerprint(text("app")), before);
}

void TestCliInput::round_replicateOnceAndRestore_isTheSameFile() {
    const CliHome home;
    record(home);
    const QString replica = text("file://") + home.path(text("replica"));

    const Ran databases = home.run({text("databases"), text("--json"), text("--replica"), replica});
    QCOMPARE(databases.exit, 0);
    QCOMPARE(listOf(databases).size(), 1);
    QCOMPARE(listOf(databases)[0].toObject()[text("name")].toString(), text("notes.db"));

    const Ran timeline = home.run({text("timeline"), text("--json"), text("--replica"), replica});
    QCOMPARE(timeline.exit, 0);
    const QJsonArray points = listOf(timeline);
    QVERIFY2(!points.isEmpty(), timeline.out);
    const QJsonObject last = points.last().toObject();
    for (const char* key : {"txId", "time", "generation", "kind", "bytes"}) {
        QVERIFY2(last.contains(text(key)), key);
    }
    for (const char* command : {"generations", "snapshots", "segments", "timeline", "verify"}) {
        const Ran human = home.run(
            {text(command), text("--replica"), replica, text("--database"), text("notes.db")});
        QVERIFY2(human.exit == 0, human.err);
        QVERIFY(!human.out.isEmpty());
    }

    const QString point = last[text("generation")].toString() + QLatin1Char(':') +
                          QString::number(last[text("txId")].toInteger());
    const Ran restored = home.run({text("restore"),
                                   text("--replica"),
                                   replica,
                                   text("--point"),
                                   point,
                                   text("-o"),
                                   text("then.db"),
                                   text("--json")});
    QVERIFY2(restored.exit == 0, restored.err);
    QCOMPARE(QJsonDocument::fromJson(restored.out).object()[text("point")].toString(), point);
    const QByteArray image = home.read(text("then.db"));
    QVERIFY(image.startsWith("SQLite format 3"));
    QCOMPARE(image.size(), qsizetype{home.read(text("notes.db")).size()});

    struct stat facts {};

    QCOMPARE(::stat(home.path(text("then.db")).toUtf8().constData(), &facts), 0);
    QCOMPARE(facts.st_mode & 0077, mode_t{0});

    const Ran named = home.run(
        {text("inspect"),
         text("--replica"),
         replica,
         listOf(home.run({text("snapshots"), text("--json"), text("--replica"), replica}))[0]
             .toObject()[text("object")]
             .toString()});
    QVERIFY2(named.exit == 0, named.err);
    QVERIFY(QJsonDocument::fromJson(named.out).isObject());
}

void TestCliInput::restore_existingOutput_isRefused_data() {
    QTest::addColumn<QString>("name");
    QTest::newRow("a file") << "then.db";
    QTest::newRow("a folder") << "folder";
    QTest::newRow("a dangling link") << "dangling";
    QTest::newRow("a WAL of an earlier one") << "other.db";
}

void TestCliInput::restore_existingOutput_isRefused() {
    QFETCH(QString, name);
    const CliHome home;
    home.makeFolder(text("folder"));
    home.write(text("then.db"), "precious");
    home.write(text("other.db-wal"), "stale");
    QCOMPARE(::symlink("nowhere", home.path(text("dangling")).toUtf8().constData()), 0);
    const QByteArray before = home.fingerprint(text("."));
    // Refused before the replica is even looked at.
    const Ran ran =
        home.run({text("restore"), text("--replica"), text("file:///nowhere"), text("-o"), name});
    QCOMPARE(ran.exit, 5);
    QCOMPARE(ran.complaint(), QByteArray());
    QCOMPARE(home.fingerprint(text(".")), before);
}

void TestCliInput::restore_ifNotExists_isDoneAtOnce() {
    const CliHome home;
    home.write(text("then.db"), "precious");
    const Ran ran =
        home.run(words(text("restore --if-not-exists --replica file:///nowhere -o then.db")));
    QCOMPARE(ran.exit, 0);
    QCOMPARE(home.read(text("then.db")), QByteArray("precious"));
}

void TestCliInput::restore_ifNotExists_countsFilesOnly_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("exit");
    QTest::newRow("folder") << "folder" << 5;
    QTest::newRow("dangling link") << "dangling" << 5;
    QTest::newRow("link to a folder") << "shelf" << 5;
    QTest::newRow("pipe") << "pipe" << 5;
    QTest::newRow("link to a file") << "link" << 0;
    QTest::newRow("nothing") << "nothing" << 0;
}

void TestCliInput::restore_ifNotExists_countsFilesOnly() {
    QFETCH(QString, name);
    QFETCH(int, exit);
    const CliHome home;
    record(home);
    home.makeFolder(text("folder"));
    home.write(text("file"), "precious");
    for (const auto& [to, link] :
         {std::pair("nowhere", "dangling"), {"folder", "shelf"}, {"file", "link"}}) {
        QCOMPARE(::symlink(to, home.path(text(link)).toUtf8().constData()), 0);
    }
    QCOMPARE(::mkfifo(home.path(text("pipe")).toUtf8().constData(), 0600), 0);
    const Ran ran = home.run({text("restore"),
                              text("--if-not-exists"),
                              text("--replica"),
                              urlOf(home, text("replica")),
                              text("-o"),
                              name});
    QVERIFY2(ran.exit == exit, ran.err);
    QVERIFY(exit == 0 || ran.complaint().isEmpty());
    QVERIFY(!QFile::exists(home.path(text("nowhere"))));
    QCOMPARE(home.read(text("file")), QByteArray("precious"));
    QCOMPARE(QFile::exists(home.path(text("nothing"))), name == text("nothing"));
}

void TestCliInput::restore_longNames_data() {
    QTest::addColumn<int>("bytes");
    QTest::addColumn<int>("exit");
    for (const int bytes : {200, 221, 222, 247, 248, 255, 256}) {
        QTest::addRow("%d bytes", bytes) << bytes << (bytes <= 247 ? 0 : 2);
    }
}

/// SQLite needs 8 bytes more for the names beside a database.
void TestCliInput::restore_longNames() {
    QFETCH(int, bytes);
    QFETCH(int, exit);
    const CliHome home;
    record(home);
    const QString name = QString(bytes - 3, QLatin1Char('n')) + text(".db");
    const Ran ran = home.run(
        {text("restore"), text("--replica"), urlOf(home, text("replica")), text("-o"), name});
    QVERIFY2(ran.exit == exit, ran.err);
    QVERIFY2(exit == 0 || (ran.complaint().isEmpty() && ran.err.contains("is too long")), ran.err);
    QCOMPARE(QFile::exists(home.path(name)), exit == 0);
    QCOMPARE(QDir(home.path(QString())).entryList({text(".*part")}, QDir::Hidden | QDir::Files),
             QStringList());
}

void TestCliInput::restore_missingThings_areCode3_data() {
    QTest::addColumn<QString>("arguments");
    QTest::newRow("transaction") << "--tx 999999";
    QTest::newRow("before the beginning") << "--at 2001-01-01T00:00:00Z";
    QTest::newRow("generation") << "--generation 00000000deadbeef";
    QTest::newRow("point") << "--point 00000000deadbeef:1";
    QTest::newRow("database") << "--database nothing";
    QTest::newRow("database id") << "--database 0123456789abcdef";
}

void TestCliInput::restore_missingThings_areCode3() {
    QFETCH(QString, arguments);
    const CliHome home;
    record(home);
    const Ran ran = home.run(QStringList{text("restore"),
                                         text("--json"),
                                         text("--replica"),
                                         text("file://") + home.path(text("replica")),
                                         text("-o"),
                                         text("then.db")} +
                             words(arguments));
    QVERIFY2(ran.exit == 3, ran.err);
    QVERIFY2(ran.err.startsWith("error: "), ran.err);
    const QJsonObject error = QJsonDocument::fromJson(ran.out).object()[text("error")].toObject();
    QCOMPARE(error[text("code")].toString(), text("notFound"));
    QVERIFY(!QFile::exists(home.path(text("then.db"))));
}

void TestCliInput::restore_missingFolder_fails() {
    const CliHome home;
    record(home);
    const Ran ran = home.run({text("restore"),
                              text("--replica"),
                              text("file://") + home.path(text("replica")),
                              text("-o"),
                              text("no/such/folder/then.db")});
    QVERIFY2(ran.exit == 1 || ran.exit == 3, ran.err);
    QCOMPARE(ran.complaint(), QByteArray());
    QVERIFY(!QFile::exists(home.path(text("no"))));
}

void TestCliInput::restore_damagedSegment_namesTheNearestPoint() {
    const CliHome home;
    record(home);
    execute(home.path(text("notes.db")), "INSERT INTO t VALUES('two');");
    const QString replica = text("file://") + home.path(text("replica"));
    const Ran again =
        home.run({text("replicate"), text("--once"), home.path(text("notes.db")), replica});
    QVERIFY2(again.exit == 0, again.err);
    const QJsonArray segments =
        listOf(home.run({text("segments"), text("--json"), text("--replica"), replica}));
    QCOMPARE(segments.size(), qsizetype{1});
    const QString object = segments[0].toObject()[text("object")].toString();
    const QByteArray bytes = home.read(text("replica/") + object);
    home.write(text("replica/") + object, bytes.left(bytes.size() - 1));
    const Ran ran = home.run({text("restore"),
                              text("--json"),
                              text("--replica"),
                              replica,
                              text("--tx"),
                              text("2"),
                              text("-o"),
                              text("then.db")});
    QVERIFY2(ran.exit == 1 || ran.exit == 3, ran.err);
    const QJsonObject error = QJsonDocument::fromJson(ran.out).object()[text("error")].toObject();
    const QString fix = error[text("fix")].toString();
    const QString point = fix.section(text("--point "), 1).section(QLatin1Char(' '), 0, 0);
    QVERIFY2(point.endsWith(text(":1")), ran.out);
    const Ran taken = home.run({text("restore"),
                                text("--replica"),
                                replica,
                                text("--point"),
                                point,
                                text("-o"),
                                text("then.db")});
    QVERIFY2(taken.exit == 0, taken.err);
}

void TestCliInput::replicaTest_failure_isOneDocument() {
    const CliHome home;
    const Ran ran = home.run(words(text("replica test file:///no/such/folder --json")));
    QCOMPARE(ran.exit, 1);
    const QJsonObject found = QJsonDocument::fromJson(ran.out).object();
    QVERIFY2(found.contains(text("error")), ran.out);
    const QJsonObject step = found[text("result")].toArray().last().toObject();
    QCOMPARE(step[text("ok")].toBool(true), false);
    QVERIFY(!step[text("fix")].toString().isEmpty());
    home.makeFolder(text("replica"));
    const Ran good = home.run({text("replica"),
                               text("test"),
                               text("file://") + home.path(text("replica")),
                               text("--json")});
    QCOMPARE(good.exit, 0);
    QVERIFY2(listOf(good).size() >= 5, good.out);
}

void TestCliInput::quietAndLogOptions_areObeyed() {
    const CliHome home;
    makeDatabase(home.path(text("notes.db")));
    home.makeFolder(text("replica"));
    const QString replica = text("file://") + home.path(text("replica"));
    const QStringList once = {text("replicate"), text("--once"), text("notes.db"), replica};
    const Ran quiet = home.run(once + QStringList{text("--quiet")});
    QCOMPARE(quiet.exit, 0);
    QCOMPARE(quiet.out + quiet.err, QByteArray());
    const Ran logged = home.run(once + words(text("--log-level debug --log-file log.txt")));
    QCOMPARE(logged.exit, 0);
    QVERIFY2(!logged.err.contains(" debug "), logged.err);
    QVERIFY2(home.read(text("log.txt")).contains(" info service: "), home.read(text("log.txt")));

    struct stat facts {};

    QCOMPARE(::stat(home.path(text("log.txt")).toUtf8().constData(), &facts), 0);
    QCOMPARE(facts.st_mode & 0077, mode_t{0});
}

void TestCliInput::history_damagedReplica_isNamed() {
    const CliHome home;
    record(home);
    const QString replica = text("file://") + home.path(text("replica"));
    const QString object =
        listOf(home.run({text("snapshots"), text("--json"), text("--replica"), replica}))[0]
            .toObject()[text("object")]
            .toString();
    QByteArray bytes = home.read(text("replica/") + object);
    QVERIFY(bytes.size() > 200);
    const qsizetype middle = bytes.size() / 2;
    bytes[middle] = static_cast<char>(~bytes[middle]);
    home.write(text("replica/") + object, bytes);
    const Ran verified = home.run({text("verify"), text("--replica"), replica});
    QVERIFY2(verified.exit == 1, verified.err);
    QCOMPARE(verified.complaint(), QByteArray());
    QVERIFY2(verified.out.contains(object.toUtf8()), verified.out);
    // One document: what was found, and the error beside it.
    const Ran asJson = home.run({text("verify"), text("--json"), text("--replica"), replica});
    QVERIFY2(asJson.exit == 1, asJson.err);
    const QJsonObject report = QJsonDocument::fromJson(asJson.out).object();
    QCOMPARE(report[text("error")].toObject()[text("code")].toString(), text("corruption"));
    QCOMPARE(report[text("damaged")].toArray()[0].toObject()[text("object")].toString(), object);
    const Ran sampled =
        home.run({text("verify"), text("--sample"), text("--json"), text("--replica"), replica});
    QVERIFY2(!QJsonDocument::fromJson(sampled.out).isNull(), sampled.out);
    QVERIFY(sampled.exit == 1 || sampled.exit == 3);
    const Ran restored =
        home.run({text("restore"), text("--replica"), replica, text("-o"), text("then.db")});
    QVERIFY2(restored.exit == 1 || restored.exit == 3, restored.err);
    QVERIFY(!QFile::exists(home.path(text("then.db"))));
}

QTEST_GUILESS_MAIN(TestCliInput)
#include "tst_cli_input.moc"
