// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <memory>
#include <string_view>

#include <sqlite3.h>

#include "engine/base/file.h"
#include "engine/restore/temporary_file.h"
#include "engine/restore/verifier.h"

namespace engine {

namespace {

constexpr int kLinesMax = 10;
constexpr int kStepsBetweenStops = 20'000;
constexpr std::uint64_t kPageBytesMin = 512;
constexpr std::size_t kCopyBytes = 1u << 20;

struct CloseDatabase {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close(handle); }
};

struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

using DatabaseHandle = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

bool startsWith(std::string_view text, std::string_view what) {
    return text.substr(0, what.size()) == what;
}

/// Everything that a URI could take for its own is escaped.
std::string uriOf(const std::string& path) {
    static constexpr std::string_view kPlain = "-._~/";
    std::string uri = "file:";
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || kPlain.find(c) != std::string_view::npos;
        if (plain) {
            uri.push_back(c);
        } else {
            const auto byte = static_cast<std::byte>(c);
            uri += "%" + toHex(ByteView(&byte, 1));
        }
    }
    return uri;
}

/// What SQLite says where the program that wrote the database had something that we do not.
bool isForeign(std::string_view message) {
    constexpr std::array<std::string_view, 5> kForeign = {"no such collation sequence",
                                                          "no such function",
                                                          "unknown function",
                                                          "no such module",
                                                          "unsafe use of"};
    for (const std::string_view text : kForeign) {
        if (message.find(text) != std::string_view::npos) {
            return true;
        }
    }
    return false;
}

/// Lines of integrity_check about what the program stored, not about the file.
bool isAboutContent(std::string_view line) {
    return startsWith(line, "CHECK constraint failed in ") || startsWith(line, "NULL value in ");
}

class IntegrityCheck {
public:
    IntegrityCheck(sqlite3* handle, std::stop_token stop)
        : m_handle(handle)
        , m_stop(std::move(stop)) {
        sqlite3_progress_handler(
            handle,
            kStepsBetweenStops,
            [](void* self) {
                return static_cast<IntegrityCheck*>(self)->m_stop.stop_requested() ? 1 : 0;
            },
            this);
    }

    ~IntegrityCheck() { sqlite3_progress_handler(m_handle, 0, nullptr, nullptr); }

    IntegrityCheck(const IntegrityCheck&) = delete;
    IntegrityCheck& operator=(const IntegrityCheck&) = delete;

    Result<std::vector<std::string>> run() {
        const Status whole = check("PRAGMA integrity_check(" + std::to_string(kLinesMax) + ")");
        if (!whole.ok()) {
            if (whole.error().code != ErrorCode::Unsupported) {
                return whole.error();
            }
            ENGINE_TRY(checkTables());
        }
        return std::move(m_notes);
    }

private:
    Error failure() const {
        const std::string message = sqlite3_errmsg(m_handle);
        switch (sqlite3_errcode(m_handle)) {
            case SQLITE_INTERRUPT:
                return Error{ErrorCode::Cancelled, "stopped while the database was checked"};
            case SQLITE_NOMEM:
            case SQLITE_IOERR:
            case SQLITE_CANTOPEN:
            case SQLITE_FULL:
            case SQLITE_BUSY:
                return Error{ErrorCode::Io, "SQLite check: " + message};
            case SQLITE_ERROR:
                if (isForeign(message)) {
                    return Error{ErrorCode::Unsupported, message};
                }
                break;
            default:
                break;
        }
        return Error{ErrorCode::Corruption, "SQLite check: " + message};
    }

    Result<std::vector<std::string>> rows(const std::string& sql) {
        sqlite3_stmt* raw = nullptr;
        if (sqlite3_prepare_v2(m_handle, sql.c_str(), -1, &raw, nullptr) != SQLITE_OK) {
            return failure();
        }
        const Statement statement(raw);
        std::vector<std::string> found;
        int code = sqlite3_step(raw);
        for (; code == SQLITE_ROW; code = sqlite3_step(raw)) {
            const auto* text = static_cast<const char*>(sqlite3_column_blob(raw, 0));
            found.emplace_back(text != nullptr ? text : "",
                               static_cast<std::size_t>(sqlite3_column_bytes(raw, 0)));
        }
        if (code != SQLITE_DONE) {
            return failure();
        }
        return found;
    }

    Status check(const std::string& pragma) {
        ENGINE_TRY_ASSIGN(const std::vector<std::string> lines, rows(pragma));
        std::string damage;
        for (const std::string& line : lines) {
            if (line == "ok") {
                continue;
            }
            if (isAboutContent(line)) {
                m_notes.push_back(line);
            } else {
                damage += (damage.empty() ? "" : "; ") + line;
            }
        }
        if (!damage.empty()) {
            return Error{ErrorCode::Corruption, "SQLite check: " + damage};
        }
        return {};
    }

    /// Table by table: those that need something foreign are noted, the others are checked.
    Status checkTables() {
        ENGINE_TRY_ASSIGN(const std::vector<std::string> tables,
                          rows("SELECT name FROM sqlite_schema WHERE type='table' AND rootpage>0"));
        for (const std::string& table : tables) {
            std::string quoted;
            for (const char c : table) {
                quoted.append(c == '"' ? 2 : 1, c);
            }
            Status done = check("PRAGMA integrity_check(\"" + quoted + "\")");
            if (!done.ok() && done.error().code == ErrorCode::Unsupported) {
                m_notes.push_back("Table " + table +
                                  " could not be checked by SQLite: " + done.error().message);
            } else {
                ENGINE_TRY(std::move(done));
            }
        }
        return {};
    }

    sqlite3* m_handle;
    const std::stop_token m_stop;
    std::vector<std::string> m_notes;
};

Result<std::vector<std::string>> checkOpened(const std::string& path,
                                             const std::string& uri,
                                             int flags,
                                             std::stop_token stop) {
    sqlite3* raw = nullptr;
    const int code =
        sqlite3_open_v2(uri.c_str(), &raw, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
    const DatabaseHandle handle(raw);
    if (code != SQLITE_OK) {
        return Error{
            ErrorCode::Io,
            "open " + path + ": " + (raw != nullptr ? sqlite3_errmsg(raw) : "out of memory")};
    }
    sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_exec(raw, "PRAGMA cache_size=-8192; PRAGMA mmap_size=0;", nullptr, nullptr, nullptr);
    IntegrityCheck check(raw, std::move(stop));
    return check.run();
}

/// Whether a side file has something in it that belongs to the database.
bool holdsChanges(const std::string& path) {
    const Result<FileFacts> facts = factsOf(path);
    return facts.ok() && facts.value().size > 0;
}

Status copyInto(const std::string& path, File& to, const std::stop_token& stop) {
    ENGINE_TRY_ASSIGN(const File from, File::open(path, File::Mode::Read));
    Buffer buffer(kCopyBytes);
    std::uint64_t offset = 0;
    for (std::size_t count = buffer.size(); count == buffer.size(); offset += count) {
        if (stop.stop_requested()) {
            return Error{ErrorCode::Cancelled, "stopped while the database was checked"};
        }
        ENGINE_TRY_ASSIGN(count, from.readAt(offset, buffer));
        ENGINE_TRY(to.writeAt(offset, ByteView(buffer).first(count)));
    }
    return {};
}

Status checkCopy(const std::string& path, std::stop_token stop) {
    ENGINE_TRY_ASSIGN(TemporaryFile copy, TemporaryFile::makeBeside(path));
    ENGINE_TRY(copyInto(path, copy.file(), stop));
    for (const char* suffix : {"-wal", "-journal"}) {
        if (holdsChanges(path + suffix)) {
            ENGINE_TRY_ASSIGN(File side, File::open(copy.path() + suffix, File::Mode::CreateNew));
            ENGINE_TRY(copyInto(path + suffix, side, stop));
        }
    }
    const Result<std::vector<std::string>> notes =
        checkOpened(path, uriOf(copy.path()), SQLITE_OPEN_READWRITE, std::move(stop));
    return notes.ok() ? Status{} : Status{notes.error()};
}

}  // namespace

Result<std::vector<std::string>> checkSqliteIntegrity(const std::string& path,
                                                      std::stop_token stop) {
    return checkOpened(
        path, uriOf(path) + "?immutable=1&mode=ro", SQLITE_OPEN_READONLY, std::move(stop));
}

Status checkSqliteDatabase(const std::string& path, std::stop_token stop) {
    ENGINE_TRY_ASSIGN(const File file, File::open(path, File::Mode::Read));
    ENGINE_TRY_ASSIGN(const FileFacts facts, file.facts());
    // SQLite itself takes an empty file, or one of a single byte, for a new database.
    if (facts.size < kPageBytesMin) {
        return Error{ErrorCode::Corruption, path + " is too short for a database"};
    }
    if (holdsChanges(path + "-wal") || holdsChanges(path + "-journal")) {
        return checkCopy(path, std::move(stop));
    }
    const Result<std::vector<std::string>> notes = checkSqliteIntegrity(path, std::move(stop));
    return notes.ok() ? Status{} : Status{notes.error()};
}

}  // namespace engine
