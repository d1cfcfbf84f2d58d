// SPDX-License-Identifier: Apache-2.0
// Whatever happens to the bytes of an artefact, a reader sees an error or the same content.
#include <QtTest>

#include "tests/format/artefact_samples.h"

using namespace engine;
using namespace engine::samples;

namespace {

const Compression kStored{Codec::None, 0, 0};
const Compression kZstd{Codec::Zstd, 0, 0};

/// What reading gave: true = an error of a kind that bytes from outside may cause.
bool isError(const Result<std::vector<RecordedCommit>>& read) {
    return !read.ok() && (read.error().code == ErrorCode::Corruption ||
                          read.error().code == ErrorCode::Unsupported);
}

}  // namespace

class TestArtefactDamage : public QObject {
    Q_OBJECT
private slots:
    void anyByte_flipped_isError_data();
    void anyByte_flipped_isError();
    void part_truncatedAnywhere_isError();
    void part_extended_isError();
    void parts_swappedOrForeign_areErrors();
    void part_ofAnotherArtefact_isError();
    void part_underAnotherNumber_isError();
    void index_ofDamagedTail_isError();
    void memory_hugeClaims_areRefusedFirst();
};

void TestArtefactDamage::anyByte_flipped_isError_data() {
    QTest::addColumn<bool>("parts");
    QTest::addColumn<bool>("packed");
    QTest::newRow("one stored part") << false << false;
    QTest::newRow("one packed part") << false << true;
    QTest::newRow("several parts") << true << true;
}

void TestArtefactDamage::anyByte_flipped_isError() {
    QFETCH(bool, parts);
    QFETCH(bool, packed);
    const Sample sample = parts ? snapshotOf(65536, packed ? kZstd : kStored, 5)
                                : segmentOf(512, packed ? kZstd : kStored, 3, 4);
    auto written = write(sample, optionsFor(sample.head, parts ? 1 : 1u << 20));
    VERIFY_OK(written);
    std::vector<FinishedPart>& all = written.value();
    QCOMPARE(all.size() > 1, parts);
    for (FinishedPart& part : all) {
        // Of large parts the blocks are sampled, head and tail are done byte by byte.
        const std::size_t edge = 900;
        for (std::size_t i = 0; i < part.bytes.size(); ++i) {
            if (i > edge && i + edge < part.bytes.size() && i % 8209 != 0) {
                continue;
            }
            for (const unsigned bits : {0x01u, 0x80u, 0xffu}) {
                part.bytes[i] ^= static_cast<std::byte>(bits);
                const auto read = readBack(all);
                part.bytes[i] ^= static_cast<std::byte>(bits);
                QVERIFY2(isError(read),
                         qPrintable(QStringLiteral("byte %1 ^ %2").arg(i).arg(bits)));
            }
        }
    }
    VERIFY_OK(readBack(all));
}

void TestArtefactDamage::part_truncatedAnywhere_isError() {
    const Sample sample = segmentOf(512, kZstd, 3, 4);
    const auto written = write(sample, optionsFor(sample.head));
    VERIFY_OK(written);
    std::vector<FinishedPart> all = written.value();
    const Buffer whole = all.front().bytes;
    for (std::size_t length = 0; length < whole.size(); ++length) {
        all.front().bytes.assign(whole.begin(),
                                 whole.begin() + static_cast<std::ptrdiff_t>(length));
        QVERIFY(isError(readBack(all)));
    }
}

void TestArtefactDamage::part_extended_isError() {
    const Sample sample = segmentOf(512, kZstd, 3, 4);
    const auto written = write(sample, optionsFor(sample.head));
    VERIFY_OK(written);
    std::vector<FinishedPart> all = written.value();
    Buffer& bytes = all.front().bytes;
    const Buffer whole = bytes;
    for (std::size_t extra = 1; extra <= 200; ++extra) {
        bytes.push_back(std::byte{0});
        QVERIFY(isError(readBack(all)));
    }
    bytes = whole;
    appendBytes(bytes, ByteView(whole).last(104));  // a second footer
    QVERIFY(isError(readBack(all)));
    bytes = whole;
    appendBytes(bytes, whole);  // the artefact twice
    QVERIFY(isError(readBack(all)));
}

void TestArtefactDamage::parts_swappedOrForeign_areErrors() {
    const Sample sample = snapshotOf(4096, kStored, 1000);
    const auto written = write(sample, optionsFor(sample.head, 1u << 20));
    VERIFY_OK(written);
    std::vector<FinishedPart> all = written.value();
    QVERIFY(all.size() >= 4);
    std::swap(all[1].bytes, all[2].bytes);
    QVERIFY(isError(readBack(all)));
    std::swap(all[1].bytes, all[2].bytes);
    all[1].bytes = all[2].bytes;
    QVERIFY(isError(readBack(all)));
    all = written.value();
    all.erase(all.begin() + 1);
    QVERIFY(isError(readBack(all)));
}

void TestArtefactDamage::part_ofAnotherArtefact_isError() {
    Sample sample = snapshotOf(4096, kStored, 1000);
    auto written = write(sample, optionsFor(sample.head, 1u << 20));
    VERIFY_OK(written);
    sample.head.id.bytes[3] ^= std::byte{1};
    const auto other = write(sample, optionsFor(sample.head, 1u << 20));
    VERIFY_OK(other);
    for (std::size_t i = 0; i < other.value().size(); ++i) {
        std::vector<FinishedPart> mixed = written.value();
        mixed[i].bytes = other.value()[i].bytes;
        QVERIFY(isError(readBack(mixed)));
    }
}

void TestArtefactDamage::part_underAnotherNumber_isError() {
    const Sample sample = segmentOf(512, kZstd, 3, 4);
    const auto written = write(sample, optionsFor(sample.head));
    VERIFY_OK(written);
    const Status decoded = decodePart(
        written.value().front().bytes, sample.head, 2, nullptr, [](const FrameEntry&, ByteView) {
            return Status();
        });
    QVERIFY(!decoded.ok());
    QCOMPARE(decoded.error().code, ErrorCode::Corruption);
}

void TestArtefactDamage::index_ofDamagedTail_isError() {
    const Sample sample = segmentOf(512, kZstd, 3, 4);
    const auto written = write(sample, optionsFor(sample.head));
    VERIFY_OK(written);
    Buffer bytes = written.value().front().bytes;
    MemoryPartSource intact(bytes);
    const auto index = readPartIndex(intact, sample.head, nullptr);
    VERIFY_OK(index);
    const BlockEntry& block = index.value().blocks.front();
    bytes[block.offset + 5] ^= std::byte{4};
    MemoryPartSource damaged(bytes);
    QVERIFY(!readBlock(damaged, sample.head, index.value(), block, nullptr).ok());
    bytes[block.offset + block.storedBytes] ^= std::byte{4};  // the first byte of the index
    MemoryPartSource torn(bytes);
    const auto refused = readPartIndex(torn, sample.head, nullptr);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::Corruption);
}

void TestArtefactDamage::memory_hugeClaims_areRefusedFirst() {
    // A source that says it is huge: nothing is read, let alone allocated.
    class Huge final : public PartSource {
    public:
        Result<Buffer> read(std::uint64_t, std::uint64_t length) override {
            largest = std::max(largest, length);
            return Buffer(static_cast<std::size_t>(length));
        }

        std::uint64_t size() const override { return std::uint64_t{1} << 60; }

        std::uint64_t largest = 0;
    };

    Huge huge;
    QVERIFY(!readTable(huge, huge, nullptr).ok());
    QVERIFY(!readHead(huge).ok());
    QVERIFY(!readPartIndex(huge, headOf(ArtefactKind::Segment, 512, kZstd), nullptr).ok());
    QVERIFY(huge.largest <= 64u << 10);
}

QTEST_GUILESS_MAIN(TestArtefactDamage)
#include "tst_artefact_damage.moc"
