// SPDX-License-Identifier: Apache-2.0
// A running engine: real SQLite files in another process, folders as replicas, its real socket.
#include <memory>

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QtTest>

#include "engine/api/engine.h"
#include "engine/service/control_socket.h"

#include "tests/support/writer_process.h"

using namespace engine;

namespace {

constexpr int kSoonMs = 30'000;

QString text(const char* ascii) {
    return QString::fromLatin1(ascii);
}

/// A place with two apps, of which "notes" is recorded to the folder "disk".
class Place {
public:
    Place()
        : m_notes(path("notes.db"))
        , m_tasks(path("tasks.db")) {
        for (WriterProcess* app : {&m_notes, &m_tasks}) {
            app->ok("PRAGMA journal_mode=WAL");
            app->ok("CREATE TABLE t(x)");
            app->ok("INSERT INTO t VALUES('first')");
        }
        QDir().mkpath(path("disk"));
        configure({text("notes")});
    }

    QString path(const char* name) const { return m_folder.filePath(text(name)); }

    WriterProcess& notes() { return m_notes; }

    /// The databases of the configuration; more: further fields of the replica.
    void configure(const QStringList& names, const QJsonObject& more = {}) const {
        QJsonArray databases;
        for (const QString& name : names) {
            const QString file = m_folder.filePath(name + text(".db"));
            databases.append(QJsonObject{{text("name"), name},
                                         {text("path"), file},
                                         {text("replicas"), QJsonArray{text("disk")}}});
        }
        QJsonObject replica = more;
        replica.insert(text("name"), text("disk"));
        replica.insert(text("type"), text("file"));
        replica.insert(text("path"), path("disk"));
        write(QJsonDocument(QJsonObject{{text("replicas"), QJsonArray{replica}},
                                        {text("databases"), databases}})
                  .toJson());
    }

    void write(const QByteArray& config) const {
        QFile file(path("config.json"));
        if (!file.open(QIODevice::WriteOnly) || file.write(config) != config.size()) {
            qFatal("cannot write the configuration");
        }
    }

    EngineOptions options() const {
        EngineOptions options;
        options.configPath = path("config.json").toStdString();
        options.stateDir = path("state").toStdString();
        return options;
    }

    std::unique_ptr<Engine> start() const {
        Result<std::unique_ptr<Engine>> engine = Engine::open(options());
        if (!engine.ok() || !engine.value()->start().ok()) {
            qFatal("the engine did not start");
        }
        return std::move(engine).value();
    }

    std::string ask(const std::string& request) const {
        const Result<std::string> reply = askRunningEngine(options().stateDir, request);
        return reply.ok() ? reply.value() : "no answer: " + reply.error().message;
    }

private:
    QTemporaryDir m_folder;
    WriterProcess m_notes;
    WriterProcess m_tasks;
};

ProtectionState stateOf(const Engine& engine, std::size_t index = 0) {
    const StatusPtr status = engine.status();
    return index < status->databases.size() ? status->databases[index].state
                                            : ProtectionState::Unknown;
}

std::uint64_t storedTx(const Engine& engine) {
    const StatusPtr status = engine.status();
    return status->databases.empty() ? 0 : status->databases[0].storedTxId.value;
}

bool allStored(Engine& engine) {
    const auto failed = engine.waitUntilStored({});
    return failed.ok() && failed.value().empty();
}

const std::string kOk = R"({"ok":true})";

}  // namespace

class TestEngine final : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void start_configured_protectsAndFollows();
    void start_manyTimes_noChangeGoesUnnoticed();
    void open_secondOnTheSameFolder_isRefused();
    void pause_uploads_areHeldUntilResume();
    void pause_withAnEnd_endsByItself();
    void reload_addedDatabase_isRecordedToo();
    void reload_removedDatabase_isLetGo();
    void reload_broken_keepsTheRunningSettingsAndSaysSo();
    void reload_unsupported_keepsTheRunningSettingsAndSaysSo();
    void reload_whilePaused_staysPaused();
    void reload_againAndAgain_statusNeverFailsOrWaits();
    void requestSnapshot_known_isStored();
    void requestSnapshot_unknown_isNotFound();
    void waitUntilStored_replicaRefuses_saysWhich();
    void waitUntilStored_oneOfTwoRefuses_theOtherIsComplete();
    void waitUntilStored_stopped_isCancelled();
    void uploadLimit_slowLine_isObeyed();
    void stop_underWrites_takesLessThan2s();
    void socket_hostileRequests_areRefusedAndHarmNothing_data();
    void socket_hostileRequests_areRefusedAndHarmNothing();
    void socket_pauseResumeSnapshot_areObeyed();
    void socket_stop_asksTheOwner();
};

void TestEngine::initTestCase() {
    // No folder of the session: sockets live in the state folders.
    qunsetenv("XDG_RUNTIME_DIR");
}

void TestEngine::start_configured_protectsAndFollows() {
    Place place;
    const auto engine = place.start();
    QTRY_VERIFY_WITH_TIMEOUT(stateOf(*engine) == ProtectionState::Protected, kSoonMs);
    const std::uint64_t before = storedTx(*engine);
    place.notes().ok("INSERT INTO t VALUES('second')");
    QTRY_VERIFY_WITH_TIMEOUT(storedTx(*engine) == before + 1, kSoonMs);
    const StatusPtr status = engine->status();
    QVERIFY(status->running);
    QCOMPARE(status->pid, std::int64_t{QCoreApplication::applicationPid()});
    QCOMPARE(status->databases[0].name, std::string("notes"));
    QCOMPARE(status->databases[0].replicas[0].name, std::string("disk"));
}

/// The watcher tells of changes from its own thread as soon as it knows the path.
void TestEngine::start_manyTimes_noChangeGoesUnnoticed() {
    constexpr int kBeforeTheNextPollMs = 10'000;
    Place place;
    QVERIFY(allStored(*place.start()));
    for (int i = 0; i < 30; ++i) {
        const auto engine = place.start();
        QTRY_VERIFY_WITH_TIMEOUT(stateOf(*engine) == ProtectionState::Protected, kSoonMs);
        const std::uint64_t before = storedTx(*engine);
        place.notes().ok("INSERT INTO t VALUES('more')");
        QTRY_VERIFY_WITH_TIMEOUT(storedTx(*engine) > before, kBeforeTheNextPollMs);
    }
}

void TestEngine::open_secondOnTheSameFolder_isRefused() {
    Place place;
    const auto engine = place.start();
    const Result<std::unique_ptr<Engine>> second = Engine::open(place.options());
    QVERIFY(!second.ok());
    QCOMPARE(second.error().code, ErrorCode::AlreadyExists);
    const std::string pid = std::to_string(QCoreApplication::applicationPid());
    QVERIFY2(second.error().message.find("process " + pid) != std::string::npos,
             second.error().message.c_str());
    engine->stop();
}

void TestEngine::pause_uploads_areHeldUntilResume() {
    Place place;
    const auto engine = place.start();
    QTRY_VERIFY_WITH_TIMEOUT(stateOf(*engine) == ProtectionState::Protected, kSoonMs);
    engine->pause(Time{});
    const std::uint64_t before = storedTx(*engine);
    place.notes().ok("INSERT INTO t VALUES('held')");
    // Recorded, and not sent.
    QTRY_VERIFY_WITH_TIMEOUT(engine->status()->databases[0].txId.value == before + 1, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(engine->status()->databases[0].pendingBytes > 0, kSoonMs);
    QVERIFY(stateOf(*engine) == ProtectionState::Paused);
    QCOMPARE(storedTx(*engine), before);
    engine->resume();
    QTRY_COMPARE_WITH_TIMEOUT(storedTx(*engine), before + 1, kSoonMs);
    QVERIFY(!engine->status()->paused);
}

void TestEngine::pause_withAnEnd_endsByItself() {
    Place place;
    const auto engine = place.start();
    engine->pause(SystemClock().now().plus(500));
    QVERIFY(engine->status()->paused);
    QTRY_VERIFY_WITH_TIMEOUT(!engine->status()->paused, kSoonMs);
}

void TestEngine::reload_addedDatabase_isRecordedToo() {
    Place place;
    const auto engine = place.start();
    QTRY_VERIFY_WITH_TIMEOUT(stateOf(*engine) == ProtectionState::Protected, kSoonMs);
    const GenerationId generation = engine->status()->databases[0].generation;
    place.configure({text("notes"), text("tasks")});
    QTRY_VERIFY_WITH_TIMEOUT(stateOf(*engine, 1) == ProtectionState::Protected, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(stateOf(*engine, 0) == ProtectionState::Protected, kSoonMs);
    // A reload is no reason for a new generation.
    QVERIFY(engine->status()->databases[0].generation == generation);
    const std::uint64_t before = storedTx(*engine);
    place.notes().ok("INSERT INTO t VALUES('after')");
    QTRY_COMPARE_WITH_TIMEOUT(storedTx(*engine), before + 1, kSoonMs);
}

void TestEngine::reload_removedDatabase_isLetGo() {
    Place place;
    place.configure({text("notes"), text("tasks")});
    const auto engine = place.start();
    QTRY_COMPARE(engine->status()->databases.size(), std::size_t{2});
    place.configure({text("tasks")});
    QTRY_VERIFY_WITH_TIMEOUT(
        engine->status()->databases.size() == 1 && engine->status()->databases[0].name == "tasks",
        kSoonMs);
}

void TestEngine::reload_broken_keepsTheRunningSettingsAndSaysSo() {
    Place place;
    const auto engine = place.start();
    QTRY_VERIFY_WITH_TIMEOUT(stateOf(*engine) == ProtectionState::Protected, kSoonMs);
    place.write("{\"databases\":");
    QTRY_VERIFY_WITH_TIMEOUT(!engine->status()->configError.empty(), kSoonMs);
    const std::uint64_t before = storedTx(*engine);
    place.notes().ok("INSERT INTO t VALUES('still recorded')");
    QTRY_COMPARE_WITH_TIMEOUT(storedTx(*engine), before + 1, kSoonMs);
    place.configure({text("notes")});
    QTRY_VERIFY_WITH_TIMEOUT(engine->status()->configError.empty(), kSoonMs);
}

void TestEngine::reload_unsupported_keepsTheRunningSettingsAndSaysSo() {
    Place place;
    const auto engine = place.start();
    QTRY_VERIFY_WITH_TIMEOUT(stateOf(*engine) == ProtectionState::Protected, kSoonMs);
    place.configure({text("notes")}, {{text("maxSize"), text("1GiB")}});
    QTRY_VERIFY_WITH_TIMEOUT(
        engine->status()->configError.find("maxSize is not available") != std::string::npos,
        kSoonMs);
    QVERIFY(stateOf(*engine) == ProtectionState::Protected);
}

void TestEngine::reload_whilePaused_staysPaused() {
    Place place;
    const auto engine = place.start();
    QTRY_VERIFY_WITH_TIMEOUT(stateOf(*engine) == ProtectionState::Protected, kSoonMs);
    engine->pause(Time{});
    const std::uint64_t before = storedTx(*engine);
    place.configure({text("notes"), text("tasks")});
    QTRY_COMPARE_WITH_TIMEOUT(engine->status()->databases.size(), std::size_t{2}, kSoonMs);
    place.notes().ok("INSERT INTO t VALUES('held')");
    QTRY_COMPARE_WITH_TIMEOUT(engine->status()->databases[0].txId.value, before + 1, kSoonMs);
    QVERIFY(stateOf(*engine) == ProtectionState::Paused);
    QCOMPARE(storedTx(*engine), before);
    engine->resume();
    QTRY_COMPARE_WITH_TIMEOUT(storedTx(*engine), before + 1, kSoonMs);
}

void TestEngine::reload_againAndAgain_statusNeverFailsOrWaits() {
    Place place;
    const auto engine = place.start();
    QTRY_VERIFY_WITH_TIMEOUT(stateOf(*engine) == ProtectionState::Protected, kSoonMs);
    qint64 slowest = 0;
    for (const std::size_t wanted : {2U, 1U, 2U}) {
        place.configure(wanted == 2 ? QStringList{text("notes"), text("tasks")}
                                    : QStringList{text("notes")});
        const auto ask = [&] {
            QElapsedTimer timer;
            timer.start();
            const StatusPtr status = engine->status();
            slowest = std::max(slowest, timer.elapsed());
            // Before, in between and after: never empty.
            return status->databases.empty() ? std::size_t{0} : status->databases.size();
        };
        QTRY_VERIFY_WITH_TIMEOUT(ask() == wanted, kSoonMs);
        QVERIFY(ask() != 0);
    }
    QVERIFY2(slowest < 500, qPrintable(QString::number(slowest)));
}

void TestEngine::requestSnapshot_known_isStored() {
    Place place;
    const auto engine = place.start();
    QTRY_VERIFY_WITH_TIMEOUT(stateOf(*engine) == ProtectionState::Protected, kSoonMs);
    place.notes().ok("INSERT INTO t VALUES('more')");
    const Time before = engine->status()->databases[0].lastSnapshotAt;
    QVERIFY(engine->requestSnapshot("notes").ok());
    QTRY_VERIFY_WITH_TIMEOUT(engine->status()->databases[0].lastSnapshotAt > before, kSoonMs);
}

void TestEngine::requestSnapshot_unknown_isNotFound() {
    Place place;
    const auto engine = place.start();
    const Status asked = engine->requestSnapshot("nothing");
    QVERIFY(!asked.ok());
    QCOMPARE(asked.error().code, ErrorCode::NotFound);
    QVERIFY2(asked.error().message.find("nothing") != std::string::npos,
             asked.error().message.c_str());
}

void TestEngine::waitUntilStored_replicaRefuses_saysWhich() {
    Place place;
    {
        const auto engine = place.start();
        QVERIFY(allStored(*engine));
    }
    // A known replica that is not there any more: an unmounted drive.
    QVERIFY(QDir(place.path("disk")).removeRecursively());
    place.notes().ok("INSERT INTO t VALUES('second')");
    const auto engine = place.start();
    const auto failed = engine->waitUntilStored({});
    QVERIFY(failed.ok());
    QCOMPARE(failed.value().size(), std::size_t{1});
    QCOMPARE(failed.value().front().database, std::string("notes"));
    QCOMPARE(failed.value().front().replica, std::string("disk"));
    QCOMPARE(failed.value().front().error.code, ErrorCode::Unavailable);
    QVERIFY(!QFile::exists(place.path("disk")));
}

void TestEngine::waitUntilStored_oneOfTwoRefuses_theOtherIsComplete() {
    Place place;
    for (const bool refusingFirst : {true, false}) {
        // A plain file where the folder has to be.
        QFile file(place.path("blocked"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        const auto replica = [&](const char* name) {
            return QJsonObject{{text("name"), text(name)},
                               {text("type"), text("file")},
                               {text("path"), place.path(name)}};
        };
        const QJsonArray names = refusingFirst ? QJsonArray{text("blocked"), text("disk")}
                                               : QJsonArray{text("disk"), text("blocked")};
        const QJsonObject notes{{text("name"), text("notes")},
                                {text("path"), place.path("notes.db")},
                                {text("replicas"), names}};
        place.write(QJsonDocument(QJsonObject{{text("replicas"),
                                               QJsonArray{replica("disk"), replica("blocked")}},
                                              {text("databases"), QJsonArray{notes}}})
                        .toJson());
        place.notes().ok("INSERT INTO t VALUES('more')");
        const auto engine = place.start();
        const auto failed = engine->waitUntilStored({});
        QVERIFY(failed.ok());
        QCOMPARE(failed.value().size(), std::size_t{1});
        QCOMPARE(failed.value().front().replica, std::string("blocked"));
        const StatusPtr status = engine->status();
        for (const ReplicaStatus& one : status->databases[0].replicas) {
            QCOMPARE(one.restorable, one.name == "disk");
            QCOMPARE(one.storedTxId == status->databases[0].txId, one.name == "disk");
        }
    }
}

void TestEngine::waitUntilStored_stopped_isCancelled() {
    Place place;
    const auto engine = place.start();
    engine->pause(Time{});
    std::stop_source stop;
    stop.request_stop();
    const auto stored = engine->waitUntilStored(stop.get_token());
    QVERIFY(!stored.ok());
    QCOMPARE(stored.error().code, ErrorCode::Cancelled);
}

/// 100 KiB that do not compress and 25 KiB a second: what comes after the snapshot has to wait.
void TestEngine::uploadLimit_slowLine_isObeyed() {
    Place place;
    place.notes().ok("INSERT INTO t VALUES(randomblob(102400))");
    place.configure({text("notes")}, {{text("uploadLimit"), text("25KiB")}});
    QElapsedTimer timer;
    timer.start();
    const auto engine = place.start();
    QTRY_VERIFY_WITH_TIMEOUT(engine->status()->databases[0].lastSnapshotAt.ms != 0, kSoonMs);
    place.notes().ok("INSERT INTO t VALUES('second')");
    QVERIFY(allStored(*engine));
    QVERIFY2(timer.elapsed() >= 3500, qPrintable(QString::number(timer.elapsed())));
}

void TestEngine::stop_underWrites_takesLessThan2s() {
    Place place;
    const auto engine = place.start();
    for (int i = 0; i < 50; ++i) {
        place.notes().ok("INSERT INTO t VALUES(randomblob(20000))");
    }
    QElapsedTimer timer;
    timer.start();
    engine->stop();
    QVERIFY2(timer.elapsed() < 2000, qPrintable(QString::number(timer.elapsed())));
    engine->stop();
}

void TestEngine::socket_hostileRequests_areRefusedAndHarmNothing_data() {
    QTest::addColumn<QByteArray>("request");
    for (const char* request : {R"({"version":1})",
                                R"({"version":1,"request":7})",
                                R"({"version":1,"request":"dance"})",
                                R"({"version":99,"request":"stop"})",
                                R"({"request":"stop"})",
                                R"({"version":1,"request":"snapshot","database":7})",
                                R"({"version":1,"request":"snapshot","database":"../../x"})",
                                R"({"version":1,"request":"pause","until":7})",
                                R"({"version":1,"request":"pause","until":"later"})",
                                R"({"version":1,"request":"stop")",
                                R"(["stop"])",
                                "stop"}) {
        QTest::newRow(request) << QByteArray(request);
    }
    QTest::newRow("deep") << QByteArray(R"({"version":1,"request":)") + QByteArray(60'000, '[');
    QTest::newRow("long") << QByteArray(R"({"version":1,"request":")") + QByteArray(70'000, 'a') +
                                 "\"}";
}

void TestEngine::socket_hostileRequests_areRefusedAndHarmNothing() {
    QFETCH(QByteArray, request);
    Place place;
    const auto engine = place.start();
    const std::string reply = place.ask(request.toStdString());
    QVERIFY2(!statusOfReply(reply).ok(), reply.c_str());
    QVERIFY2(reply.find("\"error\"") != std::string::npos, reply.c_str());
    QVERIFY(!engine->stopRequested());
    QVERIFY(!engine->status()->paused);
    const Result<EngineStatus> status =
        parseStatus(place.ask(R"({"version":1,"request":"status"})"));
    QVERIFY(status.ok() && status.value().running);
}

void TestEngine::socket_pauseResumeSnapshot_areObeyed() {
    Place place;
    const auto engine = place.start();
    QCOMPARE(place.ask(R"({"version":1,"request":"pause","until":"2999-01-01T00:00:00Z"})"), kOk);
    QVERIFY(engine->status()->paused);
    QVERIFY(engine->status()->pausedUntil.ms != 0);
    QCOMPARE(place.ask(R"({"version":1,"request":"resume"})"), kOk);
    QVERIFY(!engine->status()->paused);
    QCOMPARE(place.ask(R"({"version":1,"request":"snapshot"})"), kOk);
    QCOMPARE(place.ask(R"({"version":1,"request":"snapshot","database":null})"), kOk);
}

void TestEngine::socket_stop_asksTheOwner() {
    Place place;
    const auto engine = place.start();
    engine->pause(Time{});
    place.notes().ok("INSERT INTO t VALUES('second')");
    QVERIFY(!engine->stopRequested());
    engine->events().drain();
    QCOMPARE(place.ask(R"({"version":1,"request":"stop"})"), kOk);
    QVERIFY(engine->stopRequested());
    QVERIFY((engine->events().drain() & static_cast<unsigned>(EventKind::StopRequested)) != 0);
    // Whoever waits for the replicas is let go.
    const auto stored = engine->waitUntilStored({});
    QVERIFY(!stored.ok());
    QCOMPARE(stored.error().code, ErrorCode::Cancelled);
    engine->stop();
    QVERIFY(!askRunningEngine(place.options().stateDir, "{}").ok());
}

QTEST_GUILESS_MAIN(TestEngine)
#include "tst_engine.moc"
