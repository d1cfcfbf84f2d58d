// SPDX-License-Identifier: Apache-2.0
// A small owner for a libsqlite3 connection, as an app would have one.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/checksum.h"
#include "engine/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace oracle {

class Database {
public:
    static engine::Result<Database> open(const std::string& path, int busyTimeoutMs);
    Database() = default;

    ~Database() { close(); }

    Database(Database&& other) noexcept
        : m_handle(std::exchange(other.m_handle, nullptr)) {}

    Database& operator=(Database&& other) noexcept;
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    void close() noexcept;

    void setBusyTimeout(int ms) noexcept;

    bool isOpen() const noexcept { return m_handle != nullptr; }

    sqlite3* handle() const noexcept { return m_handle; }

    /// SQLITE_BUSY and SQLITE_LOCKED are Unavailable, everything else Io.
    engine::Status exec(const std::string& sql);
    /// The first column of the first row; 0 where there is none.
    engine::Result<std::int64_t> number(const std::string& sql);
    engine::Result<std::string> text(const std::string& sql);
    engine::Error error(const std::string& what) const;

    struct Image {
        engine::Hash128 hash;
        std::uint64_t bytes = 0;
    };

    /// The whole database as a read transaction sees it. A connection that does not write itself
    /// gives exactly what a file has: the writer's cache may hold bytes of free pages that are
    /// never written.
    engine::Result<Image> image();

private:
    sqlite3* m_handle = nullptr;
};

/// What became of the transactions of one connection.
class Attempts {
public:
    /// false: others stood in the way (SQLITE_BUSY, SQLITE_LOCKED).
    void note(bool done) noexcept {
        (done ? m_done : m_busy) += 1;
        m_meetings += !done && !m_standing ? 1 : 0;
        m_standing = !done;
    }

    std::uint64_t done() const noexcept { return m_done; }

    /// "busy=B met=M". Who tries again at once is refused hundreds of times by one that waits for
    /// a core: M counts each such row once.
    std::string text() const;

private:
    std::uint64_t m_done = 0;
    std::uint64_t m_busy = 0;
    std::uint64_t m_meetings = 0;
    bool m_standing = false;
};

class Statement {
public:
    static engine::Result<Statement> prepare(const Database& database, const std::string& sql);
    ~Statement();

    Statement(Statement&& other) noexcept
        : m_handle(std::exchange(other.m_handle, nullptr)) {}

    Statement& operator=(Statement&& other) noexcept;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    Statement& bind(int index, std::int64_t value);
    /// The bytes must stay until run() returns.
    Statement& bind(int index, engine::ByteView value);
    /// Runs it to its end and makes it ready for the next time.
    engine::Status run(const Database& database);

private:
    explicit Statement(sqlite3_stmt* handle)
        : m_handle(handle) {}

    sqlite3_stmt* m_handle = nullptr;
};

}  // namespace oracle
