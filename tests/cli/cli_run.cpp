// SPDX-License-Identifier: Apache-2.0
#include "tests/cli/cli_run.h"

#include <sys/stat.h>
#include <unistd.h>

#include <QCryptographicHash>
#include <QDateTime>
#include <QDirIterator>
#include <QFile>
#include <QProcess>

QByteArray Ran::complaint() const {
    if (!err.startsWith("error: ")) {
        return "does not begin with 'error: ': " + err;
    }
    if (err.count('\n') != 1 || !err.endsWith('\n')) {
        return "is not one line: " + err;
    }
    return err.count("; ") >= 2 ? QByteArray() : "has not three parts: " + err;
}

CliHome::CliHome() {
    // For the tests that run as another user.
    ::chmod(m_dir.path().toUtf8().constData(), 0755);
    makeFolder(QStringLiteral("run"));
}

void CliHome::write(const QString& name, const QByteArray& bytes) const {
    QFile file(path(name));
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size()) {
        qFatal("cannot write %s", qPrintable(path(name)));
    }
}

QByteArray CliHome::read(const QString& name) const {
    QFile file(path(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QByteArray CliHome::fingerprint(const QString& name) const {
    QStringList entries;
    QDirIterator all(path(name),
                     QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot,
                     QDirIterator::Subdirectories);
    while (all.hasNext()) {
        const QString entry = all.next();

        struct stat facts {};

        ::lstat(entry.toUtf8().constData(), &facts);
        QByteArray hash;
        if (S_ISREG(facts.st_mode)) {
            QFile file(entry);
            if (file.open(QIODevice::ReadOnly)) {
                hash = QCryptographicHash::hash(file.readAll(), QCryptographicHash::Sha256).toHex();
            }
        }
        entries << QStringLiteral("%1 %2 %3 %4 %5")
                       .arg(entry)
                       .arg(facts.st_mode)
                       .arg(facts.st_size)
                       .arg(facts.st_mtim.tv_sec * 1000000000 + facts.st_mtim.tv_nsec)
                       .arg(QString::fromLatin1(hash));
    }
    entries.sort();
    return entries.join(QLatin1Char('\n')).toUtf8();
}

QProcessEnvironment CliHome::environment() const {
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("HOME"), m_dir.path());
    environment.insert(QStringLiteral("XDG_CONFIG_HOME"), path(QStringLiteral("config")));
    environment.insert(QStringLiteral("XDG_STATE_HOME"), path(QStringLiteral("state")));
    environment.insert(QStringLiteral("XDG_RUNTIME_DIR"), path(QStringLiteral("run")));
    environment.insert(QStringLiteral("TZ"), QStringLiteral("Europe/Berlin"));
    return environment;
}

Ran CliHome::run(const QStringList& arguments) const {
    return start(QStringLiteral(STRANDLINE_CLI), arguments);
}

Ran CliHome::runShell(const QByteArray& command) const {
    return start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), QString::fromLatin1(command)});
}

Ran CliHome::runUnprivileged(const QStringList& arguments) const {
    if (::geteuid() != 0) {
        return run(arguments);
    }
    return start(QStringLiteral("setpriv"),
                 QStringList{QStringLiteral("--reuid=65534"),
                             QStringLiteral("--regid=65534"),
                             QStringLiteral("--clear-groups"),
                             QStringLiteral(STRANDLINE_CLI)} +
                     arguments);
}

Ran CliHome::start(const QString& program, const QStringList& arguments) const {
    QProcess process;
    process.setProcessEnvironment(environment());
    process.setWorkingDirectory(m_dir.path());
    process.start(program, arguments);
    process.closeWriteChannel();
    constexpr int kPatienceMs = 60000;
    Ran ran;
    if (!process.waitForFinished(kPatienceMs)) {
        process.kill();
        process.waitForFinished();
        ran.err = "did not end: " + process.readAllStandardError();
        return ran;
    }
    ran.exit = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    ran.out = process.readAllStandardOutput();
    ran.err = process.readAllStandardError();
    return ran;
}
