// SPDX-License-Identifier: Apache-2.0
#include "tests/support/oracle_log.h"

#include <cerrno>
#include <ctime>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "engine/base/file_system.h"

namespace oracle {

using engine::Result;
using engine::Status;

namespace {

std::int64_t wallClockNs() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

LogWriter::LogWriter(engine::File file, int appendFd)
    : m_file(std::move(file))
    , m_appendFd(appendFd) {}

LogWriter::LogWriter(LogWriter&& other) noexcept
    : m_file(std::move(other.m_file))
    , m_appendFd(std::exchange(other.m_appendFd, -1)) {}

LogWriter::~LogWriter() {
    if (m_appendFd >= 0) {
        ::close(m_appendFd);
    }
}

Result<LogWriter> LogWriter::open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return engine::errnoError(errno, "open " + path);
    }
    auto file = engine::File::open(path, engine::File::Mode::Read);
    if (!file.ok()) {
        ::close(fd);
        return std::move(file).error();
    }
    return LogWriter(std::move(file).value(), fd);
}

Status LogWriter::lock() {
    while (::flock(m_appendFd, LOCK_EX) != 0) {
        if (errno != EINTR) {
            return engine::errnoError(errno, "flock " + m_file.path());
        }
    }
    return {};
}

void LogWriter::unlock() {
    ::flock(m_appendFd, LOCK_UN);
}

Status LogWriter::append(Record record) {
    record.timeNs = wallClockNs();
    record.process = static_cast<std::uint64_t>(::getpid());
    if (::write(m_appendFd, &record, sizeof record) != static_cast<ssize_t>(sizeof record)) {
        return engine::errnoError(errno, "append to " + m_file.path());
    }
    return {};
}

Result<std::optional<Record>> LogWriter::last() const {
    ENGINE_TRY_ASSIGN(const engine::FileFacts facts, m_file.facts());
    if (facts.size < sizeof(Record)) {
        return std::optional<Record>{};
    }
    Record record;
    ENGINE_TRY(m_file.readExactAt(facts.size - sizeof(Record),
                                  std::as_writable_bytes(std::span<Record>(&record, 1))));
    return std::optional<Record>(record);
}

Result<std::vector<State>> readStates(const std::string& logPath) {
    ENGINE_TRY_ASSIGN(const engine::Buffer bytes, engine::readWholeFile(logPath, 1u << 30));
    if (bytes.size() % sizeof(Record) != 0) {
        return engine::Error{engine::ErrorCode::Corruption, logPath + ": a torn record"};
    }
    std::vector<State> states;
    std::uint64_t commits = 0;
    std::uint64_t doubts = 0;
    bool open = false;  // a transaction that nobody has told the end of
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(Record)) {
        Record record;
        std::memcpy(&record, bytes.data() + at, sizeof record);
        if (record.kind == Record::Kind::Begin) {
            open = true;
            continue;
        }
        const bool same = !states.empty() && states.back().image == record.image;
        const bool doubt = record.kind == Record::Kind::Found && open && !same;
        open = false;
        if (same) {
            continue;
        }
        commits += record.kind == Record::Kind::Committed ? 1u : 0u;
        doubts += doubt ? 1u : 0u;
        states.push_back({record.image, commits, doubts, record.timeNs, record.sequence});
    }
    return states;
}

}  // namespace oracle
