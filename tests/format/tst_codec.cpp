// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include "engine/base/ids.h"
#include "engine/format/codec.h"

using namespace engine;

namespace {

Buffer compressible(std::size_t size) {
    Buffer bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::byte>((i / 7) % 50);
    }
    return bytes;
}

Buffer random(std::size_t size) {
    Buffer bytes;
    while (bytes.size() < size) {
        appendLe(bytes, randomId64());
    }
    bytes.resize(size);
    return bytes;
}

}  // namespace

class TestCodec : public QObject {
    Q_OBJECT
private slots:
    void levels_followTheSeedsTable();
    void check_outOfRange_isInvalidArgument();
    void window_isClampedToABlock();
    void roundTrip_everyLevel_sameBytes();
    void roundTrip_contextReused_sameBytesAsFresh();
    void incompressible_isStored();
    void none_isStored();
    void decompress_anotherSize_isCorruption();
    void decompress_anyFlip_isErrorOrExactSize();
    void decompress_twoFrames_isCorruption();
    void decompress_nothing_isCorruption();
};

void TestCodec::levels_followTheSeedsTable() {
    const std::vector<int> table = {3, -5, -3, -1, 0, 3, 6, 9, 12, 15, 18, 22};
    for (std::size_t level = 0; level < table.size(); ++level) {
        QCOMPARE(zstdLevelOf(static_cast<std::int32_t>(level)), table[level]);
    }
}

void TestCodec::check_outOfRange_isInvalidArgument() {
    for (std::int32_t level = 0; level <= 11; ++level) {
        QVERIFY(checkCompression({Codec::Zstd, level, 0}).ok());
    }
    for (std::int32_t window = 10; window <= 31; ++window) {
        QVERIFY(checkCompression({Codec::Zstd, 0, window}).ok());
    }
    for (const std::int32_t level : {-1, 12, INT32_MIN, INT32_MAX}) {
        const Status refused = checkCompression({Codec::Zstd, level, 0});
        QVERIFY(!refused.ok());
        QCOMPARE(refused.error().code, ErrorCode::InvalidArgument);
    }
    for (const std::int32_t window : {-1, 1, 9, 32, INT32_MAX}) {
        QVERIFY(!checkCompression({Codec::Zstd, 0, window}).ok());
    }
}

void TestCodec::window_isClampedToABlock() {
    QCOMPARE(usableWindow(0), 0);
    QCOMPARE(usableWindow(10), 10);
    QCOMPARE(usableWindow(18), 18);
    QCOMPARE(usableWindow(31), 18);
}

void TestCodec::roundTrip_everyLevel_sameBytes() {
    const Buffer plain = compressible(256u << 10);
    for (std::int32_t level = 0; level <= 11; ++level) {
        for (const std::int32_t window : {0, 10, 27}) {
            BlockCompressor compressor({Codec::Zstd, level, window});
            Buffer packed;
            const auto codec = compressor.compress(plain, packed);
            QVERIFY(codec.ok());
            QCOMPARE(codec.value(), Codec::Zstd);
            QVERIFY(packed.size() < plain.size() / 4);
            Buffer again(plain.size());
            BlockDecompressor decompressor;
            QVERIFY(decompressor.decompress(Codec::Zstd, packed, again).ok());
            QVERIFY(again == plain);
        }
    }
}

void TestCodec::roundTrip_contextReused_sameBytesAsFresh() {
    BlockCompressor reused({Codec::Zstd, 7, 0});
    for (const std::size_t size : {std::size_t{100}, std::size_t{256} << 10, std::size_t{5000}}) {
        const Buffer plain = compressible(size);
        Buffer a;
        Buffer b;
        QVERIFY(reused.compress(plain, a).ok());
        BlockCompressor fresh({Codec::Zstd, 7, 0});
        QVERIFY(fresh.compress(plain, b).ok());
        QVERIFY(a == b);
    }
}

void TestCodec::incompressible_isStored() {
    BlockCompressor compressor({Codec::Zstd, 0, 0});
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{512}, std::size_t{99'999}}) {
        const Buffer plain = random(size);
        Buffer packed;
        const auto codec = compressor.compress(plain, packed);
        QVERIFY(codec.ok());
        QCOMPARE(codec.value(), Codec::None);
        QVERIFY(packed == plain);
    }
}

void TestCodec::none_isStored() {
    BlockCompressor compressor({Codec::None, 0, 0});
    const Buffer plain = compressible(4096);
    Buffer packed;
    const auto codec = compressor.compress(plain, packed);
    QVERIFY(codec.ok());
    QCOMPARE(codec.value(), Codec::None);
    QVERIFY(packed == plain);
}

void TestCodec::decompress_anotherSize_isCorruption() {
    const Buffer plain = compressible(4096);
    BlockCompressor compressor({Codec::Zstd, 0, 0});
    Buffer packed;
    QVERIFY(compressor.compress(plain, packed).ok());
    BlockDecompressor decompressor;
    for (const std::size_t size : {std::size_t{0}, std::size_t{4095}, std::size_t{4097}}) {
        Buffer into(size);
        const Status zstd = decompressor.decompress(Codec::Zstd, packed, into);
        QVERIFY(!zstd.ok());
        QCOMPARE(zstd.error().code, ErrorCode::Corruption);
        QVERIFY(!decompressor.decompress(Codec::None, plain, into).ok());
    }
}

void TestCodec::decompress_anyFlip_isErrorOrExactSize() {
    const Buffer plain = compressible(2048);
    BlockCompressor compressor({Codec::Zstd, 0, 0});
    Buffer packed;
    QVERIFY(compressor.compress(plain, packed).ok());
    BlockDecompressor decompressor;
    Buffer into(plain.size());
    for (std::size_t i = 0; i < packed.size() * 8; ++i) {
        Buffer damaged = packed;
        damaged[i / 8] ^= static_cast<std::byte>(1u << (i % 8));
        const Status status = decompressor.decompress(Codec::Zstd, damaged, into);
        QVERIFY(status.ok() || status.error().code == ErrorCode::Corruption);
    }
    for (std::size_t length = 0; length < packed.size(); ++length) {
        QVERIFY(!decompressor.decompress(Codec::Zstd, ByteView(packed).first(length), into).ok());
    }
    QVERIFY(decompressor.decompress(Codec::Zstd, packed, into).ok());
    QVERIFY(into == plain);
}

void TestCodec::decompress_twoFrames_isCorruption() {
    const Buffer plain = compressible(2048);
    BlockCompressor compressor({Codec::Zstd, 0, 0});
    Buffer packed;
    QVERIFY(compressor.compress(plain, packed).ok());
    BlockDecompressor decompressor;
    Buffer into(plain.size());
    Buffer skippable = packed;
    for (const unsigned byte : {0x50u, 0x2au, 0x4du, 0x18u, 0u, 0u, 0u, 0u}) {
        skippable.push_back(static_cast<std::byte>(byte));
    }
    QVERIFY(!decompressor.decompress(Codec::Zstd, skippable, into).ok());
    appendBytes(packed, Buffer(packed));
    QVERIFY(!decompressor.decompress(Codec::Zstd, packed, into).ok());
}

void TestCodec::decompress_nothing_isCorruption() {
    BlockDecompressor decompressor;
    Buffer into(512);
    QVERIFY(!decompressor.decompress(Codec::Zstd, ByteView(), into).ok());
    QVERIFY(!decompressor.decompress(Codec::None, ByteView(), into).ok());
}

QTEST_GUILESS_MAIN(TestCodec)
#include "tst_codec.moc"
