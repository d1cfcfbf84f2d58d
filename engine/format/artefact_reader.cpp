// SPDX-License-Identifier: Apache-2.0
#include "engine/format/artefact_reader.h"

#include <algorithm>

#include "engine/format/artefact_json.h"
#include "engine/format/artefact_layout.h"
#include "engine/format/commit_table.h"
#include "engine/format/part_index.h"

namespace engine {
namespace {

/// Part 1 up to the end of the head.
struct Front {
    PartHeader header;
    ArtefactHead head;
};

/// A part from its index on.
struct Tail {
    PartFooter footer;
    std::uint64_t sectionsOffset = 0;  // in the part
    Buffer bytes;                      // of the part, up to its end
    std::uint64_t bytesOffset = 0;     // where bytes begin in the part

    ByteView sections() const {
        return ByteView(bytes).subspan(static_cast<std::size_t>(sectionsOffset - bytesOffset));
    }

    ByteView index() const { return sections().first(footer.indexBytes); }

    ByteView summary() const { return sections().subspan(footer.indexBytes, footer.summaryBytes); }

    ByteView commitTable() const {
        return sections().subspan(footer.indexBytes + footer.summaryBytes, footer.commitTableBytes);
    }
};

Result<Buffer> readRange(PartSource& part, std::uint64_t offset, std::uint64_t length) {
    ENGINE_TRY_ASSIGN(Buffer bytes, part.read(offset, length));
    if (bytes.size() != length) {
        return corrupt("a part ended early");
    }
    return bytes;
}

/// bytes: what was read from the front of part 1; more is read where that was too short.
Result<Front> readFront(PartSource& part, Buffer bytes) {
    if (bytes.size() < kPartHeaderBytes) {
        return corrupt("a part is too short");
    }
    Front front;
    ENGINE_TRY_ASSIGN(front.header, parseHeader(ByteView(bytes).first(kPartHeaderBytes)));
    if (front.header.identity.part != 1) {
        return corrupt("not the first part of an artefact");
    }
    const std::uint64_t end = kPartHeaderBytes + front.header.headBytes;
    if (end > part.size()) {
        return corrupt("a part is too short for its head");
    }
    if (end > bytes.size()) {
        ENGINE_TRY_ASSIGN(const Buffer rest, readRange(part, bytes.size(), end - bytes.size()));
        appendBytes(bytes, rest);
    }
    const ByteView json = ByteView(bytes).subspan(kPartHeaderBytes, front.header.headBytes);
    ENGINE_TRY_ASSIGN(front.head, openHead(front.header, json));
    return front;
}

Result<Front> readFront(PartSource& part) {
    const std::uint64_t length = std::min<std::uint64_t>(part.size(), kFrontReadBytes);
    ENGINE_TRY_ASSIGN(Buffer bytes, readRange(part, 0, length));
    return readFront(part, std::move(bytes));
}

Result<Tail> readTail(PartSource& part) {
    const std::uint64_t size = part.size();
    if (size < kPartHeaderBytes + kPartFooterBytes || size > kPartBytesMax) {
        return corrupt("a part has a size that cannot be");
    }
    Tail tail;
    const std::uint64_t length = std::min<std::uint64_t>(size, kTailReadBytes);
    tail.bytesOffset = size - length;
    ENGINE_TRY_ASSIGN(tail.bytes, readRange(part, tail.bytesOffset, length));
    ENGINE_TRY_ASSIGN(tail.footer, parseFooter(ByteView(tail.bytes).last(kPartFooterBytes), size));
    tail.sectionsOffset = size - kPartFooterBytes - tail.footer.sectionBytes();
    if (tail.sectionsOffset < tail.bytesOffset) {
        ENGINE_TRY_ASSIGN(
            Buffer bytes,
            readRange(part, tail.sectionsOffset, tail.bytesOffset - tail.sectionsOffset));
        appendBytes(bytes, tail.bytes);
        tail.bytes = std::move(bytes);
        tail.bytesOffset = tail.sectionsOffset;
    }
    ENGINE_TRY(checkSections(
        tail.footer, tail.sections().first(static_cast<std::size_t>(tail.footer.sectionBytes()))));
    return tail;
}

Result<Buffer> openSection(const SectionOpener& opener,
                           SealedSection::Kind kind,
                           bool last,
                           ByteView stored) {
    Buffer holder;
    ENGINE_TRY_ASSIGN(const ByteView plain,
                      opener.open(opener.section(kind, 0, last), stored, holder));
    if (opener.sealer == nullptr) {
        return Buffer(plain.begin(), plain.end());
    }
    return holder;
}

/// Head, summary and commits say the same.
Status checkTable(const ArtefactTable& table, const PartFooter& footer) {
    const ArtefactSummary& summary = table.summary;
    const CommitEntry& first = table.commits.front();
    const CommitEntry& last = table.commits.back();
    if (summary.parts.size() != footer.identity.part) {
        return corrupt("an artefact has another number of parts than its summary says");
    }
    if (last.tx != summary.lastTxId || last.tx != summary.txId || last.root != summary.root ||
        last.highWaterMark != summary.highWaterMark) {
        return corrupt("the summary of an artefact is not that of its last commit");
    }
    if (first.tx <= table.head.parentTxId || first.tx < table.head.firstTxId) {
        return corrupt("an artefact has commits from before its head");
    }
    const bool snapshot = table.head.kind == ArtefactKind::Snapshot;
    if (snapshot && (table.commits.size() != 1 || table.head.parentTxId.value != 0)) {
        return corrupt("a snapshot has more than one commit");
    }
    return {};
}

}  // namespace

Result<Buffer> MemoryPartSource::read(std::uint64_t offset, std::uint64_t length) {
    if (offset > m_bytes.size() || length > m_bytes.size() - offset) {
        return corrupt("a part ended early");
    }
    const ByteView range =
        m_bytes.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
    return Buffer(range.begin(), range.end());
}

Result<ArtefactHead> readHead(PartSource& firstPart) {
    ENGINE_TRY_ASSIGN(Front front, readFront(firstPart));
    return std::move(front.head);
}

Result<ArtefactTable> readTable(PartSource& firstPart, PartSource& lastPart, const Sealer* sealer) {
    using Kind = SealedSection::Kind;
    ENGINE_TRY_ASSIGN(Tail tail, readTail(lastPart));
    if (!tail.footer.last) {
        return corrupt("not the last part of an artefact");
    }
    // A small artefact is in the tail already, with its front.
    const bool whole = tail.footer.identity.part == 1 && tail.bytesOffset == 0;
    ENGINE_TRY_ASSIGN(const Front front,
                      whole ? readFront(lastPart, tail.bytes) : readFront(firstPart));
    PartIdentity expected = front.header.identity;
    expected.part = tail.footer.identity.part;
    if (tail.footer.identity != expected) {
        return corrupt("the last part is of another artefact");
    }
    ArtefactTable table;
    table.head = front.head;
    ENGINE_TRY_ASSIGN(const SectionOpener opener,
                      makeOpener(table.head, tail.footer.identity, sealer));
    ENGINE_TRY_ASSIGN(const Buffer summary,
                      openSection(opener, Kind::Summary, true, tail.summary()));
    ENGINE_TRY_ASSIGN(table.summary, parseSummary(textOf(summary)));
    ENGINE_TRY_ASSIGN(const Buffer commits,
                      openSection(opener, Kind::CommitTable, true, tail.commitTable()));
    ENGINE_TRY_ASSIGN(table.commits, parseCommitTable(commits, table.summary.pageCount));
    ENGINE_TRY(checkTable(table, tail.footer));
    return table;
}

Result<PartIndex> readPartIndex(PartSource& part, const ArtefactHead& head, const Sealer* sealer) {
    ENGINE_TRY_ASSIGN(const Tail tail, readTail(part));
    if (tail.footer.identity.id != head.id) {
        return corrupt("a part of another artefact");
    }
    ENGINE_TRY_ASSIGN(const SectionOpener opener, makeOpener(head, tail.footer.identity, sealer));
    ENGINE_TRY_ASSIGN(
        const Buffer index,
        openSection(opener, SealedSection::Kind::PartIndex, tail.footer.last, tail.index()));
    ENGINE_TRY_ASSIGN(PartIndex parsed,
                      parsePartIndex(index,
                                     PartIndexContext{tail.footer.identity.part,
                                                      head.pageSize,
                                                      firstPageOf(head.engine),
                                                      opener.sealer != nullptr,
                                                      tail.sectionsOffset}));
    parsed.headDigest = tail.footer.identity.headDigest;
    return parsed;
}

Result<Buffer> readBlock(PartSource& part,
                         const ArtefactHead& head,
                         const PartIndex& index,
                         const BlockEntry& block,
                         const Sealer* sealer) {
    ENGINE_TRY_ASSIGN(
        const SectionOpener opener,
        makeOpener(head, PartIdentity{head.id, index.headDigest, index.part}, sealer));
    ENGINE_TRY_ASSIGN(const Buffer stored, readRange(part, block.offset, block.storedBytes));
    if (xxh3(stored) != block.checksum) {
        return corrupt("block " + std::to_string(block.number) + " is damaged");
    }
    Buffer holder;
    ENGINE_TRY_ASSIGN(
        const ByteView packed,
        opener.open(
            opener.section(SealedSection::Kind::Block, block.number, false), stored, holder));
    Buffer plain(block.plainBytes);
    BlockDecompressor decompressor;
    ENGINE_TRY(decompressor.decompress(block.codec, packed, plain));
    return plain;
}

}  // namespace engine
