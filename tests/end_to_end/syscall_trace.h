// SPDX-License-Identifier: Apache-2.0
// Judges what strace saw a program do to a folder: looking is allowed, nothing else is.
#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>

struct TraceVerdict {
    int reads = 0;           // system calls that read file contents below the folder
    int questions = 0;       // F_OFD_GETLK
    QStringList violations;  // the lines
};

/// trace: the output of strace -f -y -s 0. Only lines that name the folder are looked at.
TraceVerdict judgeTrace(const QByteArray& trace, const QString& folder);
/// The options of strace that judgeTrace needs, with the file to write to.
QStringList straceCommand(const QString& traceFile);
