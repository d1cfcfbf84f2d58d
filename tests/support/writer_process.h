// SPDX-License-Identifier: Apache-2.0
// capture_writer as a child process. Its path comes from CAPTURE_WRITER, set by CMake.
#pragma once

#include <QByteArray>
#include <QProcess>
#include <QString>

class WriterProcess {
public:
    explicit WriterProcess(const QString& database = {}) {
        m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_process.start(QStringLiteral(CAPTURE_WRITER), {});
        m_process.waitForStarted();
        if (!database.isEmpty()) {
            ok(".open " + database.toUtf8());
        }
    }

    ~WriterProcess() {
        m_process.closeWriteChannel();
        if (!m_process.waitForFinished(kAnswerMs)) {
            m_process.kill();
            m_process.waitForFinished();
        }
    }

    WriterProcess(const WriterProcess&) = delete;
    WriterProcess& operator=(const WriterProcess&) = delete;

    qint64 pid() const { return m_process.processId(); }

    /// The answer: "ok", "ok value" or "error message".
    QByteArray say(const QByteArray& line) {
        tell(line);
        return answer();
    }

    /// Sends without waiting; answer() must follow.
    void tell(const QByteArray& line) {
        m_process.write(line + '\n');
        m_process.waitForBytesWritten(kAnswerMs);
    }

    QByteArray answer() {
        while (!m_process.canReadLine()) {
            if (!m_process.waitForReadyRead(kAnswerMs)) {
                return "error no answer";
            }
        }
        return m_process.readLine().trimmed();
    }

    /// The value; anything but "ok" ends the test run, for nothing that follows would mean much.
    QByteArray ok(const QByteArray& line) {
        const QByteArray got = say(line);
        if (!got.startsWith("ok")) {
            qFatal("%s: %s", line.constData(), got.constData());
        }
        return got.mid(3);
    }

    /// Does what ends the process (see .exit-at-delete).
    void last(const QByteArray& line) {
        m_process.write(line + '\n');
        m_process.waitForFinished(kAnswerMs);
    }

    /// As after a kill: locks go, files stay as they are.
    void crash() { last(".exit"); }

private:
    static constexpr int kAnswerMs = 30'000;
    QProcess m_process;
};
