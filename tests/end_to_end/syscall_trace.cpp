// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/syscall_trace.h"

#include <QSet>

namespace {

/// "4711 openat(AT_FDCWD</>, ..." -> "openat"; resumed and unfinished calls have their name too.
QByteArray callOf(const QByteArray& line) {
    const qsizetype open = line.indexOf('(');
    const qsizetype space = line.lastIndexOf(' ', open);
    return open < 0 ? QByteArray() : line.mid(space + 1, open - space - 1);
}

bool isRead(const QByteArray& call) {
    return call == "read" || call == "pread64" || call == "preadv" || call == "readv";
}

bool onlyLooks(const QByteArray& call) {
    static const QSet<QByteArray> calls = {
        "stat",
        "lstat",
        "fstat",
        "newfstatat",
        "statx",
        "access",
        "faccessat",
        "faccessat2",
        "readlink",
        "readlinkat",
        "close",
        "lseek",
        "getdents64",
        "fadvise64",
        "inotify_add_watch",
        "statfs",
        "fstatfs",
        "getxattr",
        "lgetxattr",
        "fgetxattr",
        "listxattr",
        "flistxattr",
        "name_to_handle_at",
        "poll",
        "execve",  // names the database as an argument
    };
    return calls.contains(call);
}

bool opensForReading(const QByteArray& line) {
    for (const char* flag : {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "O_TMPFILE"}) {
        if (line.contains(flag)) {
            return false;
        }
    }
    return true;
}

bool asksOnly(const QByteArray& line) {
    for (const char* command :
         {"F_OFD_GETLK", "F_GETFD", "F_SETFD", "F_GETFL", "F_DUPFD_CLOEXEC"}) {
        if (line.contains(command)) {
            return true;
        }
    }
    return false;
}

bool isAllowed(const QByteArray& call, const QByteArray& line) {
    if (call == "open" || call == "openat" || call == "openat2") {
        return opensForReading(line);
    }
    return call == "fcntl" ? asksOnly(line) : isRead(call) || onlyLooks(call);
}

}  // namespace

QStringList straceCommand(const QString& traceFile) {
    // Everything that could change a file or take a lock, and what reads; not the waiting.
    return {QStringLiteral("strace"),
            QStringLiteral("-f"),
            QStringLiteral("-y"),
            QStringLiteral("-qq"),
            QStringLiteral("-s"),
            QStringLiteral("0"),
            QStringLiteral("-o"),
            traceFile,
            QStringLiteral("-e"),
            QStringLiteral("trace=%file,%desc,flock,mmap,ftruncate,fallocate,fsync,fdatasync")};
}

TraceVerdict judgeTrace(const QByteArray& trace, const QString& folder) {
    TraceVerdict verdict;
    const QByteArray needle = folder.toUtf8();
    for (const QByteArray& line : trace.split('\n')) {
        const QByteArray call = callOf(line);
        if (call.isEmpty() || !line.contains(needle)) {
            continue;
        }
        verdict.reads += isRead(call) ? 1 : 0;
        verdict.questions += line.contains("F_OFD_GETLK") ? 1 : 0;
        if (!isAllowed(call, line)) {
            verdict.violations << QString::fromUtf8(line);
        }
    }
    return verdict;
}
