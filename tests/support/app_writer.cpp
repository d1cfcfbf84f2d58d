// SPDX-License-Identifier: Apache-2.0
#include "tests/support/app_writer.h"

#include <array>

namespace oracle {

using engine::Result;
using engine::Status;

namespace {

/// Holds the turn of this process among all writers.
class Turn {
public:
    explicit Turn(std::optional<LogWriter>& log)
        : m_log(log) {
        if (m_log) {
            engine::ignoreError(m_log->lock(), "the order is checked when the log is read");
        }
    }

    ~Turn() {
        if (m_log) {
            m_log->unlock();
        }
    }

    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

private:
    std::optional<LogWriter>& m_log;
};

}  // namespace

AppWriter::AppWriter(const WriterOptions& options)
    : m_options(options)
    , m_random(options.seed) {}

Result<std::unique_ptr<AppWriter>> AppWriter::open(const WriterOptions& options) {
    std::unique_ptr<AppWriter> writer(new AppWriter(options));
    if (!options.log.empty()) {
        ENGINE_TRY_ASSIGN(LogWriter log, LogWriter::open(options.log));
        writer->m_log.emplace(std::move(log));
    }
    const Turn turn(writer->m_log);
    ENGINE_TRY(writer->connect());
    ENGINE_TRY(writer->noteWhatIsThere(true));
    ENGINE_TRY(writer->createSchema());
    ENGINE_TRY(writer->prepare());
    return writer;
}

Status AppWriter::connect() {
    ENGINE_TRY_ASSIGN(m_database, Database::open(m_options.database, m_options.busyTimeoutMs));
    ENGINE_TRY_ASSIGN(m_reader, Database::open(m_options.database, m_options.busyTimeoutMs));
    ENGINE_TRY_ASSIGN(const std::string pages, m_database.text("PRAGMA page_count"));
    if (pages == "0") {
        // Only now: in a database that is there, setting auto_vacuum is a commit of its own.
        ENGINE_TRY(m_database.exec("PRAGMA page_size=" + std::to_string(m_options.pageSize)));
        ENGINE_TRY(m_database.exec("PRAGMA auto_vacuum=" + std::to_string(m_options.autoVacuum)));
    }
    ENGINE_TRY(m_database.exec("PRAGMA synchronous=" + m_options.synchronous));
    ENGINE_TRY(m_database.exec("PRAGMA cache_size=" + std::to_string(m_options.cachePages)));
    ENGINE_TRY_ASSIGN(const std::string mode, m_database.text("PRAGMA journal_mode"));
    if (mode != m_options.journal) {
        // WAL is a change of the file and persists; the others are the connection's own.
        ENGINE_TRY(logged("PRAGMA journal_mode=" + m_options.journal));
    }
    return {};
}

Status AppWriter::createSchema() {
    ENGINE_TRY_ASSIGN(const std::int64_t tables,
                      m_database.number("SELECT count(*) FROM sqlite_schema"));
    if (tables != 0) {
        ENGINE_TRY_ASSIGN(const std::int64_t sequence,
                          m_database.number("SELECT sequence FROM stamp"));
        m_sequence = static_cast<std::uint64_t>(sequence);
        return {};
    }
    return logged(
        "BEGIN; CREATE TABLE stamp(id INTEGER PRIMARY KEY, sequence INTEGER, nonce INTEGER);"
        "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, body BLOB);"
        "CREATE INDEX item_name ON item(name); INSERT INTO stamp VALUES(1, 0, 0); COMMIT");
}

Status AppWriter::prepare() {
    ENGINE_TRY_ASSIGN(
        m_put,
        Statement::prepare(m_database, "INSERT OR REPLACE INTO item VALUES(?1, hex(?2), ?3)"));
    ENGINE_TRY_ASSIGN(m_remove, Statement::prepare(m_database, "DELETE FROM item WHERE id = ?1"));
    ENGINE_TRY_ASSIGN(m_stamp,
                      Statement::prepare(m_database, "UPDATE stamp SET sequence = ?1, nonce = ?2"));
    return {};
}

/// After somebody was killed: the transaction may be there or not, and a rollback by whoever came
/// first may have left other bytes in free pages.
Status AppWriter::noteWhatIsThere(bool always) {
    if (!m_log) {
        return {};
    }
    ENGINE_TRY_ASSIGN(const std::optional<Record> last, m_log->last());
    if (always || (last && last->kind == Record::Kind::Begin)) {
        return tell(Record::Kind::Found);
    }
    return {};
}

Status AppWriter::begin() {
    m_nonce = m_random();
    if (!m_log) {
        return {};
    }
    Record record;
    record.sequence = m_sequence + 1;
    record.nonce = m_nonce;
    return m_log->append(record);
}

Status AppWriter::tell(Record::Kind kind) {
    if (!m_log) {
        return {};
    }
    ENGINE_TRY_ASSIGN(const Database::Image image, m_reader.image());
    Record record;
    record.kind = kind;
    record.sequence = m_sequence;
    record.nonce = m_nonce;
    record.image = image.hash;
    record.imageBytes = image.bytes;
    return m_log->append(record);
}

/// A statement that is a transaction of its own. Refused because of other connections = not done.
Status AppWriter::logged(const std::string& sql) {
    ENGINE_TRY(begin());
    Status status = m_database.exec(sql);
    if (!status.ok() && status.error().code != engine::ErrorCode::Unavailable) {
        return status;
    }
    m_attempts.note(status.ok());
    return tell(status.ok() ? Record::Kind::Committed : Record::Kind::RolledBack);
}

Status AppWriter::step() {
    const Turn turn(m_log);
    ENGINE_TRY(noteWhatIsThere(false));
    if (!m_options.quiet && below(300) == 0) {
        m_put.reset();
        m_remove.reset();
        m_stamp.reset();
        ENGINE_TRY(logged(below(2) == 0 ? "VACUUM" : "PRAGMA incremental_vacuum(10)"));
        ENGINE_TRY(prepare());
    }
    if (m_options.switchJournal && below(25) == 0) {
        ENGINE_TRY(switchJournal());
    }
    ENGINE_TRY(transaction());
    return m_options.quiet ? Status{} : maintenance();
}

Status AppWriter::transaction() {
    ENGINE_TRY(begin());
    if (Status begun = m_database.exec("BEGIN IMMEDIATE"); !begun.ok()) {
        m_attempts.note(false);
        return begun.error().retryable() ? tell(Record::Kind::RolledBack) : std::move(begun);
    }
    // Several processes take turns: the row is the truth about the number.
    ENGINE_TRY_ASSIGN(const std::int64_t sequence, m_database.number("SELECT sequence FROM stamp"));
    m_sequence = static_cast<std::uint64_t>(sequence);
    ENGINE_TRY(changeRows());
    m_stamp->bind(1, sequence + 1).bind(2, static_cast<std::int64_t>(m_nonce));
    ENGINE_TRY(m_stamp->run(m_database));
    if (!m_options.quiet && mayRollBack() && below(25) == 0) {
        ENGINE_TRY(m_database.exec("ROLLBACK"));
        return tell(Record::Kind::RolledBack);
    }
    if (Status committed = m_database.exec("COMMIT"); !committed.ok()) {
        m_attempts.note(false);
        ENGINE_TRY(m_database.exec("ROLLBACK"));
        return committed.error().retryable() ? tell(Record::Kind::RolledBack)
                                             : std::move(committed);
    }
    m_sequence += 1;
    m_attempts.note(true);
    return tell(Record::Kind::Committed);
}

Status AppWriter::changeRows() {
    const auto anyRow = [&] {
        return static_cast<std::int64_t>(1 + below(static_cast<std::uint64_t>(m_options.rows)));
    };
    if (m_options.quiet) {
        return putRow(anyRow());
    }
    if (m_options.spills && mayRollBack() && below(20) == 0) {
        ENGINE_TRY(spillAndGoBack());
    }
    const std::uint64_t kind = below(100);
    const std::uint64_t count = kind < 70   ? 1 + below(3)
                                : kind < 96 ? 10 + below(40)
                                            : 100 + below(200);
    const bool shrink = below(10) == 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::int64_t id = anyRow();
        m_remove->bind(1, id);
        ENGINE_TRY(m_remove->run(m_database));
        if (!shrink || below(4) == 0) {
            ENGINE_TRY(putRow(id));
        }
    }
    return {};
}

Status AppWriter::putRow(std::int64_t id) {
    const std::uint64_t kind = below(100);
    const std::size_t size = m_options.quiet ? 40
                             : kind < 80     ? 20 + below(400)
                             : kind < 98     ? 1000 + below(6000)
                                             : 20'000 + below(60'000);
    m_bytes.resize((size + 7) / 8 * 8);
    for (std::size_t at = 0; at < m_bytes.size(); at += 8) {
        engine::storeLe(m_bytes.data() + at, m_random());
    }
    m_put->bind(1, id)
        .bind(2, engine::ByteView(m_bytes).first(8))
        .bind(3, engine::ByteView(m_bytes).first(size));
    return m_put->run(m_database);
}

/// Spills frames into the log, writes over them and takes it all back: SQLite can then commit
/// frames whose checksums are zero.
Status AppWriter::spillAndGoBack() {
    ENGINE_TRY(m_database.exec("SAVEPOINT spill"));
    const std::int64_t count = static_cast<std::int64_t>(40 + below(80));
    for (std::int64_t round = 0; round < 2; ++round) {
        for (std::int64_t id = round * count / 2; id < count; ++id) {
            ENGINE_TRY(putRow(1 + id));
        }
    }
    return m_database.exec("ROLLBACK TO spill; RELEASE spill");
}

Status AppWriter::maintenance() {
    static constexpr std::array kModes = {"PASSIVE", "FULL", "RESTART", "TRUNCATE"};
    if (below(40) == 0) {
        // Without the turn of another process: BUSY is the usual answer then, and no harm.
        engine::ignoreError(
            m_database.exec(std::string("PRAGMA wal_checkpoint(") + kModes[below(4)] + ")"),
            "a checkpoint that meets a reader is tried again by chance");
    }
    if (below(200) == 0) {
        return reopen();
    }
    return {};
}

Status AppWriter::switchJournal() {
    static constexpr std::array kModes = {"wal", "delete", "truncate", "persist", "memory", "off"};
    m_options.journal = kModes[below(kModes.size())];
    m_put.reset();
    m_remove.reset();
    m_stamp.reset();
    m_reader.close();  // leaving WAL needs to be alone
    ENGINE_TRY(begin());
    const Status switched = m_database.exec("PRAGMA journal_mode=" + m_options.journal);
    if (!switched.ok() && !switched.error().retryable()) {
        return switched;
    }
    ENGINE_TRY_ASSIGN(m_options.journal, m_database.text("PRAGMA journal_mode"));
    ENGINE_TRY_ASSIGN(m_reader, Database::open(m_options.database, m_options.busyTimeoutMs));
    m_attempts.note(true);
    ENGINE_TRY(tell(Record::Kind::Committed));
    return prepare();
}

Status AppWriter::reopen() {
    m_put.reset();
    m_remove.reset();
    m_stamp.reset();
    m_reader.close();
    m_database.close();
    ENGINE_TRY(connect());
    return prepare();
}

}  // namespace oracle
