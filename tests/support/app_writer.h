// SPDX-License-Identifier: Apache-2.0
// A writer that behaves like an app, at random: small and large transactions, deletes, savepoints
// that spill, rollbacks, checkpoints of every mode, VACUUM, closing and opening again. What the
// database holds after each commit goes to the oracle's log.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>

#include "tests/support/app_database.h"
#include "tests/support/oracle_log.h"

namespace oracle {

struct WriterOptions {
    std::string database;
    std::string log;  // empty: nothing is logged (benchmarks)
    std::uint64_t seed = 1;
    std::uint32_t pageSize = 4096;
    std::string journal = "wal";  // or delete, truncate, persist, memory, off
    bool switchJournal = false;   // change the mode now and then; alone on the database only
    std::string synchronous = "NORMAL";
    int cachePages = 50;  // small: large transactions spill
    int rows = 300;       // the database stays about this large
    bool quiet = false;   // one-row transactions only: no savepoint, VACUUM, reopen
    bool spills = true;   // savepoints that spill and are rolled back
    int autoVacuum = 0;
    int busyTimeoutMs = 20'000;
};

class AppWriter {
public:
    static engine::Result<std::unique_ptr<AppWriter>> open(const WriterOptions& options);

    /// One transaction (or VACUUM, or change of mode), then perhaps a checkpoint or a reopen.
    engine::Status step();

    const Attempts& attempts() const noexcept { return m_attempts; }

private:
    explicit AppWriter(const WriterOptions& options);
    engine::Status connect();
    engine::Status prepare();
    engine::Status createSchema();
    engine::Status noteWhatIsThere(bool always);
    engine::Status logged(const std::string& sql);
    engine::Status transaction();
    engine::Status changeRows();
    engine::Status putRow(std::int64_t id);
    engine::Status spillAndGoBack();
    engine::Status maintenance();
    engine::Status switchJournal();
    engine::Status reopen();
    engine::Status begin();
    engine::Status tell(Record::Kind kind);

    std::uint64_t below(std::uint64_t limit) { return m_random() % limit; }

    bool mayRollBack() const { return m_options.journal != "off"; }

    WriterOptions m_options;
    std::mt19937_64 m_random;
    std::optional<LogWriter> m_log;
    Database m_database;
    Database m_reader;  // see Database::image
    std::optional<Statement> m_put, m_remove, m_stamp;
    engine::Buffer m_bytes;
    std::uint64_t m_sequence = 0;
    std::uint64_t m_nonce = 0;
    Attempts m_attempts;
};

}  // namespace oracle
