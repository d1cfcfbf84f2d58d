// SPDX-License-Identifier: Apache-2.0
// A replica, or what is remembered of it, that was hurt, emptied or taken away.
#include <QDirIterator>
#include <QJsonObject>
#include <QtTest>

#include "tests/cli/cli_database.h"

namespace {

constexpr const char* kMarkerFile = "replica/strandline-replica.json";

}  // namespace

class TestCliReplica final : public QObject {
    Q_OBJECT

private slots:
    void init();
    void remembered_damaged_isTakenFromTheReplica_data();
    void remembered_damaged_isTakenFromTheReplica();
    void remembered_damagedAndNoMarker_isAway();
    void remembered_ofAnEarlierVersion_isTaken();
    void marker_lost_isWrittenAgain_data();
    void marker_lost_isWrittenAgain();
    void marker_lostWhereOnlyOthersAre_isAway();
    void folder_empty_isAwayUntilItsFileIsRemoved();

private:
    /// One more change, and what recording it to the replica said.
    Ran recordMore() const;
    /// STATE/replicas/<id>, below the home.
    QString knownFile() const;
    qsizetype points() const;

    std::unique_ptr<CliHome> m_home;
};

void TestCliReplica::init() {
    m_home = std::make_unique<CliHome>();
    record(*m_home);
}

Ran TestCliReplica::recordMore() const {
    execute(m_home->path(text("notes.db")), "INSERT INTO t VALUES('more');");
    return m_home->run({text("replicate"),
                        text("--once"),
                        m_home->path(text("notes.db")),
                        urlOf(*m_home, text("replica"))});
}

QString TestCliReplica::knownFile() const {
    const QStringList files =
        QDir(m_home->path(text("state/strandline/replicas"))).entryList(QDir::Files);
    return files.size() == 1 ? text("state/strandline/replicas/") + files[0] : QString();
}

qsizetype TestCliReplica::points() const {
    return listOf(m_home->run({text("timeline"),
                               text("--json"),
                               text("--replica"),
                               urlOf(*m_home, text("replica"))}))
        .size();
}

void TestCliReplica::remembered_damaged_isTakenFromTheReplica_data() {
    QTest::addColumn<QByteArray>("damaged");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("torn") << QByteArray("0123");
    QTest::newRow("rubbish") << QByteArray("rubbish rubbish!");
    QTest::newRow("zero") << QByteArray("0000000000000000");
    QTest::newRow("long") << QByteArray(5000, 'x');
    QTest::newRow("another id") << QByteArray("flip");
}

void TestCliReplica::remembered_damaged_isTakenFromTheReplica() {
    QFETCH(QByteArray, damaged);
    const QByteArray before = m_home->read(knownFile());
    if (damaged == "flip") {
        damaged = before;
        damaged[3] = damaged[3] == '0' ? '1' : '0';
    }
    m_home->write(knownFile(), damaged);
    const Ran ran = recordMore();
    QVERIFY2(ran.exit == 0, ran.err);
    QVERIFY2(ran.err.contains(" warning pipeline: remembered replica damaged"), ran.err);
    QCOMPARE(m_home->read(knownFile()), before);
    QCOMPARE(points(), qsizetype{2});
    const Ran again = recordMore();
    QVERIFY2(again.exit == 0 && !again.err.contains("damaged"), again.err);
}

void TestCliReplica::remembered_damagedAndNoMarker_isAway() {
    m_home->write(knownFile(), "rubbish");
    QVERIFY(QFile::remove(m_home->path(text(kMarkerFile))));
    const QByteArray before = m_home->fingerprint(text("replica"));
    const Ran ran = recordMore();
    QVERIFY2(ran.exit == 1, ran.err);
    QVERIFY2(ran.err.contains("remove " + m_home->path(knownFile()).toUtf8()), ran.err);
    QCOMPARE(m_home->fingerprint(text("replica")), before);
}

void TestCliReplica::remembered_ofAnEarlierVersion_isTaken() {
    const QByteArray before = m_home->read(knownFile());
    m_home->write(knownFile(), before.left(16));
    const Ran ran = recordMore();
    QVERIFY2(ran.exit == 0 && !ran.err.contains("warning pipeline"), ran.err);
    QCOMPARE(m_home->read(knownFile()), before);
}

void TestCliReplica::marker_lost_isWrittenAgain_data() {
    QTest::addColumn<bool>("there");
    QTest::newRow("missing") << false;
    QTest::newRow("damaged") << true;
}

void TestCliReplica::marker_lost_isWrittenAgain() {
    QFETCH(bool, there);
    const QByteArray known = m_home->read(knownFile());
    QVERIFY(QFile::remove(m_home->path(text(kMarkerFile))));
    if (there) {
        m_home->write(text(kMarkerFile), "rubbish");
    }
    const Ran ran = recordMore();
    QVERIFY2(ran.exit == 0, ran.err);
    QVERIFY2(ran.err.contains(" warning pipeline: marker lost"), ran.err);
    QVERIFY(m_home->read(text(kMarkerFile)).contains(known.left(16)));
    QCOMPARE(m_home->read(knownFile()), known);
    QCOMPARE(points(), qsizetype{2});
}

/// Another drive, with the copies of another computer on it, in the place of ours.
void TestCliReplica::marker_lostWhereOnlyOthersAre_isAway() {
    const CliHome other;
    record(other);
    QVERIFY(QDir(m_home->path(text("replica"))).removeRecursively());
    QVERIFY(QDir().rename(other.path(text("replica")), m_home->path(text("replica"))));
    QVERIFY(QFile::remove(m_home->path(text(kMarkerFile))));
    const QByteArray before = m_home->fingerprint(text("replica"));
    const Ran ran = recordMore();
    QVERIFY2(ran.exit == 1, ran.err);
    QVERIFY2(ran.err.contains("its marker is missing"), ran.err);
    QCOMPARE(m_home->fingerprint(text("replica")), before);
}

void TestCliReplica::folder_empty_isAwayUntilItsFileIsRemoved() {
    QVERIFY(QDir(m_home->path(text("replica"))).removeRecursively());
    m_home->makeFolder(text("replica"));
    const Ran refused = recordMore();
    QVERIFY2(refused.exit == 1, refused.err);
    const QByteArray advice = "remove " + m_home->path(knownFile()).toUtf8();
    QVERIFY2(refused.err.contains(advice), refused.err);
    QCOMPARE(m_home->fingerprint(text("replica")), QByteArray());
    QVERIFY(QDir(m_home->path(text("replica"))).removeRecursively());
    QVERIFY2(recordMore().err.contains(advice), "the folder itself is gone");
    QVERIFY(QFile::remove(m_home->path(knownFile())));
    const Ran anew = recordMore();
    QVERIFY2(anew.exit == 0, anew.err);
    const Ran restored = m_home->run({text("restore"),
                                      text("--replica"),
                                      urlOf(*m_home, text("replica")),
                                      text("-o"),
                                      text("then.db")});
    QVERIFY2(restored.exit == 0, restored.err);
}

QTEST_GUILESS_MAIN(TestCliReplica)
#include "tst_cli_replica.moc"
