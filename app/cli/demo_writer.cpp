// SPDX-License-Identifier: Apache-2.0
// The program that the demo protects: a notes app with an ordinary SQLite database in WAL mode. It
// knows nothing of Strandline; after each commit it tells on standard output what it committed.
#include <array>
#include <cstdio>
#include <memory>
#include <random>

#include <poll.h>
#include <sqlite3.h>
#include <unistd.h>

#include "app/cli/commands.h"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;
using engine::Status;

struct CloseDatabase {
    void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};

using Database = std::unique_ptr<sqlite3, CloseDatabase>;

class NotesApp {
public:
    static Result<NotesApp> open(const std::string& path, unsigned seed) {
        NotesApp app(seed);
        sqlite3* opened = nullptr;
        const int code = sqlite3_open(path.c_str(), &opened);
        app.m_database.reset(opened);
        if (code != SQLITE_OK) {
            return Error{ErrorCode::Io, std::string("open the notes: ") + sqlite3_errstr(code)};
        }
        sqlite3_busy_timeout(opened, 2000);
        return app;
    }

    Status makeTables() {
        // A small WAL, so that checkpoints happen while the demo runs.
        return execute(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=150;"
            "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, body TEXT, changed INTEGER);"
            "CREATE INDEX notes_changed ON notes(changed);"
            "CREATE TABLE tags(note INTEGER, tag TEXT, PRIMARY KEY(note, tag)) WITHOUT ROWID;");
    }

    /// One edit as a person would make it: mostly a change, sometimes a new note, seldom a
    /// deletion.
    Status edit(std::uint64_t sequence) {
        const unsigned dice = roll(0, 99);
        std::string sql = "BEGIN IMMEDIATE;";
        if (dice < 45 || sequence < 10) {
            sql += "INSERT INTO notes(title, body, changed) VALUES('note " +
                   std::to_string(sequence) + "', hex(randomblob(" +
                   std::to_string(roll(40, 1500)) + ")), " + std::to_string(sequence) +
                   "); INSERT OR IGNORE INTO tags VALUES(last_insert_rowid(), 'tag" +
                   std::to_string(roll(0, 20)) + "');";
        } else if (dice < 92) {
            sql += "UPDATE notes SET body = body || hex(randomblob(" +
                   std::to_string(roll(4, 120)) + ")), changed = " + std::to_string(sequence) +
                   " WHERE id = (SELECT id FROM notes ORDER BY random() LIMIT 1);";
        } else {
            sql += "DELETE FROM notes WHERE id = (SELECT min(id) FROM notes);";
        }
        return execute(sql + "COMMIT;");
    }

    /// What the database holds after the commit, byte for byte.
    Result<std::string> imageHash(std::uint64_t& size) const {
        sqlite3_int64 bytes = 0;
        const std::unique_ptr<unsigned char, decltype(&sqlite3_free)> image(
            sqlite3_serialize(m_database.get(), "main", &bytes, 0), &sqlite3_free);
        if (image == nullptr) {
            return Error{ErrorCode::Io, "read the notes' own image"};
        }
        size = static_cast<std::uint64_t>(bytes);
        const std::span<const unsigned char> whole(image.get(), static_cast<std::size_t>(bytes));
        return engine::toHex(engine::sha256(std::as_bytes(whole)));
    }

    unsigned roll(unsigned least, unsigned most) {
        return std::uniform_int_distribution<unsigned>(least, most)(m_random);
    }

private:
    explicit NotesApp(unsigned seed)
        : m_random(seed) {}

    Status execute(const std::string& sql) {
        char* problem = nullptr;
        const int code = sqlite3_exec(m_database.get(), sql.c_str(), nullptr, nullptr, &problem);
        const std::unique_ptr<char, decltype(&sqlite3_free)> owned(problem, &sqlite3_free);
        return code == SQLITE_OK
                   ? Status{}
                   : Status{Error{ErrorCode::Io,
                                  std::string("notes: ") + (problem != nullptr ? problem : "?")}};
    }

    Database m_database;
    std::mt19937 m_random;
};

/// Pauses as a person does, but not beyond the end of who started us. False: that has come.
bool pauseFor(unsigned ms) {
    pollfd wait = {STDIN_FILENO, POLLIN, 0};
    return ::poll(&wait, 1, static_cast<int>(ms)) == 0;
}

Status tell(const NotesApp& app, std::uint64_t sequence) {
    std::uint64_t size = 0;
    const engine::Time committedAt = engine::SystemClock().now();
    ENGINE_TRY_ASSIGN(const std::string hash, app.imageHash(size));
    std::printf("%llu %lld %llu %s\n",
                static_cast<unsigned long long>(sequence),
                static_cast<long long>(committedAt.ms),
                static_cast<unsigned long long>(size),
                hash.c_str());
    return std::fflush(stdout) == 0 ? Status{} : Status{Error{ErrorCode::Io, "nobody listens"}};
}

/// What the notes hold after their app died, as SQLite itself recovers it: in a copy, so that the
/// files stay as they were left.
Outcome tellAfterDeath(const std::string& path, const std::string& copy) {
    constexpr std::uint64_t kBytesMax = 1u << 30;
    for (const char* suffix : {"", "-wal"}) {
        const Result<engine::Buffer> bytes = engine::readWholeFile(path + suffix, kBytesMax);
        if (bytes.ok()) {
            ENGINE_TRY(engine::writeFileAtomically(copy + suffix, bytes.value()));
        }
    }
    ENGINE_TRY_ASSIGN(const NotesApp app, NotesApp::open(copy, 0));
    ENGINE_TRY(tell(app, 0));
    return Exit::Done;
}

Outcome run(const Args& args, const Session& session) {
    if (args.has("--after-death")) {
        return tellAfterDeath(args.text("PATH"), args.text("--after-death"));
    }
    ENGINE_TRY_ASSIGN(const std::uint64_t seed, args.number("--seed", 1, 0, UINT32_MAX));
    ENGINE_TRY_ASSIGN(NotesApp app, NotesApp::open(args.text("PATH"), static_cast<unsigned>(seed)));
    ENGINE_TRY(app.makeTables());
    std::uint64_t sequence = 1;
    ENGINE_TRY(tell(app, sequence));
    while (!session.stop.stop_requested()) {
        // A burst of typing, then a moment of thought.
        for (unsigned left = app.roll(1, 9); left > 0; --left) {
            ENGINE_TRY(app.edit(++sequence));
            ENGINE_TRY(tell(app, sequence));
            if (!pauseFor(app.roll(3, 40))) {
                return Exit::Done;
            }
        }
        if (!pauseFor(app.roll(120, 500))) {
            return Exit::Done;
        }
    }
    return Exit::Done;
}

}  // namespace

CommandSpec demoWriterCommand() {
    CommandSpec spec;
    spec.name = "demo-writer";
    spec.summary = "the app that the demo protects";
    spec.example = "strandline-cli demo-writer /tmp/notes.db";
    spec.options = {{"--seed", "N", "of its random edits"},
                    {"--after-death", "FILE", "tell what it holds, opened as this copy"}};
    spec.positionals = {{"PATH", "the database to make", 1, 1}};
    spec.run = &run;
    spec.hidden = true;
    return spec;
}

}  // namespace cli
