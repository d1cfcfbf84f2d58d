// SPDX-License-Identifier: Apache-2.0
// The program while it records: who asks it, who is refused beside it, how it ends; and the demo.
#include <csignal>
#include <memory>

#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QtTest>

#include "engine/service/control_socket.h"

#include "tests/cli/cli_database.h"

namespace {

constexpr int kPatienceMs = 30000;

}  // namespace

class TestCliEngine final : public QObject {
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void running_status_isAnsweredByIt();
    void running_fileGone_statusSaysWhy();
    void running_secondEngine_isRefused();
    void running_requests_areObeyed();
    void running_unknownDatabase_isCode3();
    void running_stopSignal_endsWithin2s_data();
    void running_stopSignal_endsWithin2s();
    void running_killed_startsAgainAndGoesOn();
    void running_brokenConfiguration_keepsTheOldOne();
    void running_stopRequest_endsIt();
    void stopped_status_isReadFromDiskAndChangesNothing();
    void stopped_statusOfANamedDatabase_isThereToo();
    void events_withJson_areOneObjectALine();
    void demo_short_isGreen();
    void demo_interrupted_is130AndLeavesNothing();

private:
    void startEngine(const QStringList& more = {});
    QJsonObject status() const;
    /// The state of the only database, as the running engine tells it.
    QString state() const;

    std::unique_ptr<CliHome> m_home;
    std::unique_ptr<QProcess> m_engine;
};

void TestCliEngine::init() {
    m_home = std::make_unique<CliHome>();
    execute(m_home->path(text("notes.db")),
            "PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(1);");
    m_home->makeFolder(text("replica"));
    m_home->makeFolder(text("config/strandline"));
    m_home->write(text("config/strandline/config.json"),
                  "{\"replicas\":[{\"name\":\"disk\",\"type\":\"file\",\"path\":\"" +
                      m_home->path(text("replica")).toUtf8() +
                      "\"}],\"databases\":[{\"name\":\"notes\",\"path\":\"" +
                      m_home->path(text("notes.db")).toUtf8() + "\",\"replicas\":[\"disk\"]}]}");
}

void TestCliEngine::cleanup() {
    if (m_engine != nullptr && m_engine->state() != QProcess::NotRunning) {
        m_engine->kill();
        m_engine->waitForFinished();
    }
    m_engine.reset();
}

void TestCliEngine::startEngine(const QStringList& more) {
    m_engine = std::make_unique<QProcess>();
    m_engine->setProcessEnvironment(m_home->environment());
    m_engine->start(QStringLiteral(STRANDLINE_CLI), QStringList{text("replicate")} + more);
    QVERIFY(m_engine->waitForStarted());
    QTRY_COMPARE_WITH_TIMEOUT(state(), text("protected"), kPatienceMs);
}

QJsonObject TestCliEngine::status() const {
    return QJsonDocument::fromJson(m_home->run({text("status"), text("--json")}).out).object();
}

QString TestCliEngine::state() const {
    const QJsonObject found = status();
    return found[text("running")].toBool()
               ? found[text("databases")].toArray()[0].toObject()[text("state")].toString()
               : QString();
}

void TestCliEngine::running_status_isAnsweredByIt() {
    startEngine();
    const QJsonObject found = status();
    QCOMPARE(found[text("pid")].toInteger(), qint64{m_engine->processId()});
    const QJsonObject database = found[text("databases")].toArray()[0].toObject();
    QCOMPARE(database[text("name")].toString(), text("notes"));
    for (const char* key : {"state",
                            "captureMode",
                            "txId",
                            "storedTxId",
                            "lagMs",
                            "pendingBytes",
                            "generation",
                            "lastSnapshotAt",
                            "lastProofAt",
                            "lastError"}) {
        QVERIFY2(database.contains(text(key)), key);
    }
    const Ran human = m_home->run({text("status")});
    QVERIFY2(human.out.contains("notes") && human.out.contains("Protected"), human.out);
}

void TestCliEngine::running_fileGone_statusSaysWhy() {
    startEngine();
    QVERIFY(QFile::rename(m_home->path(text("notes.db")), m_home->path(text("elsewhere.db"))));
    QTRY_COMPARE_WITH_TIMEOUT(state(), text("needsAttention"), kPatienceMs);
    const Ran human = m_home->run({text("status")});
    QVERIFY2(human.out.contains("the file is not there"), human.out);
}

void TestCliEngine::running_secondEngine_isRefused() {
    startEngine();
    const Ran ran = m_home->run({text("replicate"), text("--once")});
    QCOMPARE(ran.exit, 5);
    QCOMPARE(ran.complaint(), QByteArray());
    QVERIFY2(ran.err.contains("process " + QByteArray::number(m_engine->processId())), ran.err);
}

void TestCliEngine::running_requests_areObeyed() {
    startEngine();
    QCOMPARE(m_home->run({text("pause"), text("--for"), text("1h")}).exit, 0);
    QVERIFY(status()[text("paused")].toBool());
    QVERIFY(status()[text("pausedUntil")].isString());
    QCOMPARE(m_home->run({text("resume")}).exit, 0);
    QVERIFY(!status()[text("paused")].toBool(true));
    const Ran snapshot = m_home->run({text("snapshot"), text("notes"), text("--json")});
    QCOMPARE(snapshot.exit, 0);
    QVERIFY(QJsonDocument::fromJson(snapshot.out).object()[text("ok")].toBool());
}

void TestCliEngine::running_unknownDatabase_isCode3() {
    startEngine();
    const Ran ran = m_home->run({text("snapshot"), text("nothing")});
    QCOMPARE(ran.exit, 3);
    QCOMPARE(ran.complaint(), QByteArray());
}

void TestCliEngine::running_stopSignal_endsWithin2s_data() {
    QTest::addColumn<int>("signal");
    QTest::newRow("TERM") << SIGTERM;
    QTest::newRow("INT") << SIGINT;
    QTest::newRow("HUP") << SIGHUP;
}

void TestCliEngine::running_stopSignal_endsWithin2s() {
    QFETCH(int, signal);
    startEngine();
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(::kill(static_cast<pid_t>(m_engine->processId()), signal), 0);
    QVERIFY(m_engine->waitForFinished());
    QVERIFY2(timer.elapsed() < 2000, qPrintable(QString::number(timer.elapsed())));
    QCOMPARE(m_engine->exitStatus(), QProcess::NormalExit);
    QCOMPARE(m_engine->exitCode(), 0);
    QVERIFY(!status()[text("running")].toBool(true));
}

void TestCliEngine::running_killed_startsAgainAndGoesOn() {
    startEngine();
    m_engine->kill();
    QVERIFY(m_engine->waitForFinished());
    QVERIFY(!status()[text("running")].toBool(true));
    execute(m_home->path(text("notes.db")), "INSERT INTO t VALUES(2);");
    startEngine();
    const QByteArray before =
        m_home->run({text("generations"), text("--database"), text("notes"), text("--json")}).out;
    QCOMPARE(QJsonDocument::fromJson(before).array().size(), qsizetype{1});
}

void TestCliEngine::running_brokenConfiguration_keepsTheOldOne() {
    startEngine();
    m_home->write(text("config/strandline/config.json"), "{");
    QTRY_VERIFY_WITH_TIMEOUT(status()[text("configError")].isString(), kPatienceMs);
    QCOMPARE(state(), text("protected"));
}

/// What a window does that takes over.
void TestCliEngine::running_stopRequest_endsIt() {
    startEngine();
    const auto reply =
        engine::askControlSocket(m_home->path(text("state/strandline")).toStdString(),
                                 R"({"version":1,"request":"stop"})",
                                 std::chrono::milliseconds(5000));
    QVERIFY2(reply.ok(), reply.ok() ? "" : reply.error().message.c_str());
    QCOMPARE(reply.value(), std::string(R"({"ok":true})"));
    QElapsedTimer timer;
    timer.start();
    QVERIFY(m_engine->waitForFinished());
    QVERIFY2(timer.elapsed() < 2000, qPrintable(QString::number(timer.elapsed())));
    QCOMPARE(m_engine->exitStatus(), QProcess::NormalExit);
    QCOMPARE(m_engine->exitCode(), 0);
}

void TestCliEngine::stopped_status_isReadFromDiskAndChangesNothing() {
    startEngine();
    const QJsonObject live = status()[text("databases")].toArray()[0].toObject();
    m_engine->kill();
    QVERIFY(m_engine->waitForFinished());
    const QByteArray before = m_home->fingerprint(text("state"));
    const QJsonObject found = status();
    QCOMPARE(found[text("running")].toBool(true), false);
    QCOMPARE(found[text("databases")].toArray().size(), qsizetype{1});
    const QJsonObject database = found[text("databases")].toArray()[0].toObject();
    for (const char* key : {"name", "path", "databaseId", "generation", "txId", "storedTxId"}) {
        QCOMPARE(database[text(key)], live[text(key)]);
    }
    QVERIFY(database[text("lastSnapshotAt")].isString());
    const QJsonObject replica = database[text("replicas")].toArray()[0].toObject();
    QCOMPARE(replica[text("name")].toString(), text("disk"));
    QVERIFY(replica[text("restorable")].toBool());
    QCOMPARE(m_home->fingerprint(text("state")), before);
}

void TestCliEngine::stopped_statusOfANamedDatabase_isThereToo() {
    m_home->write(text("config/strandline/config.json"), "{}");
    const Ran once = m_home->run({text("replicate"),
                                  text("--once"),
                                  m_home->path(text("notes.db")),
                                  text("file://") + m_home->path(text("replica"))});
    QVERIFY2(once.exit == 0, once.err);
    const QByteArray before = m_home->fingerprint(text("state"));
    const QJsonObject database = status()[text("databases")].toArray()[0].toObject();
    QCOMPARE(database[text("name")].toString(), text("notes.db"));
    QCOMPARE(database[text("path")].toString(), m_home->path(text("notes.db")));
    QCOMPARE(database[text("state")].toString(), text("unknown"));
    QVERIFY(database[text("storedTxId")].toInteger() > 0);
    const QJsonObject replica = database[text("replicas")].toArray()[0].toObject();
    QCOMPARE(replica[text("kind")].toString(), text("file"));
    QVERIFY(replica[text("restorable")].toBool());
    const Ran human = m_home->run({text("status")});
    QVERIFY2(human.out.contains("notes.db") && human.out.contains("no engine is running"),
             human.out);
    QVERIFY2(!human.out.contains("nothing stored"), human.out);
    QCOMPARE(m_home->fingerprint(text("state")), before);
}

void TestCliEngine::events_withJson_areOneObjectALine() {
    startEngine({text("--json")});
    QCOMPARE(::kill(static_cast<pid_t>(m_engine->processId()), SIGTERM), 0);
    QVERIFY(m_engine->waitForFinished());
    const QList<QByteArray> lines = m_engine->readAllStandardOutput().trimmed().split('\n');
    for (const QByteArray& line : lines) {
        const QJsonObject event = QJsonDocument::fromJson(line).object();
        QVERIFY2(event.contains(text("event")) && event.contains(text("time")), line);
    }
    QCOMPARE(QJsonDocument::fromJson(lines.last()).object()[text("state")].toString(),
             text("protected"));
}

void TestCliEngine::demo_short_isGreen() {
    const Ran ran = m_home->run({text("demo"),
                                 text("--seconds"),
                                 text("2"),
                                 text("--json"),
                                 text("--keep"),
                                 m_home->path(text("demo"))});
    QVERIFY2(ran.exit == 0, ran.err);
    const QJsonObject report = QJsonDocument::fromJson(ran.out).object();
    QVERIFY(report[text("ok")].toBool());
    QVERIFY(report[text("transactions")].toInt() > 3);
    const QJsonArray moments = report[text("moments")].toArray();
    QCOMPARE(moments.size(), qsizetype{3});
    for (const QJsonValue& moment : moments) {
        QVERIFY2(moment.toObject()[text("equal")].toBool(), ran.out);
        QCOMPARE(moment.toObject()[text("sha256")].toString().size(), qsizetype{64});
    }
    QVERIFY(QFile::exists(m_home->path(text("demo/app/notes.db"))));
    // What is kept is not written over.
    QCOMPARE(m_home->run({text("demo"), text("--keep"), m_home->path(text("demo"))}).exit, 5);
}

void TestCliEngine::demo_interrupted_is130AndLeavesNothing() {
    m_home->makeFolder(text("tmp"));
    QProcessEnvironment environment = m_home->environment();
    environment.insert(text("TMPDIR"), m_home->path(text("tmp")));
    m_engine = std::make_unique<QProcess>();
    m_engine->setProcessEnvironment(environment);
    m_engine->start(QStringLiteral(STRANDLINE_CLI), {text("demo"), text("--seconds"), text("60")});
    const QDir tmp(m_home->path(text("tmp")));
    QTRY_VERIFY_WITH_TIMEOUT(!tmp.entryList(QDir::Dirs | QDir::NoDotAndDotDot).isEmpty(),
                             kPatienceMs);
    QCOMPARE(::kill(static_cast<pid_t>(m_engine->processId()), SIGINT), 0);
    QVERIFY(m_engine->waitForFinished());
    QCOMPARE(m_engine->exitCode(), 130);
    QVERIFY(tmp.entryList(QDir::AllEntries | QDir::NoDotAndDotDot).isEmpty());
}

QTEST_GUILESS_MAIN(TestCliEngine)
#include "tst_cli_engine.moc"
