// SPDX-License-Identifier: Apache-2.0
#include "engine/shadow/ack_journal.h"

#include <algorithm>

#include "engine/base/file_system.h"
#include "engine/base/log.h"
#include "engine/base/mutex.h"
#include "engine/shadow/ack_record.h"

namespace engine {
namespace {

constexpr std::uint64_t kFileBytesMax = 256u << 20;
/// A journal is rewritten when it is this large and most of it is history.
constexpr std::uint64_t kCompactBytesMin = 256u << 10;
constexpr std::uint64_t kCompactFactor = 4;

class FileAckJournal final : public AckJournal {
public:
    explicit FileAckJournal(std::string path)
        : m_path(std::move(path)) {}

    Status recover();
    Status readOnly();

    AckRecovery recovery() const override;
    AckState state(GenerationId generation) const override;
    std::vector<GenerationId> generations() const override;
    std::vector<PendingUpload> pending() const override;
    Status begin(const PendingUpload& upload) override;
    Status partStored(const ArtefactId& artefact, const std::string& name) override;
    Status stored(const ArtefactId& artefact, TxId lastTx, Time at, std::uint64_t bytes) override;
    Status dropped(const ArtefactId& artefact) override;
    Status startGeneration(GenerationId generation, TxId baseline) override;
    Status learned(GenerationId generation, const AckState& state) override;
    Status forgetGeneration(GenerationId generation) override;

private:
    Status removeTemporaries() const;
    Status readRecords(std::string_view text) ENGINE_REQUIRES(m_mutex);
    Status add(const AckRecord& record);
    Status write(const std::string& line) ENGINE_REQUIRES(m_mutex);
    Status compact(const std::string& text) ENGINE_REQUIRES(m_mutex);
    void compactIfLarge() ENGINE_REQUIRES(m_mutex);

    const std::string m_path;
    mutable Mutex m_mutex;
    File m_file ENGINE_GUARDED_BY(m_mutex);
    std::uint64_t m_end ENGINE_GUARDED_BY(m_mutex) = 0;  // of the last whole record
    bool m_tornTail ENGINE_GUARDED_BY(m_mutex) = false;  // there may be bytes behind m_end
    std::uint64_t m_compactAt ENGINE_GUARDED_BY(m_mutex) = kCompactBytesMin;
    AckContents m_contents ENGINE_GUARDED_BY(m_mutex);
    AckRecovery m_recovery ENGINE_GUARDED_BY(m_mutex);
};

/// What a rewrite left that was killed before its rename.
Status FileAckJournal::removeTemporaries() const {
    const std::string start = fileNameOf(m_path) + ".tmp-";
    ENGINE_TRY_ASSIGN(const std::vector<FolderEntry> entries, listFolder(parentOf(m_path)));
    for (const FolderEntry& entry : entries) {
        if (entry.name.substr(0, start.size()) == start) {
            ENGINE_TRY(removeFile(joinPath(parentOf(m_path), entry.name)));
        }
    }
    return {};
}

Status FileAckJournal::recover() {
    ENGINE_TRY(makeFolders(parentOf(m_path)));
    ENGINE_TRY(removeTemporaries());
    MutexLock lock(m_mutex);
    Result<Buffer> bytes = readWholeFile(m_path, kFileBytesMax);
    if (!bytes.ok() && bytes.error().code == ErrorCode::NotFound) {
        return compact(m_contents.compacted());
    }
    ENGINE_TRY_ASSIGN(const Buffer contents, std::move(bytes));
    ENGINE_TRY(readRecords(textOf(contents)));
    if (m_recovery.bytesCut > 0) {
        log::shadow().warn("ack journal cut file={} records={} bytes_cut={} damaged={}",
                           m_path,
                           m_recovery.records,
                           m_recovery.bytesCut,
                           m_recovery.damaged);
    }
    if (m_end == 0) {
        // Not even the first line is whole: the next one would have nothing to stand on.
        return compact(m_contents.compacted());
    }
    ENGINE_TRY_ASSIGN(m_file, File::open(m_path, File::Mode::ReadWrite));
    if (m_recovery.bytesCut > 0) {
        ENGINE_TRY(m_file.truncate(m_end));
    }
    return {};
}

Status FileAckJournal::readOnly() {
    ENGINE_TRY_ASSIGN(const Buffer contents, readWholeFile(m_path, kFileBytesMax));
    MutexLock lock(m_mutex);
    return readRecords(textOf(contents));
}

/// Applies the records up to the first that is not whole; m_end is where that begins.
Status FileAckJournal::readRecords(std::string_view text) {
    while (m_end < text.size()) {
        const std::size_t lineEnd = text.find('\n', m_end);
        if (lineEnd == std::string_view::npos) {
            break;
        }
        const Result<AckRecord> record = parseLine(text.substr(m_end, lineEnd - m_end));
        if (!record.ok() && record.error().code == ErrorCode::Unsupported) {
            return record.error();
        }
        const bool formatFirst =
            record.ok() && (record.value().op == AckRecord::Op::Format) == (m_end == 0);
        if (!formatFirst || !m_contents.check(record.value()).ok()) {
            break;
        }
        m_contents.apply(record.value());
        m_end = lineEnd + 1;
        ++m_recovery.records;
    }
    m_recovery.bytesCut = text.size() - m_end;
    m_recovery.damaged = text.find('\n', m_end) != std::string_view::npos;
    return {};
}

Status FileAckJournal::write(const std::string& line) {
    if (m_tornTail) {
        ENGINE_TRY(m_file.truncate(m_end));
        m_tornTail = false;
    }
    Status written = m_file.writeAt(m_end, viewOf(line));
    if (!written.ok()) {
        m_tornTail = !m_file.truncate(m_end).ok();
        return written;
    }
    m_end += line.size();
    return {};
}

Status FileAckJournal::compact(const std::string& text) {
    ENGINE_TRY(writeFileAtomically(m_path, viewOf(text)));
    ENGINE_TRY_ASSIGN(m_file, File::open(m_path, File::Mode::ReadWrite));
    m_end = text.size();
    m_tornTail = false;
    return {};
}

void FileAckJournal::compactIfLarge() {
    if (m_end < m_compactAt) {
        return;
    }
    const std::string text = m_contents.compacted();
    m_compactAt = std::max(kCompactBytesMin, text.size() * kCompactFactor);
    if (m_end < m_compactAt) {
        return;
    }
    if (const Status done = compact(text); !done.ok()) {
        // The long journal is as good as the short one; the next try is at twice its size.
        m_compactAt = m_end * 2;
        log::shadow().warn("ack journal not compacted file={} bytes={} error={}",
                           m_path,
                           m_end,
                           done.error().message);
    }
}

Status FileAckJournal::add(const AckRecord& record) {
    MutexLock lock(m_mutex);
    ENGINE_TRY(m_contents.check(record));
    ENGINE_TRY(write(toLine(record)));
    m_contents.apply(record);
    compactIfLarge();
    return {};
}

AckRecovery FileAckJournal::recovery() const {
    MutexLock lock(m_mutex);
    return m_recovery;
}

AckState FileAckJournal::state(GenerationId generation) const {
    MutexLock lock(m_mutex);
    const auto found = m_contents.states().find(generation);
    return found == m_contents.states().end() ? AckState{} : found->second;
}

std::vector<GenerationId> FileAckJournal::generations() const {
    MutexLock lock(m_mutex);
    std::vector<GenerationId> found;
    for (const auto& [generation, state] : m_contents.states()) {
        found.push_back(generation);
    }
    return found;
}

std::vector<PendingUpload> FileAckJournal::pending() const {
    MutexLock lock(m_mutex);
    return m_contents.pending();
}

Status FileAckJournal::begin(const PendingUpload& upload) {
    AckRecord record;
    record.op = AckRecord::Op::Begin;
    record.artefact = upload.artefact;
    record.upload = upload;
    return add(record);
}

Status FileAckJournal::partStored(const ArtefactId& artefact, const std::string& name) {
    AckRecord record;
    record.op = AckRecord::Op::Part;
    record.artefact = artefact;
    record.name = name;
    return add(record);
}

Status FileAckJournal::stored(const ArtefactId& artefact,
                              TxId lastTx,
                              Time at,
                              std::uint64_t bytes) {
    AckRecord record;
    record.op = AckRecord::Op::Stored;
    record.artefact = artefact;
    record.tx = lastTx;
    record.at = at;
    record.number = bytes;
    return add(record);
}

Status FileAckJournal::dropped(const ArtefactId& artefact) {
    AckRecord record;
    record.op = AckRecord::Op::Dropped;
    record.artefact = artefact;
    return add(record);
}

Status FileAckJournal::startGeneration(GenerationId generation, TxId baseline) {
    AckRecord record;
    record.op = AckRecord::Op::Start;
    record.generation = generation;
    record.tx = baseline;
    return add(record);
}

Status FileAckJournal::learned(GenerationId generation, const AckState& state) {
    AckRecord record;
    record.op = AckRecord::Op::State;
    record.generation = generation;
    record.state = state;
    return add(record);
}

Status FileAckJournal::forgetGeneration(GenerationId generation) {
    AckRecord record;
    record.op = AckRecord::Op::Forget;
    record.generation = generation;
    return add(record);
}

}  // namespace

Result<std::unique_ptr<AckJournal>> AckJournal::open(const std::string& path) {
    auto journal = std::make_unique<FileAckJournal>(path);
    ENGINE_TRY(journal->recover());
    return std::unique_ptr<AckJournal>(std::move(journal));
}

Result<std::unique_ptr<const AckJournal>> AckJournal::read(const std::string& path) {
    auto journal = std::make_unique<FileAckJournal>(path);
    ENGINE_TRY(journal->readOnly());
    return std::unique_ptr<const AckJournal>(std::move(journal));
}

}  // namespace engine
