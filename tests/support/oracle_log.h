// SPDX-License-Identifier: Apache-2.0
// The oracle's log: what a database held after each of its commits, written by the program that
// made them. One record is one write(2), so that a kill never tears it; records of several writers
// are in the order of their commits because each transaction holds a flock on the log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/base/file.h"
#include "engine/base/result.h"

namespace oracle {

struct Record {
    enum class Kind : std::uint64_t {
        Begin = 1,       // a transaction begins; a kill may follow before or after its COMMIT
        Committed = 2,   // COMMIT returned
        RolledBack = 3,  // the transaction is gone; free pages may hold other bytes than before
        Found = 4,       // what is there after somebody was killed
    };
    Kind kind = Kind::Begin;
    std::uint64_t sequence = 0;
    std::uint64_t nonce = 0;
    engine::Hash128 image;  // XXH3-128 of the whole database
    std::uint64_t imageBytes = 0;
    std::int64_t timeNs = 0;  // wall clock
    std::uint64_t process = 0;
};

static_assert(sizeof(Record) == 64);

/// The writer's side. One transaction at a time over all processes: lock(), append(), unlock().
class LogWriter {
public:
    static engine::Result<LogWriter> open(const std::string& path);
    ~LogWriter();
    LogWriter(LogWriter&& other) noexcept;
    LogWriter& operator=(LogWriter&&) = delete;
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;
    /// Waits for the other writers.
    engine::Status lock();
    void unlock();
    engine::Status append(Record record);
    /// The newest record of all writers; only under the lock.
    engine::Result<std::optional<Record>> last() const;

private:
    LogWriter(engine::File file, int appendFd);

    engine::File m_file;
    int m_appendFd = -1;
};

/// A state that the database had, in order. commits counts the transactions up to it.
struct State {
    engine::Hash128 image;
    std::uint64_t commits = 0;
    std::uint64_t doubts = 0;  // kills up to it after which nobody can say: a commit, or only
                               // other bytes in free pages after the rollback
    std::int64_t timeNs = 0;
    std::uint64_t sequence = 0;
};

/// Consecutive equal states are one.
engine::Result<std::vector<State>> readStates(const std::string& logPath);

}  // namespace oracle
