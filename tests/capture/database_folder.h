// SPDX-License-Identifier: Apache-2.0
// What the tests of SQLite capture beside real apps have in common: a folder, tables, true images.
#pragma once

#include <memory>

#include <QFile>
#include <QTemporaryDir>

#include "tests/capture/capture_follower.h"
#include "tests/support/writer_process.h"

inline engine::Buffer contentOf(const QString& path) {
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        return {};
    }
    const QByteArray all = file.readAll();
    const auto* begin = reinterpret_cast<const std::byte*>(all.constData());
    return {begin, begin + all.size()};
}

inline QByteArray insertRow(int bytes = 40) {
    return "insert into t(v) values(randomblob(" + QByteArray::number(bytes) + "))";
}

/// A WAL database with a table and one row; pragmas come first, separated by semicolons.
inline void createTable(WriterProcess& app, const QByteArray& pragmas = {}) {
    for (const QByteArray& pragma : pragmas.split(';')) {
        if (!pragma.isEmpty()) {
            app.ok("pragma " + pragma);
        }
    }
    app.ok("pragma journal_mode=wal");
    app.ok("pragma synchronous=off");
    app.ok("create table t(id integer primary key, v blob)");
    app.ok(insertRow());
}

class DatabaseFolder {
public:
    QString path() const { return file("app.db"); }

    QString file(const char* name) const { return m_folder.filePath(QString::fromLatin1(name)); }

    bool isValid() const { return m_folder.isValid(); }

    QString folder() const { return m_folder.path(); }

    /// Every page as a process sees it that did not write them itself.
    engine::Buffer imageOf(WriterProcess& eye) const {
        eye.ok(".image " + file("image").toUtf8());
        return contentOf(file("image"));
    }

private:
    QTemporaryDir m_folder;
};
