// SPDX-License-Identifier: Apache-2.0
#include "tests/format/artefact_samples.h"

namespace engine::samples {
namespace {

constexpr std::uint64_t kSeed = 0x5eed5eed5eed5eed;

std::uint64_t mix(std::uint64_t value) {
    value += 0x9e3779b97f4a7c15;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
}

Root rootOf(std::uint64_t tx) {
    return Root{mix(tx * 2), mix(tx * 2 + 1)};
}

Commit commitOf(std::uint64_t tx, std::uint32_t pageSize, std::uint64_t highWaterMark) {
    Commit commit;
    commit.tx.value = tx;
    // The clock goes back once: times are raw.
    commit.seenAt.ms =
        1'781'438'531'123 + static_cast<std::int64_t>(tx) * 40 - (tx == 3 ? 90'000 : 0);
    commit.pageSize = pageSize;
    commit.highWaterMark = highWaterMark;
    commit.parentRoot = rootOf(tx - 1);
    commit.root = rootOf(tx);
    return commit;
}

}  // namespace

bool sameCommits(const std::vector<RecordedCommit>& a, const std::vector<RecordedCommit>& b) {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        const Commit& x = a[i].commit;
        const Commit& y = b[i].commit;
        if (x.tx != y.tx || x.seenAt != y.seenAt || x.pageSize != y.pageSize ||
            x.highWaterMark != y.highWaterMark || x.parentRoot != y.parentRoot ||
            x.root != y.root || x.catchUp != y.catchUp || x.merged != y.merged ||
            a[i].frames != b[i].frames) {
            return false;
        }
    }
    return a.empty() || a.back().commit.origin == b.back().commit.origin;
}

Buffer pageOf(std::uint32_t pageSize, std::uint64_t page, std::uint64_t version) {
    Buffer bytes(pageSize);
    std::uint64_t state = mix(page * 1000003 + version);
    for (std::size_t i = 0; i + 16 <= pageSize; i += 16) {
        state = mix(state);
        storeLe(bytes.data() + i, state);
        storeLe(bytes.data() + i + 8, page);
    }
    return bytes;
}

ArtefactHead headOf(ArtefactKind kind, std::uint32_t pageSize, const Compression& compression) {
    ArtefactHead head;
    head.id = ArtefactId::parse("0123456789abcdef00112233445566ff").value();
    head.kind = kind;
    head.database.value = 0xdb;
    head.generation.value = 0x9e0000000000009e;
    head.writer.value = 0x33;
    head.pageSize = pageSize;
    head.seed = kSeed;
    head.compression = compression;
    head.createdAt.ms = 1'781'438'531'123;
    head.additionalAttrs["host"] = "tide";
    return head;
}

Sample segmentOf(std::uint32_t pageSize,
                 const Compression& compression,
                 std::uint64_t commits,
                 std::uint64_t frames) {
    Sample sample;
    sample.head = headOf(ArtefactKind::Segment, pageSize, compression);
    sample.head.parentTxId.value = 1;
    sample.head.firstTxId.value = 2;
    for (std::uint64_t tx = 2; tx < 2 + commits; ++tx) {
        RecordedCommit recorded;
        recorded.commit = commitOf(tx, pageSize, 100 + tx % 7);
        recorded.commit.catchUp = tx % 5 == 4;
        if (recorded.commit.catchUp) {
            recorded.commit.merged = tx * 3;
            recorded.commit.parentRoot = rootOf(tx + 77);
        }
        for (std::uint64_t i = 0; i < frames; ++i) {
            const std::uint64_t page = i % 3 == 0 ? 1 + mix(tx * 100 + i) % 90 : i + 1;
            recorded.frames.push_back(Frame{page, 0, pageOf(pageSize, page, tx)});
        }
        sample.commits.push_back(std::move(recorded));
    }
    if (!sample.commits.empty()) {
        sample.commits.back().commit.origin["salt"] = "8c5e01d2";
    }
    return sample;
}

Sample snapshotOf(std::uint32_t pageSize, const Compression& compression, std::uint64_t pages) {
    Sample sample;
    sample.head = headOf(ArtefactKind::Snapshot, pageSize, compression);
    sample.head.firstTxId.value = 7;
    RecordedCommit recorded;
    recorded.commit = commitOf(9, pageSize, pages);
    recorded.commit.parentRoot = Root{};
    for (std::uint64_t page = 1; page <= pages; ++page) {
        recorded.frames.push_back(Frame{page, 0, pageOf(pageSize, page, 0)});
    }
    sample.commits.push_back(std::move(recorded));
    return sample;
}

Sample boltSegmentOf(std::uint32_t pageSize, const Compression& compression) {
    Sample sample;
    sample.head = headOf(ArtefactKind::Segment, pageSize, compression);
    sample.head.engine = DatabaseEngine::Bolt;
    sample.head.parentTxId.value = 41;
    sample.head.firstTxId.value = 42;
    for (const std::uint64_t tx : {42u, 43u, 50u}) {
        RecordedCommit recorded;
        recorded.commit = commitOf(tx, pageSize, 64);
        for (const std::uint32_t overflow : {0u, 0u, 3u, 1u, 0u}) {
            const std::uint64_t page = recorded.frames.size() * 5 + tx % 2;
            Frame frame{page, overflow, {}};
            for (std::uint64_t i = 0; i <= overflow; ++i) {
                appendBytes(frame.bytes, pageOf(pageSize, page + i, tx));
            }
            recorded.frames.push_back(std::move(frame));
        }
        sample.commits.push_back(std::move(recorded));
    }
    return sample;
}

ArtefactWriterOptions optionsFor(const ArtefactHead& head,
                                 std::uint32_t partBytesTarget,
                                 WorkerPool* pool,
                                 const Sealer* sealer) {
    ArtefactWriterOptions options;
    options.location.computer.value = 0xc0;
    options.location.database = head.database;
    options.partBytesTarget = partBytesTarget;
    options.pool = pool;
    options.sealer = sealer;
    return options;
}

Status Recorder::frame(const PageFrame& frame) {
    m_frames.push_back(
        Frame{frame.page, frame.overflow, Buffer(frame.bytes.begin(), frame.bytes.end())});
    return {};
}

Status Recorder::commit(const Commit& commit) {
    commits.push_back(RecordedCommit{commit, std::move(m_frames)});
    m_frames.clear();
    return {};
}

Result<std::vector<FinishedPart>> write(const Sample& sample,
                                        const ArtefactWriterOptions& options) {
    PartList list;
    ENGINE_TRY_ASSIGN(const std::unique_ptr<ArtefactWriter> writer,
                      ArtefactWriter::create(sample.head, options, list));
    for (const RecordedCommit& recorded : sample.commits) {
        for (const Frame& frame : recorded.frames) {
            ENGINE_TRY(writer->frame(PageFrame{frame.page, frame.overflow, frame.bytes}));
        }
        ENGINE_TRY(writer->commit(recorded.commit));
    }
    ENGINE_TRY(writer->finish());
    return std::move(list.parts);
}

Result<ArtefactTable> tableOf(const std::vector<FinishedPart>& parts, const Sealer* sealer) {
    MemoryPartSource first(parts.front().bytes);
    MemoryPartSource last(parts.back().bytes);
    return readTable(first, last, sealer);
}

Result<std::vector<RecordedCommit>> readBack(const std::vector<FinishedPart>& parts,
                                             const Sealer* sealer,
                                             WorkerPool* pool) {
    ENGINE_TRY_ASSIGN(const ArtefactTable table, tableOf(parts, sealer));
    Recorder recorder;
    const PartFetch fetch = [&parts](std::uint32_t number) -> Result<Buffer> {
        if (number > parts.size()) {
            return Error{ErrorCode::NotFound, "no such part"};
        }
        return parts[number - 1].bytes;
    };
    ENGINE_TRY(replayArtefact(table, fetch, sealer, recorder, pool));
    return std::move(recorder.commits);
}

}  // namespace engine::samples
