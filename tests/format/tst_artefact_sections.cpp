// SPDX-License-Identifier: Apache-2.0
// Commit table and part index from bytes that nobody vouches for.
#include <random>

#include <QtTest>

#include "engine/format/commit_table.h"
#include "engine/format/part_index.h"

using namespace engine;

namespace {

CommitEntry entryOf(std::uint64_t tx, std::uint64_t firstFrame, std::uint64_t frames) {
    CommitEntry entry;
    entry.tx.value = tx;
    entry.time.ms = static_cast<std::int64_t>(tx) * 1000;
    entry.highWaterMark = 10;
    entry.root = Hash128{tx, tx};
    entry.parentRoot = Hash128{tx - 1, tx - 1};
    entry.firstFrame = firstFrame;
    entry.frameCount = frames;
    return entry;
}

struct IndexSample {
    PartIndexBuilder builder{7, 1000};
    std::vector<FrameEntry> frames;

    void block(const std::vector<std::pair<std::uint64_t, std::uint32_t>>& pages,
               std::uint32_t stored) {
        std::vector<FrameEntry> own;
        for (const auto& [page, overflow] : pages) {
            own.push_back(FrameEntry{1000 + frames.size() + own.size(), page, overflow});
        }
        BlockEntry entry;
        entry.codec = Codec::Zstd;
        entry.storedBytes = stored;
        entry.checksum = stored * 3;
        entry.frameCount = static_cast<std::uint32_t>(own.size());
        builder.add(entry, own);
        frames.insert(frames.end(), own.begin(), own.end());
    }
};

PartIndexContext contextOf(std::uint64_t blocksEnd) {
    return PartIndexContext{3, 4096, 0, false, blocksEnd};
}

}  // namespace

class TestArtefactSections : public QObject {
    Q_OBJECT
private slots:
    void commitTable_roundTrip_isTheSame();
    void commitTable_chain_elidesParentRoots();
    void commitTable_anyCutOrFlip_isErrorOrATable();
    void commitTable_impossible_isCorruption();
    void partIndex_roundTrip_isTheSame();
    void partIndex_ofASnapshot_isAFewBytes();
    void partIndex_anyCutOrFlip_isErrorOrAnIndex();
    void partIndex_hugeRuns_areRefused();
    void partIndex_bytesMax_isNeverLess();
};

void TestArtefactSections::commitTable_roundTrip_isTheSame() {
    std::vector<CommitEntry> entries = {entryOf(5, 0, 10), entryOf(6, 10, 0), entryOf(9, 30, 5)};
    entries[1].catchUp = true;
    entries[1].merged = 12;
    entries[1].time = kTimeMin;
    entries[2].time = kTimeMax;
    entries[2].highWaterMark = kPagesMax;
    entries.push_back(entryOf(~std::uint64_t{0}, 35, 1));
    CommitTableBuilder builder;
    for (const CommitEntry& entry : entries) {
        builder.add(entry);
    }
    const auto parsed = parseCommitTable(builder.encode(), 36);
    QVERIFY2(parsed.ok(), parsed.ok() ? "" : parsed.error().message.c_str());
    QVERIFY(parsed.value() == entries);
    QVERIFY(!parseCommitTable(builder.encode(), 35).ok());
    QVERIFY(builder.encode().size() <= builder.bytes());
}

void TestArtefactSections::commitTable_chain_elidesParentRoots() {
    CommitTableBuilder builder;
    for (std::uint64_t tx = 1; tx <= 1000; ++tx) {
        builder.add(entryOf(tx, (tx - 1) * 3, 3));
    }
    QVERIFY(builder.encode().size() < 1000 * 25);
    const auto parsed = parseCommitTable(builder.encode(), 3000);
    QVERIFY(parsed.ok());
    QVERIFY(parsed.value().back().parentRoot == (Hash128{999, 999}));
}

void TestArtefactSections::commitTable_anyCutOrFlip_isErrorOrATable() {
    CommitTableBuilder builder;
    for (std::uint64_t tx = 1; tx <= 20; ++tx) {
        builder.add(entryOf(tx * tx, tx * 3, 3));
    }
    const Buffer bytes = builder.encode();
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        QVERIFY(!parseCommitTable(ByteView(bytes).first(length), 100).ok());
    }
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        Buffer damaged = bytes;
        damaged[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
        const auto parsed = parseCommitTable(damaged, 100);
        if (!parsed.ok()) {
            QCOMPARE(parsed.error().code, ErrorCode::Corruption);
            continue;
        }
        TxId last;
        std::uint64_t end = 0;
        for (const CommitEntry& entry : parsed.value()) {
            QVERIFY(entry.tx > last && isRepresentable(entry.time));
            QVERIFY(entry.firstFrame >= end && entry.firstFrame + entry.frameCount <= 100);
            QVERIFY(entry.highWaterMark <= kPagesMax);
            last = entry.tx;
            end = entry.firstFrame + entry.frameCount;
        }
    }
}

void TestArtefactSections::commitTable_impossible_isCorruption() {
    const auto refused = [](std::uint64_t count, std::uint64_t txStep, std::uint8_t flags) {
        Buffer bytes;
        appendVarint(bytes, count);
        appendLe(bytes, flags);
        appendVarint(bytes, txStep);
        bytes.resize(bytes.size() + 3 + 16 + 40);
        const auto parsed = parseCommitTable(ByteView(bytes).first(bytes.size() - 40), 0);
        return !parsed.ok() && parsed.error().code == ErrorCode::Corruption;
    };
    QVERIFY(!refused(1, 1, 0));
    QVERIFY(refused(0, 1, 0));
    QVERIFY(refused(2, 1, 0));
    QVERIFY(refused(kCommitsMax + 1, 1, 0));
    QVERIFY(refused(~std::uint64_t{0}, 1, 0));
    QVERIFY(refused(1, 0, 0));
    QVERIFY(refused(1, 1, 16));
    QVERIFY(refused(1, 1, 128));
}

void TestArtefactSections::partIndex_roundTrip_isTheSame() {
    IndexSample sample;
    sample.block({{1, 0}, {2, 0}, {3, 0}, {9, 0}}, 100);
    sample.block({{10, 0}, {4, 0}, {4, 0}}, 5);
    sample.block({{50, 7}, {58, 0}, {59, 1}, {0, 0}, {kPagesMax - 1, 0}}, 77);
    const auto parsed = parsePartIndex(sample.builder.encode(), contextOf(1000));
    QVERIFY2(parsed.ok(), parsed.ok() ? "" : parsed.error().message.c_str());
    QCOMPARE(parsed.value().frames.size(), sample.frames.size());
    for (std::size_t i = 0; i < sample.frames.size(); ++i) {
        QCOMPARE(parsed.value().frames[i].frame, sample.frames[i].frame);
        QCOMPARE(parsed.value().frames[i].page, sample.frames[i].page);
        QCOMPARE(parsed.value().frames[i].overflow, sample.frames[i].overflow);
    }
    const std::vector<BlockEntry>& blocks = parsed.value().blocks;
    QCOMPARE(blocks.size(), std::size_t{3});
    QCOMPARE(blocks[0].offset, std::uint64_t{1000 - 182});
    QCOMPARE(blocks[2].offset + blocks[2].storedBytes, std::uint64_t{1000});
    QCOMPARE(blocks[2].number, std::uint64_t{9});
    QCOMPARE(blocks[2].firstFrame, std::uint64_t{1007});
    QCOMPARE(blocks[0].plainBytes, 4u * 4096);
    QCOMPARE(blocks[2].plainBytes, 13u * 4096);
    QVERIFY(!parsePartIndex(sample.builder.encode(), contextOf(kPartHeaderBytes + 181)).ok());
    QVERIFY(parsePartIndex(sample.builder.encode(), contextOf(kPartHeaderBytes + 182)).ok());
}

void TestArtefactSections::partIndex_ofASnapshot_isAFewBytes() {
    IndexSample sample;
    for (std::uint64_t block = 0; block < 64; ++block) {
        std::vector<std::pair<std::uint64_t, std::uint32_t>> pages;
        for (std::uint64_t i = 0; i < 64; ++i) {
            pages.emplace_back(1 + block * 64 + i, 0);
        }
        sample.block(pages, 100'000);
    }
    QVERIFY(sample.builder.encode().size() < 64 * 14 + 16);
}

void TestArtefactSections::partIndex_anyCutOrFlip_isErrorOrAnIndex() {
    IndexSample sample;
    std::mt19937_64 random(7);
    for (int block = 0; block < 12; ++block) {
        std::vector<std::pair<std::uint64_t, std::uint32_t>> pages;
        for (int i = 0; i < 6; ++i) {
            pages.emplace_back(random() % 200, random() % 5 == 0 ? 2u : 0u);
        }
        sample.block(pages, 50);
    }
    const Buffer bytes = sample.builder.encode();
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        QVERIFY(!parsePartIndex(ByteView(bytes).first(length), contextOf(1000)).ok());
    }
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        Buffer damaged = bytes;
        damaged[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
        const auto parsed = parsePartIndex(damaged, contextOf(1000));
        if (!parsed.ok()) {
            QCOMPARE(parsed.error().code, ErrorCode::Corruption);
            continue;
        }
        for (const BlockEntry& block : parsed.value().blocks) {
            QVERIFY(block.offset >= kPartHeaderBytes && block.offset + block.storedBytes <= 1000);
            QVERIFY(block.plainBytes <= kFrameBytesMax && block.plainBytes >= 4096);
        }
    }
}

void TestArtefactSections::partIndex_hugeRuns_areRefused() {
    const auto refused =
        [](std::uint64_t frames, std::uint64_t tag, std::int64_t step, std::uint64_t overflow) {
            Buffer bytes;
            appendVarint(bytes, 0);
            appendVarint(bytes, 0);
            appendVarint(bytes, 1);
            appendVarint(bytes, frames);
            appendVarint(bytes, 10);
            appendLe(bytes, std::uint8_t{1});
            appendLe(bytes, std::uint64_t{0});
            appendVarint(bytes, tag);
            appendSignedVarint(bytes, step);
            if ((tag & 1) != 0) {
                appendVarint(bytes, overflow);
            }
            const auto parsed = parsePartIndex(bytes, contextOf(1000));
            return !parsed.ok() && parsed.error().code == ErrorCode::Corruption;
        };
    QVERIFY(!refused(1, 2, 1, 0));
    QVERIFY(!refused(1, 3, 1, 1023));
    QVERIFY(refused(1, 3, 1, 1024));  // longer than a block may be
    QVERIFY(refused(1, 3, 1, 0));     // no overflow has no flag
    QVERIFY(refused(2, 5, 1, 1));     // overflow of a run
    QVERIFY(refused(0, 2, 1, 0));
    QVERIFY(refused(1, 0, 1, 0));
    QVERIFY(refused(1, 4, 1, 0));  // more than the block has
    QVERIFY(refused(kFramesPerPartMax + 1, 2, 1, 0));
    QVERIFY(refused(
        kFramesPerPartMax, std::uint64_t{kFramesPerPartMax} * 2, 0, 0));  // a block of 4 GiB
    QVERIFY(refused(~std::uint64_t{0}, ~std::uint64_t{1}, 0, 0));
    QVERIFY(refused(1, 2, -1, 0));  // before the first page
    QVERIFY(refused(1, 2, static_cast<std::int64_t>(kPagesMax), 0));
    QVERIFY(refused(1, 2, INT64_MAX, 0));
    QVERIFY(refused(1, 2, INT64_MIN, 0));
}

void TestArtefactSections::partIndex_bytesMax_isNeverLess() {
    std::mt19937_64 random(3);
    IndexSample sample;
    for (int block = 0; block < 50; ++block) {
        std::vector<std::pair<std::uint64_t, std::uint32_t>> pages;
        for (int i = 0; i < 20; ++i) {
            pages.emplace_back(random() % kPagesMax, random() % 3 == 0 ? 1000u : 0u);
        }
        const std::size_t before = sample.builder.bytesMax(pages.size());
        sample.block(pages, 1 + static_cast<std::uint32_t>(random() % kPartBytesMax));
        QVERIFY(sample.builder.encode().size() <= before);
        QVERIFY(sample.builder.encode().size() <= sample.builder.bytesMax(0));
    }
}

QTEST_GUILESS_MAIN(TestArtefactSections)
#include "tst_artefact_sections.moc"
