// SPDX-License-Identifier: Apache-2.0
#include "tests/cli/cli_database.h"

#include <memory>

#include <sqlite3.h>

#include <QJsonDocument>

QString text(const char* ascii) {
    return QString::fromLatin1(ascii);
}

QStringList words(const QString& line) {
    return line.split(QLatin1Char(' '), Qt::SkipEmptyParts);
}

void execute(const QString& path, const char* sql) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open(path.toUtf8().constData(), &opened);
    const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(opened, &sqlite3_close);
    if (code != SQLITE_OK || sqlite3_exec(opened, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
        qFatal("the test's own database failed");
    }
}

void makeDatabase(const QString& path) {
    execute(path, "PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES('one');");
}

QString urlOf(const CliHome& home, const QString& folder) {
    return text("file://") + home.path(folder);
}

void record(const CliHome& home) {
    if (home.read(text("notes.db")).isEmpty()) {
        makeDatabase(home.path(text("notes.db")));
    }
    home.makeFolder(text("replica"));
    const Ran ran = home.run({text("replicate"),
                              text("--once"),
                              home.path(text("notes.db")),
                              urlOf(home, text("replica"))});
    if (ran.exit != 0) {
        qFatal("cannot record: %s", ran.err.constData());
    }
}

QJsonArray listOf(const Ran& ran) {
    return QJsonDocument::fromJson(ran.out).array();
}
