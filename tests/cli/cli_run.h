// SPDX-License-Identifier: Apache-2.0
// Runs the real program and says what came out of it.
#pragma once

#include <QByteArray>
#include <QDir>
#include <QProcessEnvironment>
#include <QStringList>
#include <QTemporaryDir>

struct Ran {
    int exit = -1;  // -1 = it did not end by itself
    QByteArray out;
    QByteArray err;
    /// "" where standard error is exactly one line "error: WHAT; EFFECT; FIX", else what is wrong.
    QByteArray complaint() const;
};

/// A home of its own: nothing of the person's is read or written.
class CliHome {
public:
    CliHome();

    QString path(const QString& name) const { return m_dir.filePath(name); }

    void write(const QString& name, const QByteArray& bytes) const;
    QByteArray read(const QString& name) const;

    void makeFolder(const QString& name) const { QDir(m_dir.path()).mkpath(name); }

    /// Names, sizes, modes, times of change and contents of everything below a folder.
    QByteArray fingerprint(const QString& name) const;

    QProcessEnvironment environment() const;
    Ran run(const QStringList& arguments) const;
    Ran runShell(const QByteArray& command) const;
    /// As the user "nobody", where the tests run as root.
    Ran runUnprivileged(const QStringList& arguments) const;

private:
    Ran start(const QString& program, const QStringList& arguments) const;
    QTemporaryDir m_dir;
};
