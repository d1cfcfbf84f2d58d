// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <QtTest>

#include "engine/base/ids.h"

using namespace engine;

class TestIds : public QObject {
    Q_OBJECT
private slots:
    void hex16_roundTripsAndSorts();
    void decimal_wholeTextOnly();
    void artefactId_roundTrips();
    void random_isNeverZeroNorTwice();
};

void TestIds::hex16_roundTripsAndSorts() {
    std::string last;
    for (const std::uint64_t value :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x4d2}, ~std::uint64_t{0}}) {
        const std::string text = toHex16(value);
        QCOMPARE(text.size(), std::size_t{16});
        QVERIFY(last < text);
        QCOMPARE(parseHex16(text).value(), value);
        last = text;
    }
    QCOMPARE(GenerationId{0x4d2}.text(), std::string("00000000000004d2"));
    QVERIFY(!GenerationId::parse("4d2").ok());
    QVERIFY(GenerationId{}.empty());
}

void TestIds::decimal_wholeTextOnly() {
    QCOMPARE(parseDecimal("0").value(), std::uint64_t{0});
    QCOMPARE(parseDecimal("18446744073709551615").value(), ~std::uint64_t{0});
    for (const char* text :
         {"", "-1", "+1", " 1", "1 ", "1x", "0x1", "18446744073709551616", "1.0"}) {
        const auto value = parseDecimal(text);
        QVERIFY2(!value.ok(), text);
        QCOMPARE(value.error().code, ErrorCode::InvalidArgument);
    }
}

void TestIds::artefactId_roundTrips() {
    const ArtefactId id = randomArtefactId();
    QVERIFY(ArtefactId::parse(id.text()).value() == id);
    QVERIFY(!ArtefactId::parse(id.text().substr(1)).ok());
}

void TestIds::random_isNeverZeroNorTwice() {
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t value = randomId64();
        QVERIFY(value != 0);
        QVERIFY(seen.insert(value).second);
    }
}

QTEST_GUILESS_MAIN(TestIds)
#include "tst_ids.moc"
