// SPDX-License-Identifier: Apache-2.0
#include "tests/support/app_database.h"

#include <sqlite3.h>

namespace oracle {

using engine::Result;
using engine::Status;

Result<Database> Database::open(const std::string& path, int busyTimeoutMs) {
    Database database;
    const int rc = sqlite3_open_v2(
        path.c_str(), &database.m_handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    if (rc != SQLITE_OK) {
        return database.error("open " + path);
    }
    sqlite3_busy_timeout(database.m_handle, busyTimeoutMs);
    return database;
}

Database& Database::operator=(Database&& other) noexcept {
    if (this != &other) {
        close();
        m_handle = std::exchange(other.m_handle, nullptr);
    }
    return *this;
}

void Database::close() noexcept {
    sqlite3_close_v2(std::exchange(m_handle, nullptr));
}

void Database::setBusyTimeout(int ms) noexcept {
    sqlite3_busy_timeout(m_handle, ms);
}

engine::Error Database::error(const std::string& what) const {
    const int code = sqlite3_errcode(m_handle);
    const bool busy = code == SQLITE_BUSY || code == SQLITE_LOCKED;
    return engine::Error{busy ? engine::ErrorCode::Unavailable : engine::ErrorCode::Io,
                         what + ": " + sqlite3_errmsg(m_handle)};
}

Status Database::exec(const std::string& sql) {
    if (sqlite3_exec(m_handle, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        return error(sql);
    }
    return {};
}

Result<std::string> Database::text(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(m_handle, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
        return error(sql);
    }
    const int rc = sqlite3_step(statement);
    std::string value;
    if (rc == SQLITE_ROW) {
        const void* bytes = sqlite3_column_blob(statement, 0);
        value.assign(static_cast<const char*>(bytes),
                     static_cast<std::size_t>(sqlite3_column_bytes(statement, 0)));
    }
    sqlite3_finalize(statement);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        return error(sql);
    }
    return value;
}

Result<std::int64_t> Database::number(const std::string& sql) {
    ENGINE_TRY_ASSIGN(const std::string digits, text("SELECT CAST((" + sql + ") AS TEXT)"));
    return digits.empty() ? 0 : std::strtoll(digits.c_str(), nullptr, 10);
}

Result<Database::Image> Database::image() {
    // Without its cache: a rollback leaves other bytes in free pages without moving the change
    // counter. With a statement: serialize alone does not look whether the file has changed.
    ENGINE_TRY(exec("PRAGMA shrink_memory"));
    ENGINE_TRY(exec("BEGIN; SELECT count(*) FROM sqlite_schema"));
    sqlite3_int64 size = 0;
    unsigned char* bytes = sqlite3_serialize(m_handle, "main", &size, 0);
    Image image;
    image.bytes = static_cast<std::uint64_t>(size);
    const bool failed = bytes == nullptr && size != 0;
    if (bytes != nullptr) {
        image.hash =
            engine::xxh3_128(std::as_bytes(std::span<const unsigned char>(bytes, image.bytes)));
    }
    sqlite3_free(bytes);
    ENGINE_TRY(exec("COMMIT"));
    if (failed) {
        return error("serialize");
    }
    return image;
}

Result<Statement> Statement::prepare(const Database& database, const std::string& sql) {
    sqlite3_stmt* handle = nullptr;
    if (sqlite3_prepare_v2(database.handle(), sql.c_str(), -1, &handle, nullptr) != SQLITE_OK) {
        return database.error(sql);
    }
    return Statement(handle);
}

Statement::~Statement() {
    sqlite3_finalize(m_handle);
}

Statement& Statement::operator=(Statement&& other) noexcept {
    if (this != &other) {
        sqlite3_finalize(m_handle);
        m_handle = std::exchange(other.m_handle, nullptr);
    }
    return *this;
}

Statement& Statement::bind(int index, std::int64_t value) {
    sqlite3_bind_int64(m_handle, index, value);
    return *this;
}

Statement& Statement::bind(int index, engine::ByteView value) {
    sqlite3_bind_blob64(m_handle, index, value.data(), value.size(), SQLITE_STATIC);
    return *this;
}

Status Statement::run(const Database& database) {
    int rc = SQLITE_ROW;
    while (rc == SQLITE_ROW) {
        rc = sqlite3_step(m_handle);
    }
    sqlite3_reset(m_handle);
    if (rc != SQLITE_DONE) {
        return database.error("step");
    }
    return {};
}

std::string Attempts::text() const {
    return "busy=" + std::to_string(m_busy) + " met=" + std::to_string(m_meetings);
}

}  // namespace oracle
