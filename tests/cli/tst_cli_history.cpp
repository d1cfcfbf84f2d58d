// SPDX-License-Identifier: Apache-2.0
// Histories that are not plain: of several computers, with holes, parted in two.
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QtTest>

#include "tests/cli/cli_database.h"

class TestCliHistory final : public QObject {
    Q_OBJECT

private slots:
    void sameIdOnTwoComputers_canBeChosen();
    void timeline_newerChangesOutOfReach_saysSo();

private:
    /// notes.db with `changes` more changes, each in a segment of its own.
    static void recordMore(const CliHome& home, int changes);
    /// Names of the stored segments or snapshots, in order.
    static QStringList objects(const CliHome& home, const char* command);
};

void TestCliHistory::recordMore(const CliHome& home, int changes) {
    record(home);
    for (int i = 0; i < changes; ++i) {
        execute(home.path(text("notes.db")), "INSERT INTO t VALUES('more');");
        record(home);
    }
}

QStringList TestCliHistory::objects(const CliHome& home, const char* command) {
    QStringList names;
    const Ran ran =
        home.run({text(command), text("--json"), text("--replica"), urlOf(home, text("replica"))});
    for (const QJsonValue& each : listOf(ran)) {
        names << each.toObject()[text("object")].toString();
    }
    return names;
}

void TestCliHistory::sameIdOnTwoComputers_canBeChosen() {
    const CliHome home;
    record(home);
    const QString replica = urlOf(home, text("replica"));
    const QJsonObject own =
        listOf(home.run({text("databases"), text("--json"), text("--replica"), replica}))[0]
            .toObject();
    const QString computer = own[text("computerId")].toString();
    const QString id = own[text("databaseId")].toString();
    // What another computer with a copied state folder would have stored.
    QProcess copy;
    copy.start(text("cp"),
               {text("-r"),
                home.path(text("replica/") + computer),
                home.path(text("replica/000000000000000c"))});
    QVERIFY(copy.waitForFinished() && copy.exitCode() == 0);
    const QString description = text("replica/000000000000000c/") + id + text("/database.json");
    QJsonObject info = QJsonDocument::fromJson(home.read(description)).object();
    info[text("computerId")] = text("000000000000000c");
    info[text("computerName")] = text("clone");
    home.write(description, QJsonDocument(info).toJson());

    for (const QString& name : {text("notes.db"), id}) {
        const Ran several =
            home.run({text("timeline"), text("--replica"), replica, text("--database"), name});
        QCOMPARE(several.exit, 2);
        QCOMPARE(several.complaint(), QByteArray());
        QVERIFY2(several.err.contains("clone/notes.db"), several.err);
    }
    const QStringList names = {text("clone/notes.db"),
                               own[text("computerName")].toString() + text("/notes.db"),
                               text("000000000000000c/") + id};
    for (const QString& name : names) {
        const QString out = text("then-%1.db").arg(names.indexOf(name));
        const Ran restored = home.run({text("restore"),
                                       text("--replica"),
                                       replica,
                                       text("--database"),
                                       name,
                                       text("-o"),
                                       out});
        QVERIFY2(restored.exit == 0, restored.err);
        QVERIFY(home.read(out).startsWith("SQLite format 3"));
    }
    // A configured one is this computer's.
    home.makeFolder(text("config/strandline"));
    home.write(text("config/strandline/config.json"),
               "{\"replicas\":[{\"name\":\"r\",\"type\":\"file\",\"path\":\"" +
                   home.path(text("replica")).toUtf8() +
                   "\"}],\"databases\":[{\"name\":\"mine\",\"path\":\"" +
                   home.path(text("notes.db")).toUtf8() + "\",\"replicas\":[\"r\"]}]}");
    const Ran mine = home.run(words(text("snapshots --json --database mine")));
    QVERIFY2(mine.exit == 0, mine.err);
    QVERIFY2(mine.out.contains(computer.toUtf8() + "/"), mine.out);
}

void TestCliHistory::timeline_newerChangesOutOfReach_saysSo() {
    const CliHome home;
    recordMore(home, 3);
    const QStringList segments = objects(home, "segments");
    QCOMPARE(segments.size(), qsizetype{3});
    QVERIFY(QFile::remove(home.path(text("replica/") + segments[1])));
    const QStringList at = {text("--replica"), urlOf(home, text("replica"))};
    for (const QStringList& command : {words(text("timeline")), words(text("timeline --json"))}) {
        const Ran ran = home.run(command + at);
        QCOMPARE(ran.exit, 0);
        QVERIFY2(ran.err.contains("note: Newer changes are stored but cannot be reached"), ran.err);
        QVERIFY(!ran.out.contains("note"));
    }
    const Ran whole = home.run(words(text("timeline --quiet")) + at);
    QCOMPARE(whole.err, QByteArray());
}

QTEST_GUILESS_MAIN(TestCliHistory)
#include "tst_cli_history.moc"
