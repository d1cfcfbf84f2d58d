// SPDX-License-Identifier: Apache-2.0
// What start scripts call: restore --if-not-exists and --if-needed.
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QtTest>

#include "tests/cli/cli_database.h"

class TestCliNeeded final : public QObject {
    Q_OBJECT

private slots:
    void init();
    void missing_isRestored();
    void sound_isLeftAlone();
    void damaged_isRestoredAndKept_data();
    void damaged_isRestoredAndKept();
    void damaged_inUse_isRefused();
    void damaged_noReplica_staysAsItIs();
    void sideFilesWithoutDatabase_areKept();
    void link_staysALink();
    void folder_isRefused();
    void bothOptions_areWrongUse();

private:
    Ran needed(const QStringList& more = {}) const;
    /// Files that begin with "out.db.broken-", without the time.
    QStringList kept() const;
    bool restored() const;

    std::unique_ptr<CliHome> m_home;
};

void TestCliNeeded::init() {
    m_home = std::make_unique<CliHome>();
    record(*m_home);
}

Ran TestCliNeeded::needed(const QStringList& more) const {
    const QStringList command = {text("restore"),
                                 text("--if-needed"),
                                 text("-o"),
                                 m_home->path(text("out.db")),
                                 text("--replica"),
                                 urlOf(*m_home, text("replica"))};
    return m_home->run(command + more);
}

QStringList TestCliNeeded::kept() const {
    QStringList names;
    const QDir folder(m_home->path(text("")));
    for (const QString& name : folder.entryList({text("out.db.broken-*")}, QDir::Files)) {
        const qsizetype dash = name.indexOf(QLatin1Char('-'), text("out.db.broken-").size());
        names << (dash < 0 ? QString() : name.mid(dash));
    }
    return names;
}

bool TestCliNeeded::restored() const {
    return m_home->read(text("out.db")) == m_home->read(text("notes.db"));
}

void TestCliNeeded::missing_isRestored() {
    const Ran ran = needed();
    QVERIFY2(ran.exit == 0, ran.err);
    QVERIFY(restored());
    QCOMPARE(kept().size(), qsizetype{0});
}

void TestCliNeeded::sound_isLeftAlone() {
    makeDatabase(m_home->path(text("out.db")));
    const QByteArray before = m_home->fingerprint(text(""));
    QVERIFY(QDir().rename(m_home->path(text("replica")), m_home->path(text("gone"))));
    const Ran ran = needed({text("--json")});
    QVERIFY(QDir().rename(m_home->path(text("gone")), m_home->path(text("replica"))));
    QVERIFY2(ran.exit == 0, ran.err);
    QCOMPARE(QJsonDocument::fromJson(ran.out).object()[text("restored")], QJsonValue(false));
    QCOMPARE(m_home->fingerprint(text("")), before);
}

void TestCliNeeded::damaged_isRestoredAndKept_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("text") << QByteArray(9000, 'x');
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("cut") << QByteArray("SQLite format 3\0", 16);
}

void TestCliNeeded::damaged_isRestoredAndKept() {
    QFETCH(const QByteArray, bytes);
    m_home->write(text("out.db"), bytes);
    m_home->write(text("out.db-shm"), "shared");
    const Ran ran = needed({text("--json")});
    QVERIFY2(ran.exit == 0, ran.err);
    QVERIFY(restored());
    QCOMPARE(kept(), (QStringList{QString(), text("-shm")}));
    const QJsonObject report = QJsonDocument::fromJson(ran.out).object();
    QFile old(report[text("kept")].toString());
    QVERIFY(old.open(QIODevice::ReadOnly));
    QCOMPARE(old.readAll(), bytes);
    QVERIFY2(ran.err.contains("is no sound database"), ran.err);
    QVERIFY(!QFile::exists(m_home->path(text("out.db-shm"))));
    // And the next start has nothing to do.
    QVERIFY(needed({text("--json")}).out.contains("false"));
}

void TestCliNeeded::damaged_inUse_isRefused() {
    const QByteArray bytes(9000, 'x');
    m_home->write(text("out.db"), bytes);
    QProcess holder;
    holder.setStandardInputFile(m_home->path(text("out.db")));
    holder.start(text("sh"), {text("-c"), text("echo ready; exec sleep 60")});
    QVERIFY(holder.waitForReadyRead());
    const Ran ran = needed();
    holder.kill();
    holder.waitForFinished();
    QCOMPARE(ran.exit, 5);
    QCOMPARE(ran.complaint(), QByteArray());
    QVERIFY2(ran.err.contains("has it open"), ran.err);
    QCOMPARE(m_home->read(text("out.db")), bytes);
}

void TestCliNeeded::damaged_noReplica_staysAsItIs() {
    m_home->write(text("out.db"), "x");
    m_home->write(text("out.db-wal"), "y");
    QVERIFY(QDir().rename(m_home->path(text("replica")), m_home->path(text("gone"))));
    QCOMPARE(needed().exit, 3);
    QCOMPARE(m_home->read(text("out.db")), QByteArray("x"));
    QCOMPARE(m_home->read(text("out.db-wal")), QByteArray("y"));
    QCOMPARE(kept().size(), qsizetype{0});
}

void TestCliNeeded::sideFilesWithoutDatabase_areKept() {
    m_home->write(text("out.db-wal"), "y");
    const Ran ran = needed();
    QVERIFY2(ran.exit == 0, ran.err);
    QVERIFY(restored());
    QCOMPARE(kept(), QStringList{text("-wal")});
}

void TestCliNeeded::link_staysALink() {
    m_home->makeFolder(text("deep"));
    m_home->write(text("deep/real.db"), "x");
    QVERIFY(QFile::link(m_home->path(text("deep/real.db")), m_home->path(text("out.db"))));
    const Ran ran = needed();
    QVERIFY2(ran.exit == 0, ran.err);
    QVERIFY(QFileInfo(m_home->path(text("out.db"))).isSymLink());
    QVERIFY(restored());
    QCOMPARE(QDir(m_home->path(text("deep"))).entryList(QDir::Files).size(), qsizetype{2});
}

void TestCliNeeded::folder_isRefused() {
    m_home->makeFolder(text("out.db"));
    QCOMPARE(needed().exit, 5);
}

void TestCliNeeded::bothOptions_areWrongUse() {
    QCOMPARE(needed({text("--if-not-exists")}).exit, 2);
}

QTEST_GUILESS_MAIN(TestCliNeeded)
#include "tst_cli_needed.moc"
