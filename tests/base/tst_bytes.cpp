// SPDX-License-Identifier: Apache-2.0
#include <random>

#include <QStringDecoder>
#include <QtTest>

#include "engine/base/bytes.h"

using namespace engine;

namespace {

Buffer bytesOf(std::initializer_list<unsigned> values) {
    Buffer bytes;
    for (const unsigned value : values) {
        bytes.push_back(static_cast<std::byte>(value));
    }
    return bytes;
}

}  // namespace

class TestBytes : public QObject {
    Q_OBJECT
private slots:
    void loads_fixedEndian_areAsWritten();
    void stores_unaligned_roundTrip();
    void varint_roundTrips_data();
    void varint_roundTrips();
    void varint_tooLongOrTorn_isCorruption_data();
    void varint_tooLongOrTorn_isCorruption();
    void signedVarint_roundTrips();
    void reader_takesExactly();
    void reader_pastTheEnd_isCorruptionAndStays();
    void hex_roundTrips();
    void hex_badText_isInvalidArgument_data();
    void hex_badText_isInvalidArgument();
    void text_andViews_roundTrip();
    void utf8_isWhatQtTakes();
};

void TestBytes::loads_fixedEndian_areAsWritten() {
    const Buffer bytes = bytesOf({1, 2, 3, 4, 5, 6, 7, 8});
    QCOMPARE(loadLe<std::uint16_t>(bytes.data()), std::uint16_t{0x0201});
    QCOMPARE(loadBe<std::uint16_t>(bytes.data()), std::uint16_t{0x0102});
    QCOMPARE(loadLe<std::uint32_t>(bytes.data()), 0x04030201u);
    QCOMPARE(loadBe<std::uint32_t>(bytes.data()), 0x01020304u);
    QCOMPARE(loadLe<std::uint64_t>(bytes.data()), std::uint64_t{0x0807060504030201});
    QCOMPARE(loadBe<std::uint64_t>(bytes.data()), std::uint64_t{0x0102030405060708});
    QCOMPARE(loadLe<std::uint8_t>(bytes.data()), std::uint8_t{1});
}

void TestBytes::stores_unaligned_roundTrip() {
    for (std::size_t offset = 0; offset < 8; ++offset) {
        Buffer bytes(24);
        storeLe(bytes.data() + offset, std::uint64_t{0x1122334455667788});
        storeBe(bytes.data() + offset + 8, std::uint32_t{0xdeadbeef});
        QCOMPARE(loadLe<std::uint64_t>(bytes.data() + offset), std::uint64_t{0x1122334455667788});
        QCOMPARE(static_cast<unsigned>(bytes[offset]), 0x88u);
        QCOMPARE(static_cast<unsigned>(bytes[offset + 8]), 0xdeu);
        QCOMPARE(loadBe<std::uint32_t>(bytes.data() + offset + 8), 0xdeadbeefu);
    }
    Buffer appended;
    appendLe(appended, std::uint16_t{0x0102});
    QVERIFY(appended == bytesOf({2, 1}));
}

void TestBytes::varint_roundTrips_data() {
    QTest::addColumn<quint64>("value");
    QTest::addColumn<int>("size");
    QTest::newRow("0") << quint64{0} << 1;
    QTest::newRow("127") << quint64{127} << 1;
    QTest::newRow("128") << quint64{128} << 2;
    QTest::newRow("16383") << quint64{16383} << 2;
    QTest::newRow("16384") << quint64{16384} << 3;
    QTest::newRow("2^32") << (quint64{1} << 32) << 5;
    QTest::newRow("2^63 - 1") << ((quint64{1} << 63) - 1) << 9;
    QTest::newRow("2^63") << (quint64{1} << 63) << 10;
    QTest::newRow("2^64 - 1") << ~quint64{0} << 10;
}

void TestBytes::varint_roundTrips() {
    QFETCH(quint64, value);
    QFETCH(int, size);
    Buffer bytes;
    appendVarint(bytes, value);
    QCOMPARE(bytes.size(), static_cast<std::size_t>(size));
    ByteReader reader(bytes);
    const auto read = reader.varint();
    QVERIFY(read.ok());
    QCOMPARE(read.value(), std::uint64_t{value});
    QCOMPARE(reader.remaining(), std::size_t{0});
}

void TestBytes::varint_tooLongOrTorn_isCorruption_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("torn") << QByteArray("\x80");
    QTest::newRow("torn at nine") << QByteArray(9, '\x80');
    QTest::newRow("2^64") << QByteArray(9, '\x80') + QByteArray("\x02");
    QTest::newRow("eleven bytes") << QByteArray(10, '\x80') + QByteArray("\x01");
    QTest::newRow("tenth byte goes on") << QByteArray(9, '\xff') + QByteArray("\x81\x01");
    QTest::newRow("endless") << QByteArray(1000, '\xff');
}

void TestBytes::varint_tooLongOrTorn_isCorruption() {
    QFETCH(QByteArray, bytes);
    const std::string text = bytes.toStdString();
    ByteReader reader(viewOf(text));
    const auto read = reader.varint();
    QVERIFY(!read.ok());
    QCOMPARE(read.error().code, ErrorCode::Corruption);
}

void TestBytes::signedVarint_roundTrips() {
    for (const std::int64_t value : {std::int64_t{0},
                                     std::int64_t{-1},
                                     std::int64_t{1},
                                     std::int64_t{63},
                                     std::int64_t{-64},
                                     std::int64_t{64},
                                     INT64_MAX,
                                     INT64_MIN}) {
        Buffer bytes;
        appendSignedVarint(bytes, value);
        ByteReader reader(bytes);
        const auto read = reader.signedVarint();
        QVERIFY(read.ok());
        QCOMPARE(read.value(), value);
    }
    Buffer bytes;
    appendSignedVarint(bytes, -64);
    QCOMPARE(bytes.size(), std::size_t{1});
    appendSignedVarint(bytes, 64);
    QCOMPARE(bytes.size(), std::size_t{3});
}

void TestBytes::reader_takesExactly() {
    const Buffer bytes = bytesOf({1, 2, 3, 4, 5, 6, 7});
    ByteReader reader(bytes);
    const auto first = reader.le<std::uint32_t>();
    QVERIFY(first.ok());
    QCOMPARE(first.value(), 0x04030201u);
    QCOMPARE(reader.position(), std::size_t{4});
    const auto rest = reader.take(3);
    QVERIFY(rest.ok());
    QCOMPARE(rest.value().size(), std::size_t{3});
    QVERIFY(reader.take(0).ok());
    QCOMPARE(reader.remaining(), std::size_t{0});
}

void TestBytes::reader_pastTheEnd_isCorruptionAndStays() {
    const Buffer bytes = bytesOf({1, 2, 3});
    ByteReader reader(bytes);
    for (const std::size_t count : {std::size_t{4}, SIZE_MAX, SIZE_MAX - 2}) {
        const auto taken = reader.take(count);
        QVERIFY(!taken.ok());
        QCOMPARE(taken.error().code, ErrorCode::Corruption);
    }
    QVERIFY(!reader.le<std::uint32_t>().ok());
    QCOMPARE(reader.remaining(), std::size_t{3});
}

void TestBytes::hex_roundTrips() {
    const Buffer bytes = bytesOf({0x00, 0x01, 0x7f, 0x80, 0xab, 0xff});
    QCOMPARE(toHex(bytes), std::string("00017f80abff"));
    const auto again = fromHex("00017f80abff", 6);
    QVERIFY(again.ok());
    QVERIFY(again.value() == bytes);
    QCOMPARE(toHex({}), std::string());
    QVERIFY(fromHex("", 0).ok());
}

void TestBytes::hex_badText_isInvalidArgument_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("short") << QByteArray("abc");
    QTest::newRow("long") << QByteArray("abcdef");
    QTest::newRow("upper case") << QByteArray("ABcd");
    QTest::newRow("no digit") << QByteArray("00g0");
    QTest::newRow("prefix") << QByteArray("0x12");
    QTest::newRow("space") << QByteArray(" 123");
    QTest::newRow("NUL") << QByteArray(
        "12\0"
        "3",
        4);
    QTest::newRow("high byte") << QByteArray(
        "12\xff"
        "3");
}

void TestBytes::hex_badText_isInvalidArgument() {
    QFETCH(QByteArray, text);
    const auto bytes = fromHex(text.toStdString(), 2);
    QVERIFY(!bytes.ok());
    QCOMPARE(bytes.error().code, ErrorCode::InvalidArgument);
}

void TestBytes::text_andViews_roundTrip() {
    const std::string text("a\0b", 3);
    QCOMPARE(textOf(viewOf(text)), text);
    QCOMPARE(textOf({}), std::string());
    Buffer joined;
    appendBytes(joined, viewOf("ab"));
    appendBytes(joined, {});
    appendBytes(joined, viewOf("c"));
    QCOMPARE(textOf(joined), std::string("abc"));
}

void TestBytes::utf8_isWhatQtTakes() {
    std::mt19937 random(7);
    // Bytes at the borders of what a sequence may hold, far oftener than chance gives them.
    constexpr unsigned char kBorders[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
                                          0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0,
                                          0xe1, 0xed, 0xef, 0xf0, 0xf4, 0xf5};
    std::size_t valid = 0;
    for (int i = 0; i < 300'000; ++i) {
        std::string text;
        for (auto left = random() % 5; left > 0; --left) {
            text.push_back(static_cast<char>(kBorders[random() % std::size(kBorders)]));
        }
        QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
        const QString decoded = decoder(QByteArrayView(text.data(), qsizetype(text.size())));
        const bool expected = !decoder.hasError() && decoded.toUtf8().toStdString() == text;
        QVERIFY2(isUtf8(text) == expected, toHex(viewOf(text)).c_str());
        valid += expected ? 1u : 0u;
    }
    QVERIFY(valid > 10'000);
}

QTEST_GUILESS_MAIN(TestBytes)
#include "tst_bytes.moc"
