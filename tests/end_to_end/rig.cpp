// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/rig.h"

#include <csignal>

#include <QDeadlineTimer>
#include <QDir>
#include <QFile>

#include "engine/service/control_socket.h"

namespace {

constexpr int kStopMs = 5000;  // 2 s are promised; a loaded machine gets some more

// With a configuration a database may appear after the start.
constexpr const char* kConfig = R"({"version": 1,
  "replicas": [{"name": "disk", "type": "file", "path": "%1"}],
  "databases": [{"name": "data", "path": "%2", "replicas": ["disk"]}]})";

}  // namespace

Rig::Rig() {
    QDir(m_folder.path()).mkpath(QStringLiteral("app"));
    QDir(m_folder.path()).mkpath(QStringLiteral("run"));
    qputenv("XDG_RUNTIME_DIR", path(QStringLiteral("run")).toUtf8());
    QDir(m_folder.path()).mkpath(QStringLiteral("replica"));
    QFile config(path(QStringLiteral("config.json")));
    if (config.open(QIODevice::WriteOnly)) {
        config.write(QString::fromLatin1(kConfig).arg(replica(), database()).toUtf8());
    }
    qputenv("XDG_CONFIG_HOME", path(QStringLiteral("config")).toUtf8());
}

Rig::~Rig() {
    if (recorderRuns()) {
        killRecorder();
    }
    killWriters();
}

QStringList Rig::recorderArguments() const {
    return {QStringLiteral("--config"),
            path(QStringLiteral("config.json")),
            QStringLiteral("--state-dir"),
            stateFolder(),
            QStringLiteral("--log-level"),
            qEnvironmentVariable("RIG_LOG_LEVEL", QStringLiteral("warn")),
            QStringLiteral("replicate")};
}

void Rig::startRecorder() {
    m_recorder = std::make_unique<QProcess>();
    m_recorder->setStandardOutputFile(path(QStringLiteral("recorder.out")), QIODevice::Append);
    m_recorder->setStandardErrorFile(path(QStringLiteral("recorder.err")), QIODevice::Append);
    QStringList command = recorderPrefix;
    command << QStringLiteral(STRANDLINE_CLI) << recorderArguments();
    const QString program = command.takeFirst();
    m_recorder->start(program, command);
    m_recorder->waitForStarted();
}

bool Rig::killRecorder() {
    const bool ran = recorderRuns();
    m_recorder->kill();
    m_recorder->waitForFinished(kStopMs);
    return ran;
}

bool Rig::stopRecorder() {
    if (!recorderRuns()) {
        return false;
    }
    // strace does not hand a signal on: it goes to the recorder itself.
    const auto now = recorderPrefix.isEmpty() ? std::nullopt : status();
    if (now) {
        ::kill(static_cast<pid_t>(now->pid), SIGTERM);
    } else {
        m_recorder->terminate();
    }
    if (!m_recorder->waitForFinished(kStopMs)) {
        qWarning("the recorder does not end on SIGTERM");
        return false;
    }
    // A signal before the program has its handlers ends it like any other.
    const bool early =
        m_recorder->exitStatus() == QProcess::CrashExit && m_recorder->exitCode() == SIGTERM;
    if (m_recorder->exitStatus() != QProcess::NormalExit && !early) {
        qWarning("the recorder ended by signal %d", m_recorder->exitCode());
        return false;
    }
    return true;
}

bool Rig::letRun(int ms) {
    return !m_recorder->waitForFinished(ms);
}

QByteArray Rig::recorderOutput() const {
    QFile file(path(QStringLiteral("recorder.err")));
    return file.open(QIODevice::ReadOnly) ? file.readAll().right(4000) : QByteArray();
}

int Rig::catchUp(int timeoutMs) {
    QProcess process;
    process.setProcessChannelMode(QProcess::ForwardedChannels);
    process.start(QStringLiteral(STRANDLINE_CLI), recorderArguments() << QStringLiteral("--once"));
    if (!process.waitForFinished(timeoutMs) || process.exitStatus() != QProcess::NormalExit) {
        process.kill();
        process.waitForFinished();
        return -1;
    }
    return process.exitCode();
}

std::optional<engine::EngineStatus> Rig::status() const {
    const auto reply = engine::askControlSocket(stateFolder().toStdString(),
                                                R"({"version":1,"request":"status"})",
                                                std::chrono::milliseconds(1000));
    if (!reply.ok()) {
        return std::nullopt;
    }
    const auto status = engine::parseStatus(reply.value());
    return status.ok() ? std::optional(status.value()) : std::nullopt;
}

bool Rig::waitUntilProtected(int timeoutMs) const {
    QDeadlineTimer deadline(timeoutMs);
    while (!deadline.hasExpired()) {
        const auto now = status();
        if (now && !now->databases.empty() && now->databases.front().lagMs == 0 &&
            now->databases.front().storedTxId == now->databases.front().txId) {
            return true;
        }
        if (m_recorder->waitForFinished(20)) {
            return false;
        }
    }
    return false;
}

bool Rig::startApp(const QString& program, const QStringList& arguments) {
    auto app = std::make_unique<QProcess>();
    app->setProcessChannelMode(QProcess::MergedChannels);
    app->start(program, arguments);
    const bool ready = app->waitForReadyRead(30'000) && app->readLine().startsWith("ready");
    if (!ready) {
        m_writerOutput += app->readAll();
    }
    m_writers.push_back(std::move(app));
    return ready;
}

bool Rig::startWriter(const QStringList& options) {
    return startApp(QStringLiteral(ORACLE_WRITER), QStringList{database(), log()} + options);
}

bool Rig::startUnloggedWriter(const QStringList& options) {
    return startApp(QStringLiteral(ORACLE_WRITER),
                    QStringList{database(), QStringLiteral("-")} + options);
}

bool Rig::startReader() {
    return startApp(QStringLiteral(ORACLE_READER), {database()});
}

bool Rig::waitForFirstWriter(int timeoutMs) {
    QProcess& writer = *m_writers.front();
    return writer.state() == QProcess::NotRunning || writer.waitForFinished(timeoutMs);
}

bool Rig::waitUntilHolding() {
    QProcess& writer = *m_writers.back();
    while (!writer.canReadLine()) {
        if (!writer.waitForReadyRead(60'000)) {
            return false;
        }
    }
    return writer.readLine().startsWith("holding");
}

bool Rig::letWritersRun(int ms) {
    if (m_writers.empty() || !m_writers.front()->waitForFinished(ms)) {
        return true;
    }
    const auto& ended = m_writers.front();
    m_writerOutput += ended->readAll() + "ended by itself: status " +
                      QByteArray::number(ended->exitStatus()) + ", code " +
                      QByteArray::number(ended->exitCode());
    return false;
}

bool Rig::killWriters() {
    bool allRan = true;
    for (const auto& writer : m_writers) {
        allRan = allRan && writer->state() == QProcess::Running;
        writer->kill();
    }
    for (const auto& writer : m_writers) {
        writer->waitForFinished();
        m_writerOutput += writer->readAll();
    }
    m_writers.clear();
    return allRan;
}

bool Rig::stopWriters() {
    bool allWell = true;
    for (const auto& writer : m_writers) {
        writer->terminate();
    }
    for (const auto& writer : m_writers) {
        const bool ended =
            writer->state() == QProcess::NotRunning || writer->waitForFinished(30'000);
        allWell = ended && writer->exitCode() == 0 && allWell;
        m_writerOutput += writer->readAll();
    }
    m_writers.clear();
    return allWell;
}
