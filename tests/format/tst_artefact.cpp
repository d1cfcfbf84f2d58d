// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <QtTest>

#include "tests/format/artefact_samples.h"

using namespace engine;
using namespace engine::samples;

namespace {

Compression zstd(std::int32_t level, std::int32_t window = 0) {
    return Compression{Codec::Zstd, level, window};
}

const Compression kStored{Codec::None, 0, 0};

}  // namespace

class TestArtefact : public QObject {
    Q_OBJECT
private slots:
    void roundTrip_everyShape_sameCommits_data();
    void roundTrip_everyShape_sameCommits();
    void bytes_anyThreadCount_areTheSame();
    void names_ofParts_parseAndSayTheRange();
    void parts_stayWithinTheirTarget();
    void parts_rangesJoinUp();
    void abandon_framesInOpenBlock_leaveNothing();
    void abandon_framesAlreadyPacked_areSkipped();
    void commits_withoutFrames_areKept();
    void frame_longerThanABlock_isSplit();
    void table_smallArtefact_takesOneRead();
    void table_largeArtefact_takesThreeReads();
    void block_anyPage_isOneReadAfterTheIndex();
    void commitTable_nearLimit_lastPartHoldsIt();
    void commit_pastTheLimit_isRefusedAndHarmless();
    void snapshot_secondCommit_isRefused();
    void create_impossibleHead_isInvalidArgument();
    void frame_impossiblePage_isInvalidArgument();
    void sink_error_staysTheError();
    void visitor_error_endsTheDecoding();
    void describe_table_isJsonText();
};

void TestArtefact::roundTrip_everyShape_sameCommits_data() {
    QTest::addColumn<quint32>("pageSize");
    QTest::addColumn<int>("level");  // -1: stored
    QTest::addColumn<int>("window");
    QTest::addColumn<quint32>("target");
    QTest::addColumn<int>("threads");
    for (quint32 pageSize = 512; pageSize <= 65536; pageSize *= 2) {
        for (const int level : {-1, 0}) {
            for (const int threads : {0, 2}) {
                QTest::addRow("page size %u, level %d, %d threads", pageSize, level, threads)
                    << pageSize << level << 0 << (300u << 10) << threads;
            }
        }
    }
    for (int level = 1; level <= 11; ++level) {
        QTest::addRow("level %d", level) << 4096u << level << 0 << (1u << 20) << 2;
    }
    for (const int window : {10, 18, 27}) {
        QTest::addRow("window %d", window) << 4096u << 0 << window << (1u << 20) << 2;
    }
    QTest::addRow("parts of one block") << 1024u << 0 << 0 << 1u << 1;
    QTest::addRow("parts of 32 MiB") << 4096u << 0 << 0 << kPartBytesMax << 2;
}

void TestArtefact::roundTrip_everyShape_sameCommits() {
    QFETCH(quint32, pageSize);
    QFETCH(int, level);
    QFETCH(int, window);
    QFETCH(quint32, target);
    QFETCH(int, threads);
    std::unique_ptr<WorkerPool> pool;
    if (threads > 0) {
        pool = std::make_unique<WorkerPool>(static_cast<unsigned>(threads));
    }
    const Compression compression = level < 0 ? kStored : zstd(level, window);
    for (const Sample& sample : {segmentOf(pageSize, compression, 9, 23),
                                 snapshotOf(pageSize, compression, 150),
                                 boltSegmentOf(pageSize, compression)}) {
        const auto parts = write(sample, optionsFor(sample.head, target, pool.get()));
        VERIFY_OK(parts);
        const auto again = readBack(parts.value(), nullptr, pool.get());
        VERIFY_OK(again);
        QVERIFY(sameCommits(sample.commits, again.value()));
        const auto table = tableOf(parts.value());
        VERIFY_OK(table);
        QCOMPARE(table.value().head.kind, sample.head.kind);
        QCOMPARE(table.value().head.seed, sample.head.seed);
        QVERIFY(table.value().head.additionalAttrs == sample.head.additionalAttrs);
        QCOMPARE(table.value().head.compression.window, usableWindow(window));
        QCOMPARE(table.value().head.compression.level, std::max(level, 0));
    }
}

void TestArtefact::bytes_anyThreadCount_areTheSame() {
    const Sample sample = segmentOf(4096, zstd(0), 40, 60);
    const auto expected = write(sample, optionsFor(sample.head, 1u << 20));
    VERIFY_OK(expected);
    QVERIFY(expected.value().size() > 2);
    for (const unsigned threads : {1u, 2u, 5u}) {
        WorkerPool pool(threads);
        const auto parts = write(sample, optionsFor(sample.head, 1u << 20, &pool));
        VERIFY_OK(parts);
        QCOMPARE(parts.value().size(), expected.value().size());
        for (std::size_t i = 0; i < parts.value().size(); ++i) {
            QVERIFY(parts.value()[i].bytes == expected.value()[i].bytes);
            QCOMPARE(parts.value()[i].name.text(), expected.value()[i].name.text());
        }
    }
}

void TestArtefact::names_ofParts_parseAndSayTheRange() {
    const Sample sample = segmentOf(4096, kStored, 12, 40);
    const auto parts = write(sample, optionsFor(sample.head, 600u << 10));
    VERIFY_OK(parts);
    std::set<std::string> names;
    for (std::size_t i = 0; i < parts.value().size(); ++i) {
        const FinishedPart& part = parts.value()[i];
        const auto parsed = PartName::parse(part.name.text());
        VERIFY_OK(parsed);
        QCOMPARE(parsed.value().part, static_cast<std::uint32_t>(i + 1));
        QCOMPARE(parsed.value().firstTx.value, std::uint64_t{2});
        QCOMPARE(part.last(), i + 1 == parts.value().size());
        names.insert(part.name.text());
    }
    QCOMPARE(names.size(), parts.value().size());
    const PartName& last = parts.value().back().name;
    QCOMPARE(last.last->lastTx.value, std::uint64_t{13});
    QCOMPARE(last.last->firstTime.ms, sample.commits.front().commit.seenAt.ms);
    QCOMPARE(last.last->lastTime.ms, sample.commits.back().commit.seenAt.ms);
}

void TestArtefact::parts_stayWithinTheirTarget() {
    const Sample sample = snapshotOf(4096, kStored, 3000);
    const std::uint32_t target = 2u << 20;
    const auto parts = write(sample, optionsFor(sample.head, target));
    VERIFY_OK(parts);
    QVERIFY(parts.value().size() >= 6);
    for (const FinishedPart& part : parts.value()) {
        QVERIFY(part.bytes.size() <= target);
    }
}

void TestArtefact::parts_rangesJoinUp() {
    const Sample sample = segmentOf(1024, zstd(3), 60, 50);
    const auto parts = write(sample, optionsFor(sample.head, 400u << 10));
    VERIFY_OK(parts);
    const auto table = tableOf(parts.value());
    VERIFY_OK(table);
    std::uint64_t frames = 0;
    std::uint64_t blocks = 0;
    for (std::size_t i = 0; i < parts.value().size(); ++i) {
        MemoryPartSource source(parts.value()[i].bytes);
        const auto index = readPartIndex(source, table.value().head, nullptr);
        VERIFY_OK(index);
        QCOMPARE(index.value().firstFrame, frames);
        QCOMPARE(table.value().summary.parts[i].firstFrame, frames);
        QCOMPARE(index.value().blocks.front().number, blocks);
        frames += index.value().frames.size();
        blocks += index.value().blocks.size();
    }
    QCOMPARE(table.value().summary.pageCount, frames);
    QCOMPARE(frames, std::uint64_t{60 * 50});
}

void TestArtefact::abandon_framesInOpenBlock_leaveNothing() {
    Sample sample = segmentOf(4096, zstd(0), 3, 5);
    const auto expected = write(sample, optionsFor(sample.head));
    VERIFY_OK(expected);
    PartList list;
    auto writer = ArtefactWriter::create(sample.head, optionsFor(sample.head), list);
    VERIFY_OK(writer);
    const Buffer page = pageOf(4096, 9, 99);
    for (const RecordedCommit& recorded : sample.commits) {
        VERIFY_OK(writer.value()->frame(PageFrame{9, 0, page}));
        writer.value()->abandon();
        for (const Frame& frame : recorded.frames) {
            VERIFY_OK(writer.value()->frame(PageFrame{frame.page, 0, frame.bytes}));
        }
        VERIFY_OK(writer.value()->commit(recorded.commit));
    }
    QCOMPARE(writer.value()->frameCount(), std::uint64_t{15});
    QCOMPARE(writer.value()->plainBytes(), std::uint64_t{15 * 4096});
    VERIFY_OK(writer.value()->frame(PageFrame{9, 0, page}));
    VERIFY_OK(writer.value()->finish());
    QVERIFY(list.parts.front().bytes == expected.value().front().bytes);
}

void TestArtefact::abandon_framesAlreadyPacked_areSkipped() {
    const Sample sample = segmentOf(4096, zstd(0), 4, 30);
    WorkerPool pool(2);
    PartList list;
    auto writer =
        ArtefactWriter::create(sample.head, optionsFor(sample.head, 1u << 20, &pool), list);
    VERIFY_OK(writer);
    for (const RecordedCommit& recorded : sample.commits) {
        for (std::uint64_t page = 1; page <= 500; ++page) {
            VERIFY_OK(writer.value()->frame(PageFrame{page, 0, pageOf(4096, page, 1234)}));
        }
        writer.value()->abandon();
        for (const Frame& frame : recorded.frames) {
            VERIFY_OK(writer.value()->frame(PageFrame{frame.page, 0, frame.bytes}));
        }
        VERIFY_OK(writer.value()->commit(recorded.commit));
    }
    VERIFY_OK(writer.value()->finish());
    const auto again = readBack(list.parts, nullptr, &pool);
    VERIFY_OK(again);
    QVERIFY(sameCommits(sample.commits, again.value()));
    const auto table = tableOf(list.parts);
    VERIFY_OK(table);
    QVERIFY(table.value().commits.front().firstFrame > 0);
    QVERIFY(table.value().summary.pageCount > 120);
}

void TestArtefact::commits_withoutFrames_areKept() {
    const Sample sample = segmentOf(512, kStored, 5, 0);
    const auto parts = write(sample, optionsFor(sample.head));
    VERIFY_OK(parts);
    const auto again = readBack(parts.value());
    VERIFY_OK(again);
    QVERIFY(sameCommits(sample.commits, again.value()));
}

void TestArtefact::frame_longerThanABlock_isSplit() {
    // 2500 pages of bolt in one frame: 10 MB, more than a block may unpack to.
    Sample sample = boltSegmentOf(4096, zstd(0));
    sample.commits.resize(1);
    sample.commits.front().commit.highWaterMark = 3000;
    Frame large{100, 2499, {}};
    for (std::uint64_t i = 0; i < 2500; ++i) {
        appendBytes(large.bytes, pageOf(4096, 100 + i, 1));
    }
    sample.commits.front().frames = {large};
    const auto parts = write(sample, optionsFor(sample.head));
    VERIFY_OK(parts);
    const auto again = readBack(parts.value());
    VERIFY_OK(again);
    Buffer joined;
    std::uint64_t next = 100;
    QVERIFY(again.value().front().frames.size() > 1);
    for (const Frame& piece : again.value().front().frames) {
        QCOMPARE(piece.page, next);
        next += std::uint64_t{1} + piece.overflow;
        appendBytes(joined, piece.bytes);
    }
    QVERIFY(joined == large.bytes);
}

void TestArtefact::table_smallArtefact_takesOneRead() {
    const Sample sample = segmentOf(4096, zstd(0), 3, 4);
    const auto parts = write(sample, optionsFor(sample.head));
    VERIFY_OK(parts);
    CountingSource first(parts.value().front().bytes);
    CountingSource last(parts.value().front().bytes);
    VERIFY_OK(readTable(first, last, nullptr));
    QCOMPARE(first.reads, 0);
    QCOMPARE(last.reads, 1);
}

void TestArtefact::table_largeArtefact_takesThreeReads() {
    const Sample sample = segmentOf(512, kStored, 4000, 2);
    const auto parts = write(sample, optionsFor(sample.head, 1u << 20));
    VERIFY_OK(parts);
    QVERIFY(parts.value().size() > 1);
    CountingSource first(parts.value().front().bytes);
    CountingSource last(parts.value().back().bytes);
    const auto table = readTable(first, last, nullptr);
    VERIFY_OK(table);
    QCOMPARE(table.value().commits.size(), std::size_t{4000});
    QCOMPARE(first.reads, 1);
    QCOMPARE(last.reads, 2);
    QVERIFY(first.bytesRead <= 4096);
}

void TestArtefact::block_anyPage_isOneReadAfterTheIndex() {
    const Sample sample = snapshotOf(4096, zstd(0), 700);
    const auto parts = write(sample, optionsFor(sample.head));
    VERIFY_OK(parts);
    CountingSource source(parts.value().front().bytes);
    const auto index = readPartIndex(source, sample.head, nullptr);
    VERIFY_OK(index);
    QCOMPARE(source.reads, 1);
    for (const BlockEntry& block : index.value().blocks) {
        source.reads = 0;
        const auto plain = readBlock(source, sample.head, index.value(), block, nullptr);
        VERIFY_OK(plain);
        QCOMPARE(source.reads, 1);
        for (std::uint64_t i = 0; i < block.frameCount; ++i) {
            const std::uint64_t page = index.value().frames[block.firstFrame + i].page;
            const Buffer expected = pageOf(4096, page, 0);
            QVERIFY(std::equal(expected.begin(),
                               expected.end(),
                               plain.value().begin() + static_cast<std::ptrdiff_t>(i * 4096)));
        }
    }
}

void TestArtefact::commitTable_nearLimit_lastPartHoldsIt() {
    // Rows as long as they get, as many as there may be, behind a part that is nearly full.
    Sample sample = segmentOf(65536, kStored, 1, 510);
    PartList list;
    auto writer = ArtefactWriter::create(sample.head, optionsFor(sample.head, kPartBytesMax), list);
    VERIFY_OK(writer);
    for (const Frame& frame : sample.commits.front().frames) {
        VERIFY_OK(writer.value()->frame(PageFrame{frame.page, 0, frame.bytes}));
    }
    Commit commit = sample.commits.front().commit;
    commit.merged = ~std::uint64_t{0};
    for (std::uint64_t i = 0; i < kCommitsMax; ++i) {
        commit.tx.value = 2 + i * (std::uint64_t{1} << 46);
        commit.seenAt = i % 2 == 0 ? kTimeMin : kTimeMax;
        commit.highWaterMark = i % 2 == 0 ? 0 : kPagesMax;
        commit.parentRoot.low = i * 3 + 1;
        commit.root.high = i;
        VERIFY_OK(writer.value()->commit(commit));
    }
    VERIFY_OK(writer.value()->finish());
    QCOMPARE(list.parts.size(), std::size_t{2});
    QVERIFY(list.parts.back().bytes.size() <= kPartBytesMax);
    const auto table = tableOf(list.parts);
    VERIFY_OK(table);
    QCOMPARE(table.value().commits.size(), std::size_t{kCommitsMax});
    QCOMPARE(table.value().summary.parts.back().frameCount, std::uint64_t{0});
    const auto again = readBack(list.parts);
    VERIFY_OK(again);
    QVERIFY(again.value().front().frames == sample.commits.front().frames);
}

void TestArtefact::commit_pastTheLimit_isRefusedAndHarmless() {
    const Sample sample = segmentOf(512, kStored, 1, 1);
    PartList list;
    auto writer = ArtefactWriter::create(sample.head, optionsFor(sample.head), list);
    VERIFY_OK(writer);
    Commit commit = sample.commits.front().commit;
    for (std::uint64_t i = 0; i < kCommitsMax; ++i) {
        VERIFY_OK(writer.value()->commit(commit));
        ++commit.tx.value;
    }
    const Status refused = writer.value()->commit(commit);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::InvalidArgument);
    QCOMPARE(writer.value()->commitCount(), kCommitsMax);
    VERIFY_OK(writer.value()->finish());
    VERIFY_OK(readBack(list.parts));
}

void TestArtefact::snapshot_secondCommit_isRefused() {
    const Sample sample = snapshotOf(512, kStored, 3);
    PartList list;
    auto writer = ArtefactWriter::create(sample.head, optionsFor(sample.head), list);
    VERIFY_OK(writer);
    Commit commit = sample.commits.front().commit;
    VERIFY_OK(writer.value()->commit(commit));
    ++commit.tx.value;
    QVERIFY(!writer.value()->commit(commit).ok());
}

void TestArtefact::create_impossibleHead_isInvalidArgument() {
    PartList list;
    const auto refused = [&list](auto change) {
        ArtefactHead head = headOf(ArtefactKind::Snapshot, 4096, zstd(0));
        ArtefactWriterOptions options = optionsFor(head);
        change(head, options);
        const auto writer = ArtefactWriter::create(head, options, list);
        return !writer.ok() && writer.error().code == ErrorCode::InvalidArgument;
    };
    using Head = ArtefactHead;
    using Options = ArtefactWriterOptions;
    QVERIFY(!refused([](Head&, Options&) {}));
    QVERIFY(refused([](Head& head, Options&) { head.pageSize = 1000; }));
    QVERIFY(refused([](Head& head, Options&) { head.pageSize = 0; }));
    QVERIFY(refused([](Head& head, Options&) { head.compression.level = 12; }));
    QVERIFY(refused([](Head& head, Options&) { head.compression.window = 9; }));
    QVERIFY(refused([](Head& head, Options&) { head.parentTxId.value = 1; }));
    QVERIFY(refused([](Head& head, Options&) { head.keyId = "no sealer"; }));
    QVERIFY(refused([](Head& head, Options&) { head.createdAt = kTimeMax.plus(1); }));
    QVERIFY(refused([](Head& head, Options&) { head.additionalAttrs["x"].resize(70'000, 'x'); }));
    QVERIFY(refused([](Head&, Options& options) { options.location.database.value = 1; }));
    QVERIFY(refused([](Head&, Options& options) { options.partBytesTarget = 0; }));
    QVERIFY(refused([](Head&, Options& options) { options.partBytesTarget = kPartBytesMax + 1; }));
}

void TestArtefact::frame_impossiblePage_isInvalidArgument() {
    const Sample sample = segmentOf(512, kStored, 1, 1);
    PartList list;
    auto writer = ArtefactWriter::create(sample.head, optionsFor(sample.head), list);
    VERIFY_OK(writer);
    const Buffer page(512);
    for (const std::uint64_t number : {std::uint64_t{0}, kPagesMax, ~std::uint64_t{0}}) {
        const Status refused = writer.value()->frame(PageFrame{number, 0, page});
        QVERIFY(!refused.ok());
        QCOMPARE(refused.error().code, ErrorCode::InvalidArgument);
    }
    VERIFY_OK(writer.value()->frame(PageFrame{1, 0, page}));
}

void TestArtefact::sink_error_staysTheError() {
    class FullDisk final : public PartSink {
    public:
        Status part(FinishedPart) override { return Error{ErrorCode::NoSpace, "disk full"}; }
    };

    const Sample sample = snapshotOf(4096, kStored, 1000);
    FullDisk sink;
    WorkerPool pool(2);
    auto writer =
        ArtefactWriter::create(sample.head, optionsFor(sample.head, 1u << 20, &pool), sink);
    VERIFY_OK(writer);
    Status failed;
    for (const Frame& frame : sample.commits.front().frames) {
        failed = writer.value()->frame(PageFrame{frame.page, 0, frame.bytes});
        if (!failed.ok()) {
            break;
        }
    }
    QVERIFY(!failed.ok());
    QCOMPARE(failed.error().code, ErrorCode::NoSpace);
    const Status later = writer.value()->commit(sample.commits.front().commit);
    QVERIFY(!later.ok());
    QCOMPARE(later.error().code, ErrorCode::NoSpace);
}

void TestArtefact::visitor_error_endsTheDecoding() {
    const Sample sample = snapshotOf(4096, zstd(0), 1000);
    WorkerPool pool(2);
    const auto parts = write(sample, optionsFor(sample.head, 16u << 20, &pool));
    VERIFY_OK(parts);
    int visited = 0;
    const Status ended = decodePart(
        parts.value().front().bytes,
        sample.head,
        1,
        nullptr,
        [&visited](const FrameEntry&, ByteView) -> Status {
            return ++visited < 100 ? Status() : Error{ErrorCode::Cancelled, "enough"};
        },
        &pool);
    QVERIFY(!ended.ok());
    QCOMPARE(ended.error().code, ErrorCode::Cancelled);
    QCOMPARE(visited, 100);
}

void TestArtefact::describe_table_isJsonText() {
    const Sample sample = segmentOf(4096, zstd(0), 3, 4);
    const auto parts = write(sample, optionsFor(sample.head));
    VERIFY_OK(parts);
    const std::string text = describeTable(tableOf(parts.value()).value());
    const QJsonDocument json = QJsonDocument::fromJson(QByteArray::fromStdString(text));
    QCOMPARE(json["head"]["engine"].toString(), QStringLiteral("sqlite"));
    QCOMPARE(json["head"]["createdAt"].toString(), QStringLiteral("2026-06-14T12:02:11.123Z"));
    QCOMPARE(json["commits"][1]["txId"].toInt(), 3);
    QCOMPARE(json["summary"]["parts"][0]["frameCount"].toInt(), 12);
}

QTEST_GUILESS_MAIN(TestArtefact)
#include "tst_artefact.moc"
