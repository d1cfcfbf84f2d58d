// SPDX-License-Identifier: Apache-2.0
#include "engine/history/index.h"

#include <sqlite3.h>

#include "engine/base/file.h"
#include "engine/base/file_system.h"
#include "engine/base/log.h"
#include "engine/base/mutex.h"
#include "engine/history/table_codec.h"

namespace engine {

namespace {

// A new number where the schema or table_codec changes: an old index is then made anew.
constexpr int kSchemaVersion = 1;
constexpr int kBusyMs = 500;

constexpr const char* kSchema =
    "CREATE TABLE artefact(replica TEXT NOT NULL, id BLOB NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY(replica, id)) WITHOUT ROWID;";

struct CloseDatabase {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close(handle); }
};

struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

using DatabaseHandle = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

Error sqliteError(sqlite3* handle, std::string_view what) {
    const std::string text = handle != nullptr ? sqlite3_errmsg(handle) : "out of memory";
    return Error{ErrorCode::Io, std::string(what) + ": " + text};
}

Status run(sqlite3* handle, const char* sql) {
    if (sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
        return sqliteError(handle, "history index");
    }
    return {};
}

Result<Statement> prepare(sqlite3* handle, const char* sql) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v3(handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) !=
        SQLITE_OK) {
        return sqliteError(handle, "history index");
    }
    return Statement(raw);
}

void bindKey(sqlite3_stmt* statement, std::string_view replicaKey, const ArtefactId& artefact) {
    sqlite3_bind_text(
        statement, 1, replicaKey.data(), static_cast<int>(replicaKey.size()), SQLITE_STATIC);
    sqlite3_bind_blob(statement,
                      2,
                      artefact.bytes.data(),
                      static_cast<int>(artefact.bytes.size()),
                      SQLITE_STATIC);
}

/// One handle under one mutex: each call is short, and the index is never worth waiting for.
class SqliteIndex final : public HistoryIndex {
public:
    SqliteIndex(DatabaseHandle handle, Statement find, Statement store)
        : m_handle(std::move(handle))
        , m_find(std::move(find))
        , m_store(std::move(store)) {}

    std::optional<ArtefactTable> find(std::string_view replicaKey,
                                      const ArtefactId& artefact) override {
        Buffer body;
        {
            MutexLock lock(m_mutex);
            body = findBody(replicaKey, artefact);
        }
        Result<ArtefactTable> table = decodeTable(body);
        if (!table.ok() || table.value().head.id != artefact) {
            return std::nullopt;  // not there, or torn: it is read from the replica again
        }
        return std::move(table).value();
    }

    void store(std::string_view replicaKey, const ArtefactTable& table) override {
        const Buffer body = encodeTable(table);
        MutexLock lock(m_mutex);
        sqlite3_stmt* statement = m_store.get();
        bindKey(statement, replicaKey, table.head.id);
        sqlite3_bind_blob64(statement, 3, body.data(), body.size(), SQLITE_STATIC);
        sqlite3_step(statement);  // an entry that was not stored is only read again
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }

private:
    Buffer findBody(std::string_view replicaKey, const ArtefactId& artefact)
        ENGINE_REQUIRES(m_mutex) {
        Buffer body;
        sqlite3_stmt* statement = m_find.get();
        bindKey(statement, replicaKey, artefact);
        if (sqlite3_step(statement) == SQLITE_ROW) {
            const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, 0));
            const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(statement, 0));
            body.assign(bytes, bytes + (bytes != nullptr ? size : 0));
        }
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        return body;
    }

    Mutex m_mutex;
    DatabaseHandle m_handle ENGINE_GUARDED_BY(m_mutex);
    Statement m_find ENGINE_GUARDED_BY(m_mutex);
    Statement m_store ENGINE_GUARDED_BY(m_mutex);
};

Result<int> schemaVersion(sqlite3* handle) {
    ENGINE_TRY_ASSIGN(const Statement statement, prepare(handle, "PRAGMA user_version"));
    if (sqlite3_step(statement.get()) != SQLITE_ROW) {
        return sqliteError(handle, "history index");
    }
    return sqlite3_column_int(statement.get(), 0);
}

/// Torn pages are found by each entry's checksum; nothing here is worth an fsync.
Result<std::unique_ptr<HistoryIndex>> openExisting(const std::string& path) {
    sqlite3* raw = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
    DatabaseHandle handle(raw);
    if (code != SQLITE_OK) {
        return sqliteError(raw, "open history index " + path);
    }
    sqlite3_busy_timeout(raw, kBusyMs);
    ENGINE_TRY(
        run(raw, "PRAGMA trusted_schema=OFF; PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY;"));
    ENGINE_TRY_ASSIGN(const int version, schemaVersion(raw));
    if (version == 0) {
        const std::string create = std::string("BEGIN IMMEDIATE;") + kSchema +
                                   "PRAGMA user_version=" + std::to_string(kSchemaVersion) +
                                   ";COMMIT;";
        ENGINE_TRY(run(raw, create.c_str()));
    } else if (version != kSchemaVersion) {
        return Error{ErrorCode::Unsupported, "history index of another version"};
    }
    ENGINE_TRY_ASSIGN(Statement find,
                      prepare(raw, "SELECT body FROM artefact WHERE replica=?1 AND id=?2"));
    ENGINE_TRY_ASSIGN(Statement store,
                      prepare(raw, "INSERT OR REPLACE INTO artefact VALUES(?1,?2,?3)"));
    return std::unique_ptr<HistoryIndex>(
        std::make_unique<SqliteIndex>(std::move(handle), std::move(find), std::move(store)));
}

Status createEmpty(const std::string& path) {
    // Ours alone (0600) before SQLite writes into it.
    Result<File> file = File::open(path, File::Mode::CreateNew);
    if (!file.ok() && file.error().code != ErrorCode::AlreadyExists) {
        return std::move(file).error();
    }
    return {};
}

Result<std::unique_ptr<HistoryIndex>> openOrRecreate(const std::string& path) {
    ENGINE_TRY(makeFolders(parentOf(path)));
    ENGINE_TRY(createEmpty(path));
    Result<std::unique_ptr<HistoryIndex>> index = openExisting(path);
    if (index.ok()) {
        return index;
    }
    log::history().info("history index made anew: {}", index.error().message);
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
        ENGINE_TRY(removeFile(path + suffix));
    }
    ENGINE_TRY(createEmpty(path));
    return openExisting(path);
}

}  // namespace

Result<std::unique_ptr<HistoryIndex>> HistoryIndex::open(const std::string& path) {
    Result<std::unique_ptr<HistoryIndex>> index = openOrRecreate(path);
    if (index.ok()) {
        return index;
    }
    log::history().info("history index kept in memory: {}", index.error().message);
    return openExisting(":memory:");
}

}  // namespace engine
