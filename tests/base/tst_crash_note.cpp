// SPDX-License-Identifier: Apache-2.0
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QTest>

#include "engine/base/crash_note.h"
#include "engine/base/file_system.h"

using namespace engine;

class TestCrashNote : public QObject {
    Q_OBJECT
private slots:
    void signal_whileArmed_leavesTheNote_data();
    void signal_whileArmed_leavesTheNote();
    void crash_afterTheNoteIsGone_leavesNone();

private:
    /// What the file says after a process ended by the signal.
    std::string afterDeathBy(int signal, bool armed);
};

std::string TestCrashNote::afterDeathBy(int signal, bool armed) {
    const QTemporaryDir folder;
    const std::string path = folder.filePath(QStringLiteral("note")).toStdString();
    ENSURE(writeFileAtomically(path, viewOf(std::string("a-c"))).ok());
    const pid_t child = ::fork();
    ENSURE(child >= 0);
    if (child == 0) {
        std::signal(signal, SIG_DFL);  // not the test's own handler
        {
            const CrashNote note(File::open(path, File::Mode::ReadWrite).value(), 1, 'B');
            if (armed) {
                ::raise(signal);
            }
        }
        ::raise(signal);
        ::_exit(0);
    }
    int status = 0;
    ENSURE(::waitpid(child, &status, 0) == child);
    ENSURE(WIFSIGNALED(status) && WTERMSIG(status) == signal);
    return std::string(textOf(readWholeFile(path, 10).value()));
}

void TestCrashNote::signal_whileArmed_leavesTheNote_data() {
    QTest::addColumn<int>("signal");
    QTest::addColumn<QString>("text");
    QTest::newRow("segv") << SIGSEGV << QStringLiteral("aBc");
    QTest::newRow("bus") << SIGBUS << QStringLiteral("aBc");
    QTest::newRow("abort") << SIGABRT << QStringLiteral("aBc");
    QTest::newRow("killed") << SIGKILL << QStringLiteral("a-c");
    QTest::newRow("terminated") << SIGTERM << QStringLiteral("a-c");
}

void TestCrashNote::signal_whileArmed_leavesTheNote() {
    QFETCH(const int, signal);
    QFETCH(const QString, text);
    QCOMPARE(QString::fromStdString(afterDeathBy(signal, true)), text);
}

void TestCrashNote::crash_afterTheNoteIsGone_leavesNone() {
    QCOMPARE(afterDeathBy(SIGSEGV, false), std::string("a-c"));
}

QTEST_GUILESS_MAIN(TestCrashNote)
#include "tst_crash_note.moc"
