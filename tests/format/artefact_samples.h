// SPDX-License-Identifier: Apache-2.0
// Artefacts for the tests: commits with known pages, written to memory and read back.
#pragma once

#include <vector>

#include "engine/format/artefact_reader.h"
#include "engine/format/artefact_writer.h"

namespace engine::samples {

struct Frame {
    std::uint64_t page = 0;
    std::uint32_t overflow = 0;
    Buffer bytes;
    friend bool operator==(const Frame&, const Frame&) = default;
};

struct RecordedCommit {
    Commit commit;
    std::vector<Frame> frames;
};

bool sameCommits(const std::vector<RecordedCommit>& a, const std::vector<RecordedCommit>& b);

struct Sample {
    ArtefactHead head;
    std::vector<RecordedCommit> commits;
};

/// A page that compresses to about half, different for each page and version.
Buffer pageOf(std::uint32_t pageSize, std::uint64_t page, std::uint64_t version);

ArtefactHead headOf(ArtefactKind kind, std::uint32_t pageSize, const Compression& compression);
/// commits transactions of frames each, on scattered pages and in short runs.
Sample segmentOf(std::uint32_t pageSize,
                 const Compression& compression,
                 std::uint64_t commits,
                 std::uint64_t frames);
/// Pages 1..pages, one commit.
Sample snapshotOf(std::uint32_t pageSize, const Compression& compression, std::uint64_t pages);
/// Bolt: pages from 0, some with overflow.
Sample boltSegmentOf(std::uint32_t pageSize, const Compression& compression);

ArtefactWriterOptions optionsFor(const ArtefactHead& head,
                                 std::uint32_t partBytesTarget = 16u << 20,
                                 WorkerPool* pool = nullptr,
                                 const Sealer* sealer = nullptr);

class PartList final : public PartSink {
public:
    Status part(FinishedPart part) override {
        parts.push_back(std::move(part));
        return {};
    }

    std::vector<FinishedPart> parts;
};

class Recorder final : public CommitSink {
public:
    Status frame(const PageFrame& frame) override;
    Status commit(const Commit& commit) override;

    void abandon() override { m_frames.clear(); }

    std::vector<RecordedCommit> commits;

private:
    std::vector<Frame> m_frames;
};

/// Counts the reads.
class CountingSource final : public PartSource {
public:
    explicit CountingSource(ByteView bytes)
        : m_source(bytes) {}

    Result<Buffer> read(std::uint64_t offset, std::uint64_t length) override {
        ++reads;
        bytesRead += length;
        return m_source.read(offset, length);
    }

    std::uint64_t size() const override { return m_source.size(); }

    int reads = 0;
    std::uint64_t bytesRead = 0;

private:
    MemoryPartSource m_source;
};

Result<std::vector<FinishedPart>> write(const Sample& sample, const ArtefactWriterOptions& options);
Result<ArtefactTable> tableOf(const std::vector<FinishedPart>& parts,
                              const Sealer* sealer = nullptr);
/// Table and replay: everything that a reader checks.
Result<std::vector<RecordedCommit>> readBack(const std::vector<FinishedPart>& parts,
                                             const Sealer* sealer = nullptr,
                                             WorkerPool* pool = nullptr);

}  // namespace engine::samples

#define VERIFY_OK(expr)                                                                    \
    do {                                                                                   \
        const auto& verified_ = (expr);                                                    \
        QVERIFY2(verified_.ok(), verified_.ok() ? "" : verified_.error().message.c_str()); \
    } while (false)
