// SPDX-License-Identifier: Apache-2.0
// Paths that a person can get wrong: logs where data is, one file under two names, copies where
// none belong, names that nothing can carry.
#include <sys/stat.h>
#include <unistd.h>

#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include "tests/cli/cli_database.h"

class TestCliPaths final : public QObject {
    Q_OBJECT

private slots:
    void logFile_ofSomethingElse_isRefusedAndUntouched_data();
    void logFile_ofSomethingElse_isRefusedAndUntouched();
    void logFile_ofAnEarlierRun_isAppendedTo();
    void replicate_otherSpelling_isTheSameDatabase_data();
    void replicate_otherSpelling_isTheSameDatabase();
    void oneFileUnderTwoNames_isWarnedAbout_data();
    void oneFileUnderTwoNames_isWarnedAbout();
    void replica_whereNoneBelongs_isRefused_data();
    void replica_whereNoneBelongs_isRefused();
    void stateFolder_besideADatabase_isRefused();
    void replica_besideTheDatabase_isWarnedAbout();

private:
    /// A configuration of the databases (name -> path in the home) with one replica.
    static void configure(const CliHome& home,
                          const QMap<QString, QString>& databases,
                          const QString& replica,
                          const QString& shadow = {});
};

void TestCliPaths::configure(const CliHome& home,
                             const QMap<QString, QString>& databases,
                             const QString& replica,
                             const QString& shadow) {
    QJsonArray list;
    for (auto each = databases.begin(); each != databases.end(); ++each) {
        QJsonObject block{{text("name"), each.key()},
                          {text("path"), home.path(each.value())},
                          {text("replicas"), QJsonArray{text("copies")}}};
        if (!shadow.isEmpty()) {
            block[text("shadowDir")] = shadow;
        }
        list.append(block);
    }
    const QJsonObject place{
        {text("name"), text("copies")}, {text("type"), text("file")}, {text("path"), replica}};
    home.makeFolder(text("config/strandline"));
    home.write(
        text("config/strandline/config.json"),
        QJsonDocument(QJsonObject{{text("databases"), list}, {text("replicas"), QJsonArray{place}}})
            .toJson());
}

void TestCliPaths::logFile_ofSomethingElse_isRefusedAndUntouched_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"notes.db",
                             "other.db",
                             "hardlink",
                             "symlink",
                             "notes.db-wal",
                             "other.db-journal",
                             "new.db-wal",
                             "empty.db",
                             "missing.db",
                             "fresh.db",
                             "replica/strandline-replica.json",
                             "replica/object",
                             "replica/new.log",
                             "state/strandline/identity.json",
                             "state/strandline/log.txt",
                             "state/strandline/replicas/x",
                             "config/strandline/config.json",
                             "text",
                             "almost",
                             "folder",
                             "pipe"}) {
        QTest::newRow(name) << name;
    }
}

void TestCliPaths::logFile_ofSomethingElse_isRefusedAndUntouched() {
    QFETCH(QString, name);
    const CliHome home;
    record(home);
    const QString object = listOf(home.run(
        {text("snapshots"), text("--json"), text("--replica"), urlOf(home, text("replica"))}))[0]
                               .toObject()[text("object")]
                               .toString();
    makeDatabase(home.path(text("other.db")));
    home.write(text("notes.db-wal"), "");
    home.write(text("other.db-journal"), "");
    home.write(text("empty.db"), "");
    home.write(text("fresh.db"), "");
    home.write(text("fresh.db-wal"), "");
    home.write(text("text"), "2026-06-14 my diary\n");
    home.write(text("almost"), "2026-06-14T12:02:11.123Z my diary\n");
    home.makeFolder(text("folder"));
    QCOMPARE(::mkfifo(home.path(text("pipe")).toUtf8().constData(), 0600), 0);
    QVERIFY(QFile::link(home.path(text("notes.db")), home.path(text("symlink"))));
    QCOMPARE(::link(home.path(text("other.db")).toUtf8().constData(),
                    home.path(text("hardlink")).toUtf8().constData()),
             0);
    configure(home,
              {{text("empty"), text("empty.db")}, {text("missing"), text("missing.db")}},
              home.path(text("replica")));
    const QByteArray before = home.fingerprint(text("."));
    const QString target = name == text("replica/object") ? text("replica/") + object : name;
    for (const QString& command : {text("status"), text("replicate --once --quiet")}) {
        const Ran ran = home.run(words(command) + QStringList{text("--log-file"), target});
        QCOMPARE(ran.exit, 5);
        QCOMPARE(ran.complaint(), QByteArray());
        QCOMPARE(home.fingerprint(text(".")), before);
    }
}

void TestCliPaths::logFile_ofAnEarlierRun_isAppendedTo() {
    const CliHome home;
    makeDatabase(home.path(text("notes.db")));
    home.makeFolder(text("replica"));
    home.write(text("rotated.txt"), "");
    for (const char* log : {"log.txt", "rotated.txt"}) {
        QByteArray before;
        for (int i = 0; i < 2; ++i) {
            const Ran ran =
                home.run(words(text("replicate --once --quiet --log-level info notes.db")) +
                         QStringList{urlOf(home, text("replica")), text("--log-file"), text(log)});
            QVERIFY2(ran.exit == 0, ran.err);
            const QByteArray now = home.read(text(log));
            QVERIFY2(now.startsWith(before) && now.size() > before.size(), now);
            before = now;
        }
    }

    struct stat facts {};

    QCOMPARE(::stat(home.path(text("log.txt")).toUtf8().constData(), &facts), 0);
    QCOMPARE(facts.st_mode & 0777, mode_t{0600});
}

void TestCliPaths::replicate_otherSpelling_isTheSameDatabase_data() {
    QTest::addColumn<QString>("database");
    QTest::addColumn<QString>("folder");
    QTest::newRow("dot") << "./app/notes.db"
                         << "/replica";
    QTest::newRow("dot dot") << "replica/../app/notes.db"
                             << "/app/../replica";
    QTest::newRow("slashes") << "app//notes.db"
                             << "//replica//";
    QTest::newRow("over a link") << "away/../../app/notes.db"
                                 << "/away/../../replica/.";
    QTest::newRow("absolute") << "/./app/notes.db"
                              << "/./replica";
}

void TestCliPaths::replicate_otherSpelling_isTheSameDatabase() {
    QFETCH(QString, database);
    QFETCH(QString, folder);
    const CliHome home;
    home.makeFolder(text("app"));
    home.makeFolder(text("replica"));
    home.makeFolder(text("elsewhere/deep"));
    // What ".." behind it means is not where the link stands.
    QVERIFY(QFile::link(home.path(text("elsewhere/deep")), home.path(text("away"))));
    makeDatabase(home.path(text("app/notes.db")));
    const QString given =
        database.startsWith(QLatin1Char('/')) ? home.path(QString()) + database : database;
    const QString url = text("file://") + home.path(QString()) + folder;
    const Ran first = home.run(words(text("replicate --once app/notes.db")) +
                               QStringList{urlOf(home, text("replica"))});
    QVERIFY2(first.exit == 0, first.err);
    const Ran second = home.run({text("replicate"), text("--once"), given, url});
    QVERIFY2(second.exit == 0, second.err);
    const Ran found = home.run({text("databases"), text("--json"), text("--replica"), url});
    QCOMPARE(listOf(found).size(), qsizetype{1});
    const Ran status = home.run(words(text("status --json")));
    const QJsonArray known =
        QJsonDocument::fromJson(status.out).object()[text("databases")].toArray();
    QCOMPARE(known.size(), qsizetype{1});
    QCOMPARE(known[0].toObject()[text("path")].toString(), home.path(text("app/notes.db")));
    QCOMPARE(known[0].toObject()[text("replicas")].toArray().size(), qsizetype{1});
}

void TestCliPaths::oneFileUnderTwoNames_isWarnedAbout_data() {
    QTest::addColumn<bool>("hard");
    QTest::newRow("symlink") << false;
    QTest::newRow("hard link") << true;
}

void TestCliPaths::oneFileUnderTwoNames_isWarnedAbout() {
    QFETCH(bool, hard);
    const CliHome home;
    home.makeFolder(text("app"));
    home.makeFolder(text("copies"));
    makeDatabase(home.path(text("app/notes.db")));
    const QByteArray from = home.path(text("app/notes.db")).toUtf8();
    const QByteArray to = home.path(text("app/other.db")).toUtf8();
    QCOMPARE(hard ? ::link(from.constData(), to.constData())
                  : ::symlink(from.constData(), to.constData()),
             0);
    configure(home,
              {{text("one"), text("app/notes.db")}, {text("two"), text("app/other.db")}},
              home.path(text("copies")));
    const auto names = [&](const QByteArray& line) {
        return line.contains("\"one\"") && line.contains(from) && line.contains("\"two\"") &&
               line.contains(to) && line.contains("same file");
    };
    const Ran checked = home.run(words(text("config check --json")));
    QCOMPARE(checked.exit, 0);
    const QJsonArray warnings =
        QJsonDocument::fromJson(checked.out).object()[text("warnings")].toArray();
    QCOMPARE(warnings.size(), qsizetype{1});
    QVERIFY2(names(warnings[0].toString().toUtf8()), checked.out);
    const Ran recorded = home.run(words(text("replicate --once")));
    QVERIFY2(recorded.exit == 0, recorded.err);
    QVERIFY2(names(recorded.err), recorded.err);

    // The same where they were named one after the other.
    const CliHome later;
    later.makeFolder(text("app"));
    later.makeFolder(text("copies"));
    makeDatabase(later.path(text("app/notes.db")));
    QVERIFY(QFile::link(later.path(text("app/notes.db")), later.path(text("app/other.db"))));
    const QString url = urlOf(later, text("copies"));
    const Ran first = later.run({text("replicate"), text("--once"), text("app/notes.db"), url});
    QVERIFY2(!first.err.contains("same file"), first.err);
    const Ran second = later.run({text("replicate"), text("--once"), text("app/other.db"), url});
    QVERIFY2(second.err.contains("same file"), second.err);
    QVERIFY2(second.err.contains(later.path(text("app/notes.db")).toUtf8()), second.err);
}

void TestCliPaths::replica_whereNoneBelongs_isRefused_data() {
    QTest::addColumn<QString>("folder");
    QTest::addColumn<QString>("reason");
    QTest::newRow("root") << "/"
                          << "the root";
    QTest::newRow("home") << "~"
                          << "the home folder";
    QTest::newRow("state folder") << "~/state/strandline"
                                  << "the state folder";
    QTest::newRow("inside the state folder") << "~/state/strandline/x/y"
                                             << "the state folder";
    QTest::newRow("shadow folder") << "~/shadow"
                                   << "a shadow folder";
    QTest::newRow("inside the shadow folder") << "~/shadow/x"
                                              << "a shadow folder";
    QTest::newRow("the database's") << "~/app"
                                    << "the folder of the database";
    QTest::newRow("by another name") << "~/link"
                                     << "the folder of the database";
    QTest::newRow("of what a link leads to") << "~/real"
                                             << "the folder of the database";
}

void TestCliPaths::replica_whereNoneBelongs_isRefused() {
    QFETCH(QString, folder);
    QFETCH(QString, reason);
    const CliHome home;
    home.makeFolder(text("app"));
    home.makeFolder(text("real"));
    makeDatabase(home.path(text("real/notes.db")));
    QVERIFY(QFile::link(home.path(text("real/notes.db")), home.path(text("app/notes.db"))));
    QVERIFY(QFile::link(home.path(text("app")), home.path(text("link"))));
    configure(home, {{text("notes"), text("app/notes.db")}}, folder, home.path(text("shadow")));
    const QByteArray before = home.fingerprint(text("."));
    const QString url = text("file://") + (folder == text("/") ? folder : text("/") + folder);
    for (const QStringList& line :
         {words(text("config check")),
          words(text("replicate --once")),
          words(text("replica test copies")),
          QStringList{text("replica"), text("test"), url},
          QStringList{text("replicate"), text("--once"), text("app/notes.db"), url}}) {
        if (folder.contains(text("shadow")) && line.contains(text("app/notes.db"))) {
            continue;  // it has the usual shadow folder
        }
        const Ran ran = home.run(line);
        QVERIFY2(ran.exit == 5, ran.err + ran.out);
        QCOMPARE(ran.complaint(), QByteArray());
        QVERIFY2(ran.err.contains(reason.toUtf8()), ran.err);
        QCOMPARE(home.fingerprint(text(".")), before);
    }
}

void TestCliPaths::stateFolder_besideADatabase_isRefused() {
    const CliHome home;
    home.makeFolder(text("app"));
    home.makeFolder(text("copies"));
    makeDatabase(home.path(text("app/notes.db")));
    QVERIFY(QFile::link(home.path(text("app")), home.path(text("link"))));
    const QByteArray before = home.fingerprint(text("."));
    for (const QString& folder : {text("app"), text("link"), text("app/")}) {
        const Ran ran = home.run({text("--state-dir"),
                                  home.path(folder),
                                  text("replicate"),
                                  text("--once"),
                                  text("app/notes.db"),
                                  urlOf(home, text("copies"))});
        QVERIFY2(ran.exit == 5, ran.err + ran.out);
        QCOMPARE(ran.complaint(), QByteArray());
        QVERIFY2(ran.err.contains("the state folder cannot be"), ran.err);
        QCOMPARE(home.fingerprint(text(".")), before);
    }
}

void TestCliPaths::replica_besideTheDatabase_isWarnedAbout() {
    const CliHome home;
    home.makeFolder(text("app/copies"));
    makeDatabase(home.path(text("app/notes.db")));
    const Ran ran = home.run(words(text("replicate --once app/notes.db")) +
                             QStringList{urlOf(home, text("app/copies"))});
    QVERIFY2(ran.exit == 0, ran.err);
    QVERIFY2(ran.err.contains("warning: the replica") && ran.err.contains("in one folder"),
             ran.err);
    home.makeFolder(text("elsewhere"));
    const Ran apart = home.run(words(text("replicate --once app/notes.db")) +
                               QStringList{urlOf(home, text("elsewhere"))});
    QVERIFY2(!apart.err.contains("warning"), apart.err);
}

QTEST_GUILESS_MAIN(TestCliPaths)
#include "tst_cli_paths.moc"
