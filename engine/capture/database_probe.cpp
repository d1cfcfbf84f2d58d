// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/database_probe.h"

#include <array>
#include <cmath>
#include <utility>

#include <sys/stat.h>

#include "engine/base/file_system.h"
#include "engine/capture/file_system_kind.h"
#include "engine/capture/sqlite_journal_sight.h"
#include "engine/format/sqlite_layout.h"

namespace engine {
namespace {

constexpr std::uint32_t kBoltMagic = 0xed0cdaed;
constexpr std::uint32_t kBoltVersion = 2;
constexpr std::uint64_t kBoltMetaOffset = 16;  // in its page
constexpr std::size_t kSampleBytes = 4096;
constexpr double kRandomBits = 7.8;  // of 8 bits a byte, over a whole sample

std::string kindProblem(const FileFacts& facts) {
    switch (facts.mode & S_IFMT) {
        case S_IFDIR:
            return "This is a folder, not a file.";
        case S_IFIFO:
            return "This is a named pipe, not a file.";
        case S_IFSOCK:
            return "This is a socket, not a file.";
        case S_IFBLK:
        case S_IFCHR:
            return "This is a device, not a file.";
        default:
            return "This is not a regular file.";
    }
}

std::string openProblem(const Error& error) {
    if (error.code == ErrorCode::NotFound) {
        return "There is no such file.";
    }
    if (error.code == ErrorCode::PermissionDenied) {
        return "We may not read this file.";
    }
    return "The file cannot be read: " + error.message + ".";
}

/// How evenly the bytes are spread, in bits a byte: 8 for random ones.
double entropyOf(ByteView bytes) {
    std::array<std::size_t, 256> counts{};
    for (const std::byte byte : bytes) {
        counts[std::to_integer<std::size_t>(byte)] += 1;
    }
    double bits = 0;
    const double all = static_cast<double>(bytes.size());
    for (const std::size_t count : counts) {
        if (count > 0) {
            const double share = static_cast<double>(count) / all;
            bits -= share * std::log2(share);
        }
    }
    return bits;
}

/// The page size of a bolt file, from a meta page at this place.
std::optional<std::uint32_t> boltPageSize(const SourceFile& file, std::uint64_t page) {
    std::array<std::byte, 12> meta{};
    const auto whole = readWhole(file, page + kBoltMetaOffset, meta);
    if (!whole.ok() || !whole.value() || loadLe<std::uint32_t>(meta.data()) != kBoltMagic ||
        loadLe<std::uint32_t>(meta.data() + 4) != kBoltVersion) {
        return std::nullopt;
    }
    const auto size = loadLe<std::uint32_t>(meta.data() + 8);
    return size >= 1024 && isSqlitePageSize(size) ? std::optional(size) : std::nullopt;
}

std::optional<WalHeader> walHeaderOf(SourceFolder& folder) {
    auto wal = folder.open(SourceRole::Wal);
    std::array<std::byte, kWalHeaderBytes> bytes{};
    if (!wal.ok()) {
        return std::nullopt;
    }
    const auto whole = readWhole(*wal.value(), 0, bytes);
    auto header = WalHeader::parse(bytes);
    if (!whole.ok() || !whole.value() || !header.ok()) {
        return std::nullopt;
    }
    return std::move(header).value();
}

LockState shmAttached(SourceFolder& folder) {
    auto shm = folder.open(SourceRole::Shm);
    if (!shm.ok()) {
        return shm.error().code == ErrorCode::NotFound ? LockState::Free : LockState::Unknown;
    }
    return shm.value()->lockQuestion({kShmAttachedLock.offset, kShmAttachedLock.length});
}

/// One look at one file.
class Prober {
public:
    explicit Prober(const std::string& path)
        : m_folder(openSourceFolder(path)) {
        m_probe.path = path;
        m_probe.target = m_folder->databasePath();
    }

    DatabaseProbe run() {
        std::string problem = look();
        if (problem.empty() && !isUtf8(m_probe.path)) {
            problem = "Its path is not UTF-8, which what is stored about it has to be.";
        }
        m_probe.problem = problem;
        if (!problem.empty()) {
            m_probe.mode = CaptureMode::NotSupported;
            m_probe.reason = problem;
        }
        m_probe.label = std::string(labelOf(m_probe.mode));
        return std::move(m_probe);
    }

private:
    /// The problem, or empty.
    std::string look();
    std::string lookInside();
    void lookAround();
    std::string sqlite(const SqliteHeader& header);
    std::string withWal(bool shared, bool wal);
    std::string withJournal();
    std::string unknown();

    std::string become(CaptureMode mode, std::string reason) {
        m_probe.mode = mode;
        m_probe.reason = std::move(reason);
        return {};
    }

    std::unique_ptr<SourceFolder> m_folder;
    std::unique_ptr<SourceFile> m_file;
    FileFacts m_facts;
    DatabaseProbe m_probe;
};

std::string Prober::look() {
    const auto there = m_folder->factsAt(SourceRole::Database);
    if (!there.ok()) {
        return openProblem(there.error());
    }
    m_facts = there.value();
    m_probe.sizeBytes = m_facts.size;
    m_probe.links = m_facts.links;
    if (!m_facts.isRegular()) {
        m_probe.sizeBytes = 0;
        return kindProblem(m_facts);
    }
    lookAround();
    auto opened = m_folder->open(SourceRole::Database);
    if (!opened.ok()) {
        return openProblem(opened.error());
    }
    m_file = std::move(opened).value();
    if (m_facts.size == 0) {
        return "The file is empty.";
    }
    return lookInside();
}

void Prober::lookAround() {
    for (const SourceRole role : {SourceRole::Wal, SourceRole::Shm, SourceRole::Journal}) {
        if (m_folder->factsAt(role).ok()) {
            m_probe.sideFiles.push_back(fileNameOf(m_probe.target) + std::string(suffixOf(role)));
        }
    }
    const auto kind = fileSystemKindOf(m_probe.target);
    m_probe.fileSystem = kind.ok() ? kind.value().name : "unknown";
    m_probe.remote = kind.ok() && kind.value().remote;
    m_probe.holders = holdersOf(m_probe.target, m_facts);
    if (m_facts.links > 1) {
        m_probe.warnings.emplace_back(
            "The file has more than one name; an app that uses another one keeps its WAL there.");
    }
}

std::string Prober::lookInside() {
    std::array<std::byte, kSqliteHeaderBytes> bytes{};
    const auto count = m_file->readAt(0, bytes);
    if (!count.ok()) {
        return openProblem(count.error());
    }
    const auto header = SqliteHeader::parse(ByteView(bytes).first(count.value()));
    if (header.ok()) {
        return sqlite(header.value());
    }
    for (std::uint64_t page = 0; page <= kSqlitePageSizeMax; page = page == 0 ? 1024 : page * 2) {
        if (const auto pageSize = boltPageSize(*m_file, page)) {
            m_probe.engine = DatabaseEngine::Bolt;
            m_probe.pageSize = *pageSize;
            m_probe.pageCount = m_facts.size / *pageSize;
            return "bolt databases are not supported yet.";
        }
    }
    return unknown();
}

std::string Prober::unknown() {
    if (walHeaderOf(*m_folder)) {
        return "This looks like an encrypted SQLite database, which is not supported.";
    }
    Buffer sample(kSampleBytes);
    const auto whole = readWhole(*m_file, 0, sample);
    const bool pages = m_facts.size % kSqlitePageSizeMin == 0;
    if (pages && whole.ok() && whole.value() && entropyOf(sample) >= kRandomBits) {
        return "This is no database that we know, or an encrypted one.";
    }
    return "This is not a database.";
}

std::string Prober::sqlite(const SqliteHeader& header) {
    m_probe.engine = DatabaseEngine::Sqlite;
    m_probe.pageSize = header.pageSize;
    m_probe.pageCount = header.pagesAtRest(m_facts.size);
    for (const SourceRole role : {SourceRole::Wal, SourceRole::Shm, SourceRole::Journal}) {
        const auto beside = m_folder->open(role);
        if (!beside.ok() && beside.error().code == ErrorCode::PermissionDenied) {
            return "We may not read " + fileNameOf(m_probe.target) + std::string(suffixOf(role)) +
                   " beside it.";
        }
    }
    m_probe.locking = m_file->lockQuestion({kSharedLock.offset, kSharedLock.length});
    const LockState attached = shmAttached(*m_folder);
    const bool shared = attached == LockState::Shared || attached == LockState::Exclusive;
    const bool wal = walHeaderOf(*m_folder).has_value();
    const bool usesWal = shared || wal || header.usesWal();
    m_probe.journal = usesWal ? JournalKind::Wal : JournalKind::Rollback;
    if (m_probe.locking == LockState::Unknown || attached == LockState::Unknown) {
        if (m_probe.remote) {
            return "It is on a network or user-space file system (" + m_probe.fileSystem +
                   "), where the locks of its app cannot be seen.";
        }
        return "The locks of its app cannot be seen.";
    }
    return usesWal ? withWal(shared, wal) : withJournal();
}

std::string Prober::withWal(bool shared, bool wal) {
    if (shared) {
        return become(CaptureMode::WalShared, "It uses a WAL and an app has it open.");
    }
    if (wal && m_probe.locking == LockState::Exclusive) {
        return become(CaptureMode::WalChain, "It uses a WAL and an app keeps it for itself.");
    }
    if (wal) {
        return become(CaptureMode::WalChain, "It uses a WAL and no app has it open.");
    }
    return become(CaptureMode::WalAtRest, "It uses a WAL, which is empty now.");
}

std::string Prober::withJournal() {
    const auto sight = lookAtJournal(*m_folder, *m_file, m_facts);
    if (!sight.ok()) {
        return openProblem(sight.error());
    }
    switch (sight.value().row) {
        case JournalRow::NotAllowed:
            return "We may not read its journal.";
        case JournalRow::ExclusiveWithoutJournal:
            return become(CaptureMode::WhenClosed,
                          "An app keeps it for itself and shows no journal, so nobody else can "
                          "tell when it is whole.");
        case JournalRow::ExclusiveAtRest:
        case JournalRow::Committing:
            return become(CaptureMode::Journal,
                          "It uses a rollback journal and an app keeps it for itself.");
        case JournalRow::Crashed:
            return become(CaptureMode::Journal,
                          "Its app ended in the middle of a change; the journal tells what was "
                          "there before.");
        case JournalRow::Committed:
        case JournalRow::WriterFillsJournal:
        case JournalRow::Changing:
            break;
    }
    return become(CaptureMode::Journal, "It uses a rollback journal.");
}

}  // namespace

std::string_view toText(JournalKind kind) noexcept {
    switch (kind) {
        case JournalKind::Unknown:
            return "unknown";
        case JournalKind::Rollback:
            return "rollback";
        case JournalKind::Wal:
            return "wal";
    }
    return "unknown";
}

std::string_view toText(LockState state) noexcept {
    switch (state) {
        case LockState::Free:
            return "free";
        case LockState::Shared:
            return "shared";
        case LockState::Exclusive:
            return "exclusive";
        case LockState::Unknown:
            return "unknown";
    }
    return "unknown";
}

DatabaseProbe probeDatabase(const std::string& path) {
    return Prober(path).run();
}

}  // namespace engine
