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
    void timeline_stateFolderThatCannotBeWritten_works();
    void verify_whatCannotBeRestored_fails_data();
    void verify_whatCannotBeRestored_fails();
    void verify_nothingStored_isNoSuccess();
    void restore_numberRecordedTwice_namesBothAndTakesARoot();

private:
    /// notes.db with `changes` more changes, each in a segment of its own.
    static void recordMore(const CliHome& home, int changes);
    static void copyTree(const QString& from, const QString& to);
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

void TestCliHistory::copyTree(const QString& from, const QString& to) {
    QProcess copy;
    copy.start(text("cp"), {text("-a"), from, to});
    if (!copy.waitForFinished() || copy.exitCode() != 0) {
        qFatal("cannot copy");
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
    copyTree(home.path(text("replica/") + computer), home.path(text("replica/000000000000000c")));
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

void TestCliHistory::timeline_stateFolderThatCannotBeWritten_works() {
    const CliHome home;
    record(home);
    // A folder in its place stands for everything that keeps the index from being written.
    home.makeFolder(text("state/strandline/index.sqlite/taken"));
    const Ran ran = home.run({text("timeline"), text("--replica"), urlOf(home, text("replica"))});
    QVERIFY2(ran.exit == 0, ran.err);
    QCOMPARE(ran.err, QByteArray());
}

void TestCliHistory::verify_whatCannotBeRestored_fails_data() {
    QTest::addColumn<QString>("command");
    QTest::addColumn<int>("gone");
    QTest::newRow("every object, no snapshot") << text("verify") << -1;
    QTest::newRow("sample, no snapshot") << text("verify --sample") << -1;
    QTest::newRow("every object, a hole") << text("verify") << 1;
    QTest::newRow("sample, a hole") << text("verify --sample") << 1;
    QTest::newRow("every object, an empty one at the end") << text("verify") << 2;
    QTest::newRow("sample, an empty one at the end") << text("verify --sample") << 2;
}

void TestCliHistory::verify_whatCannotBeRestored_fails() {
    QFETCH(const QString, command);
    QFETCH(const int, gone);
    const CliHome home;
    recordMore(home, 3);
    const QStringList names = objects(home, gone < 0 ? "snapshots" : "segments");
    const QString object = names.at(std::max(gone, 0));
    if (gone == 2) {
        home.write(text("replica/") + object, "");
    } else {
        QVERIFY(QFile::remove(home.path(text("replica/") + object)));
    }
    const QStringList at = {text("--replica"), urlOf(home, text("replica"))};
    const Ran ran = home.run(words(command) + at);
    QCOMPARE(ran.exit, 1);
    QCOMPARE(ran.complaint(), QByteArray());
    const bool nothing = ran.err.contains("nothing of this database can be restored");
    QCOMPARE(nothing, gone < 0);
    const Ran json = home.run(words(command + text(" --json")) + at);
    QCOMPARE(json.exit, 1);
    QVERIFY2(!QJsonDocument::fromJson(json.out).object()[text("error")].isUndefined(), json.out);
}

void TestCliHistory::verify_nothingStored_isNoSuccess() {
    const CliHome home;
    record(home);
    for (const QString& name : objects(home, "snapshots")) {
        QVERIFY(QFile::remove(home.path(text("replica/") + name)));
    }
    const QStringList at = {text("--replica"), urlOf(home, text("replica"))};
    for (const char* command : {"verify", "verify --sample"}) {
        const Ran ran = home.run(words(text(command)) + at);
        QCOMPARE(ran.exit, 3);
        QCOMPARE(ran.complaint(), QByteArray());
        QVERIFY2(ran.err.contains("nothing of notes.db is stored here"), ran.err);
    }
}

void TestCliHistory::restore_numberRecordedTwice_namesBothAndTakesARoot() {
    const CliHome home;
    record(home);
    // Two copies of the state folder and of the replica go on, each with changes of its own; what
    // both stored ends up in one place.
    for (const char* name : {"state", "replica"}) {
        copyTree(home.path(text(name)), home.path(text("older-") + text(name)));
    }
    const QByteArray older = home.read(text("notes.db"));
    recordMore(home, 2);
    for (const char* name : {"state", "replica"}) {
        QVERIFY(QDir().rename(home.path(text(name)), home.path(text("first-") + text(name))));
        QVERIFY(QDir().rename(home.path(text("older-") + text(name)), home.path(text(name))));
    }
    home.write(text("notes.db"), older);
    execute(home.path(text("notes.db")), "INSERT INTO t VALUES('other');");
    record(home);
    copyTree(home.path(text("first-replica/.")), home.path(text("replica")));
    const QStringList at = {text("--replica"), urlOf(home, text("replica"))};
    const QJsonArray timeline = listOf(home.run(words(text("timeline --json")) + at));
    QCOMPARE(timeline.size(), 4);  // 1, twice 2, 3
    const QString out = home.path(text("then.db"));
    const Ran twice = home.run(words(text("restore --tx 2 --json -o ")) + QStringList{out} + at);
    QCOMPARE(twice.exit, 2);
    const QJsonArray candidates = QJsonDocument::fromJson(twice.out)
                                      .object()[text("error")]
                                      .toObject()[text("candidates")]
                                      .toArray();
    QCOMPARE(candidates.size(), 2);
    QVERIFY2(twice.err.contains(" --root "), twice.err);
    for (const QJsonValue& candidate : candidates) {
        const QString point = candidate.toObject()[text("point")].toString();
        const QString root = candidate.toObject()[text("root")].toString();
        const QStringList target = {
            text("--point"), point, text("--root"), root, text("-o"), home.path(root)};
        const Ran one = home.run(QStringList{text("restore")} + target + at);
        QVERIFY2(one.exit == 0, one.err);
    }
    // What was recorded last is the newest, although the other branch has a higher number.
    const Ran newest = home.run(words(text("restore --json -o ")) + QStringList{out} + at);
    QCOMPARE(QJsonDocument::fromJson(newest.out).object()[text("txId")].toInt(), 2);
}

QTEST_GUILESS_MAIN(TestCliHistory)
#include "tst_cli_history.moc"
