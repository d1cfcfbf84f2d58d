// SPDX-License-Identifier: Apache-2.0
// A real recorder (strandline-cli replicate) beside real writers, as child processes that can be
// killed at any moment. Everything lies in one temporary folder.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <QProcess>
#include <QStringList>
#include <QTemporaryDir>

#include "engine/api/status.h"

class Rig {
public:
    Rig();
    ~Rig();

    bool isValid() const { return m_folder.isValid(); }

    QString path(const QString& name) const { return m_folder.filePath(name); }

    QString appFolder() const { return path(QStringLiteral("app")); }

    QString database() const { return path(QStringLiteral("app/data.db")); }

    QString replica() const { return path(QStringLiteral("replica")); }

    QString log() const { return path(QStringLiteral("oracle.log")); }

    QString stateFolder() const { return path(QStringLiteral("state")); }

    /// What the recorder said since the beginning.
    QByteArray recorderOutput() const;

    void startRecorder();
    /// kill -9. False: it had ended by itself before, which it never should.
    bool killRecorder();
    /// SIGTERM; false unless it ends within the time that cli.md grants.
    bool stopRecorder();

    bool recorderRuns() const { return m_recorder && m_recorder->state() == QProcess::Running; }

    /// Waits for the time to pass; false: the recorder ended by itself meanwhile.
    bool letRun(int ms);
    /// replicate --once; the exit code.
    int catchUp(int timeoutMs = 60'000);
    std::optional<engine::EngineStatus> status() const;
    /// Asks until the database is stored up to its newest change, or the time is over.
    bool waitUntilProtected(int timeoutMs) const;

    /// Waits for the time to pass; false: a writer ended by itself meanwhile.
    bool letWritersRun(int ms);
    /// One writer more; waits until it has the database open.
    bool startWriter(const QStringList& options);
    /// The same without a log, at full speed.
    bool startUnloggedWriter(const QStringList& options);
    /// A reader with busy_timeout=0; stopped and killed with the writers.
    bool startReader();
    bool waitForFirstWriter(int timeoutMs);
    /// Waits until a writer with --hold has done its steps.
    bool waitUntilHolding();
    bool killWriters();
    /// SIGTERM; false unless all end well.
    bool stopWriters();

    const QByteArray& writerOutput() const { return m_writerOutput; }

    QStringList recorderArguments() const;
    /// Put in front of the recorder's command line, for strace.
    QStringList recorderPrefix;

private:
    bool startApp(const QString& program, const QStringList& arguments);

    QTemporaryDir m_folder;
    std::unique_ptr<QProcess> m_recorder;
    std::vector<std::unique_ptr<QProcess>> m_writers;
    QByteArray m_writerOutput;
};
