// SPDX-License-Identifier: Apache-2.0
// SQLite's own check, of a restored file and of a database in its place.
#include <sqlite3.h>

#include <QtTest>

#include "engine/base/file_system.h"
#include "engine/restore/verifier.h"

#include "tests/restore/room.h"

using namespace engine;

class TestSqliteCheck : public QObject {
    Q_OBJECT

private slots:

    void integrity_unknownCollationOrFunction_isANote() {
        const Room room;
        const std::string path = room.path("db");
        sqlite3* handle = nullptr;
        ENSURE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
        sqlite3_create_collation(
            handle,
            "THEIRS",
            SQLITE_UTF8,
            nullptr,
            [](void*, int a, const void*, int b, const void*) { return a - b; });
        sqlite3_create_function(
            handle,
            "ours",
            1,
            SQLITE_UTF8 | SQLITE_DETERMINISTIC,
            nullptr,
            [](sqlite3_context* context, int, sqlite3_value** values) {
                sqlite3_result_value(context, values[0]);
            },
            nullptr,
            nullptr);
        ENSURE(sqlite3_exec(handle,
                            "CREATE TABLE a(v TEXT COLLATE THEIRS); CREATE INDEX ai ON a(v);"
                            "CREATE TABLE b(v); CREATE INDEX bi ON b(ours(v)); CREATE TABLE c(v);"
                            "INSERT INTO a VALUES('x'),('yy'); INSERT INTO b VALUES(1); INSERT "
                            "INTO c VALUES(2);",
                            nullptr,
                            nullptr,
                            nullptr) == SQLITE_OK);
        sqlite3_close(handle);
        const auto notes = checkSqliteIntegrity(path, {});
        QVERIFY2(notes.ok(), notes.ok() ? "" : notes.error().message.c_str());
        QVERIFY(!notes.value().empty());
        QVERIFY(notes.value()[0].find("could not be checked") != std::string::npos);
    }

    void inPlaceCheck_looksThroughTheLog() {
        const Room room;
        const std::string live = room.path("live");
        const std::string copy = room.path("copy");
        sqlite3* handle = nullptr;
        ENSURE(sqlite3_open(live.c_str(), &handle) == SQLITE_OK);
        ENSURE(sqlite3_exec(handle,
                            "PRAGMA journal_mode=WAL; CREATE TABLE t(v);"
                            "INSERT INTO t VALUES(hex(randomblob(3000)));"
                            "PRAGMA wal_checkpoint(TRUNCATE);"
                            "UPDATE t SET v=hex(randomblob(3000));",
                            nullptr,
                            nullptr,
                            nullptr) == SQLITE_OK);
        // As a crash in the middle of a checkpoint leaves it: the log has the good page.
        Buffer image = bytesOf(live);
        std::fill(image.begin() + 4096, image.begin() + 8192, std::byte{0x55});
        ENSURE(writeFileAtomically(copy, image).ok());
        QVERIFY(checkSqliteDatabase(copy, {}).error().code == ErrorCode::Corruption);
        ENSURE(writeFileAtomically(copy + "-wal", bytesOf(live + "-wal")).ok());
        sqlite3_close(handle);
        const Buffer log = bytesOf(copy + "-wal");
        const Status sound = checkSqliteDatabase(copy, {});
        QVERIFY2(sound.ok(), sound.ok() ? "" : sound.error().message.c_str());
        QVERIFY(bytesOf(copy) == image && bytesOf(copy + "-wal") == log);
        QCOMPARE(room.files(), std::size_t{3});  // live, and copy with its log
    }

    void inPlaceCheck_whatIsNone_isCorruption() {
        const Room room;
        const std::string path = room.path("db");
        QVERIFY(checkSqliteDatabase(path, {}).error().code == ErrorCode::NotFound);
        for (const std::string& text : {std::string(), std::string("x"), std::string(5000, 'x')}) {
            ENSURE(writeFileAtomically(path, viewOf(text)).ok());
            QVERIFY(checkSqliteDatabase(path, {}).error().code == ErrorCode::Corruption);
        }
    }
};

QTEST_GUILESS_MAIN(TestSqliteCheck)
#include "tst_sqlite_check.moc"
