// SPDX-License-Identifier: Apache-2.0
// A whole artefact of one part. Input that begins with the magic is taken as it is. Other input is
// the content of the sections: it is given a head and checksums that fit, so that the parsers
// behind the checksums are reached.
#include <cstddef>
#include <cstdint>

#include "engine/format/artefact_json.h"
#include "engine/format/artefact_reader.h"
#include "engine/format/part_index.h"

using namespace engine;

namespace {

class Discard final : public CommitSink {
public:
    Status frame(const PageFrame& frame) override {
        ENSURE(!frame.bytes.empty());
        return {};
    }

    Status commit(const Commit& commit) override {
        ENSURE(commit.tx > m_last);
        m_last = commit.tx;
        return {};
    }

    void abandon() override {}

private:
    TxId m_last;
};

void readAll(ByteView part) {
    MemoryPartSource source(part);
    const Result<ArtefactTable> table = readTable(source, source, nullptr);
    if (!table.ok()) {
        return;
    }
    ENSURE(!describeTable(table.value()).empty());
    Discard sink;
    const PartFetch fetch = [part](std::uint32_t) { return Buffer(part.begin(), part.end()); };
    const Status whole = replayArtefact(table.value(), fetch, nullptr, sink);
    const Result<PartIndex> index = readPartIndex(source, table.value().head, nullptr);
    ENSURE(!whole.ok() || index.ok());
    if (!index.ok()) {
        return;
    }
    for (const BlockEntry& block : index.value().blocks) {
        const auto plain = readBlock(source, table.value().head, index.value(), block, nullptr);
        ENSURE(!whole.ok() || plain.ok());
        ENSURE(!plain.ok() || plain.value().size() == block.plainBytes);
    }
}

ArtefactHead headOf(unsigned shape) {
    ArtefactHead head;
    head.kind = (shape & 8) != 0 ? ArtefactKind::Snapshot : ArtefactKind::Segment;
    head.engine = (shape & 16) != 0 ? DatabaseEngine::Bolt : DatabaseEngine::Sqlite;
    head.pageSize = 512u << (shape & 7);
    return head;
}

/// The index with checksums that fit the blocks; as it is where it does not parse.
Buffer repaired(ByteView index, const ArtefactHead& head, ByteView blocks) {
    const Result<PartIndex> parsed = parsePartIndex(
        index,
        PartIndexContext{
            1, head.pageSize, firstPageOf(head.engine), false, kPartHeaderBytes + blocks.size()});
    if (!parsed.ok()) {
        return Buffer(index.begin(), index.end());
    }
    const std::vector<BlockEntry>& entries = parsed.value().blocks;
    PartIndexBuilder builder(entries.empty() ? 0 : entries.front().number,
                             parsed.value().firstFrame);
    std::span<const FrameEntry> frames(parsed.value().frames);
    for (BlockEntry entry : entries) {
        entry.checksum = xxh3(blocks.subspan(entry.offset - kPartHeaderBytes, entry.storedBytes));
        builder.add(entry, frames.first(entry.frameCount));
        frames = frames.subspan(entry.frameCount);
    }
    return builder.encode();
}

/// shape, three lengths of two bytes, index, summary, commit table, and the rest is blocks.
void readSections(ByteView input) {
    ByteReader reader(input);
    const auto shape = reader.le<std::uint8_t>();
    const auto indexBytes = reader.le<std::uint16_t>();
    const auto summaryBytes = reader.le<std::uint16_t>();
    const auto tableBytes = reader.le<std::uint16_t>();
    if (!tableBytes.ok()) {
        return;
    }
    const auto index = reader.take(indexBytes.value());
    const auto summary = reader.take(summaryBytes.value());
    const auto table = reader.take(tableBytes.value());
    if (!index.ok() || !summary.ok() || !table.ok()) {
        return;
    }
    const ByteView blocks = reader.take(reader.remaining()).value();
    const ArtefactHead head = headOf(shape.value());
    const std::string json = headToJson(head);
    const Buffer goodIndex = repaired(index.value(), head, blocks);

    Buffer part;
    const PartIdentity identity{head.id, sha256(viewOf(json)), 1};
    appendHeader(part,
                 PartHeader{head.kind, false, identity, static_cast<std::uint32_t>(json.size())});
    appendBytes(part, viewOf(json));
    appendBytes(part, blocks);
    const std::size_t tail = part.size();
    appendBytes(part, goodIndex);
    appendBytes(part, summary.value());
    appendBytes(part, table.value());
    PartFooter footer;
    footer.identity = identity;
    footer.last = true;
    footer.partBytes = part.size() + kPartFooterBytes;
    footer.indexBytes = static_cast<std::uint32_t>(goodIndex.size());
    footer.summaryBytes = summaryBytes.value();
    footer.commitTableBytes = tableBytes.value();
    footer.tailChecksum = xxh3(ByteView(part).subspan(tail));
    appendFooter(part, footer);
    readAll(part);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input = std::as_bytes(std::span(data, size));
    if (!input.empty() && input[0] == std::byte{0x89}) {
        readAll(input);
    } else {
        readSections(input);
    }
    return 0;
}
