// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <QtTest>

#include "engine/config/units.h"

using namespace engine;

class TestUnits final : public QObject {
    Q_OBJECT

private slots:
    void duration_wellFormed_isMilliseconds_data();
    void duration_wellFormed_isMilliseconds();
    void duration_malformed_isInvalid_data();
    void duration_malformed_isInvalid();
    void nanoseconds_partsOfAMillisecond_areRoundedUp();
    void durationText_everyLength_isReadBack();
    void size_wellFormed_isBytes_data();
    void size_wellFormed_isBytes();
    void size_malformed_isInvalid_data();
    void size_malformed_isInvalid();
    void sizeText_exactUnits_areUsed();
    void nearest_typingErrors_findTheName();
    void nearest_otherWords_findNothing();
};

void TestUnits::duration_wellFormed_isMilliseconds_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<qint64>("ms");
    QTest::newRow("seconds") << "90s" << qint64{90000};
    QTest::newRow("hours") << "6h" << qint64{21600000};
    QTest::newRow("hours and minutes") << "1h30m" << qint64{5400000};
    QTest::newRow("milliseconds") << "250ms" << qint64{250};
    QTest::newRow("a fraction") << "1.5h" << qint64{5400000};
    QTest::newRow("a fraction that binary cannot hold") << "1.1s" << qint64{1100};
    QTest::newRow("a microsecond is not nothing") << "1us" << qint64{1};
    QTest::newRow("a nanosecond is not nothing") << "1ns" << qint64{1};
    QTest::newRow("micro sign") << QString::fromUtf8("1000\xc2\xb5s") << qint64{1};
    QTest::newRow("nothing") << "0" << qint64{0};
    QTest::newRow("nothing with a unit") << "0s" << qint64{0};
    QTest::newRow("a month") << "720h" << qint64{2592000000};
}

void TestUnits::duration_wellFormed_isMilliseconds() {
    QFETCH(QString, text);
    QFETCH(qint64, ms);
    const Result<DurationMs> parsed = parseDuration(text.toStdString());
    QVERIFY2(parsed.ok(), text.toUtf8());
    QCOMPARE(qint64{parsed.value()}, ms);
}

void TestUnits::duration_malformed_isInvalid_data() {
    QTest::addColumn<QString>("text");
    for (const char* text : {"",
                             "s",
                             "6",
                             "6 h",
                             "h6",
                             "-5s",
                             "6d",
                             "1e3s",
                             "1..5s",
                             "5s6",
                             "five",
                             "9999999999h",
                             "99999999999999999999s",
                             "1.s.",
                             "+1s",
                             "0x10s"}) {
        QTest::newRow(*text == '\0' ? "empty" : text) << text;
    }
    QTest::newRow("very long") << QString(100000, QChar(u'1'));
}

void TestUnits::duration_malformed_isInvalid() {
    QFETCH(QString, text);
    const Result<DurationMs> parsed = parseDuration(text.toStdString());
    QVERIFY(!parsed.ok());
    QCOMPARE(parsed.error().code, ErrorCode::InvalidArgument);
    QVERIFY(parsed.error().message.size() < 200);
}

void TestUnits::nanoseconds_partsOfAMillisecond_areRoundedUp() {
    QCOMPARE(durationOfNanoseconds(0).value(), DurationMs{0});
    QCOMPARE(durationOfNanoseconds(1).value(), DurationMs{1});
    QCOMPARE(durationOfNanoseconds(21600000000000).value(), DurationMs{21600000});
    QVERIFY(!durationOfNanoseconds(-1).ok());
    QVERIFY(!durationOfNanoseconds(std::numeric_limits<std::int64_t>::max()).ok());
}

void TestUnits::durationText_everyLength_isReadBack() {
    for (const DurationMs ms :
         {0LL, 1LL, 999LL, 1000LL, 61000LL, 5400000LL, 31536000000LL, 3723004LL}) {
        const Result<DurationMs> again = parseDuration(toDurationText(ms));
        QVERIFY(again.ok());
        QCOMPARE(again.value(), DurationMs{ms});
    }
    QCOMPARE(toDurationText(5400000), std::string("1h30m"));
}

void TestUnits::size_wellFormed_isBytes_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<quint64>("bytes");
    QTest::newRow("bytes") << "4096" << quint64{4096};
    QTest::newRow("MiB") << "5MiB" << quint64{5} * 1024 * 1024;
    QTest::newRow("GiB with a blank") << "20 GiB" << (quint64{20} << 30);
    QTest::newRow("decimal") << "2MB" << quint64{2000000};
    QTest::newRow("short") << "1K" << quint64{1024};
    QTest::newRow("fraction") << "1.5KiB" << quint64{1536};
    QTest::newRow("with B") << "7B" << quint64{7};
}

void TestUnits::size_wellFormed_isBytes() {
    QFETCH(QString, text);
    QFETCH(quint64, bytes);
    const Result<std::uint64_t> parsed = parseSize(text.toStdString());
    QVERIFY2(parsed.ok(), text.toUtf8());
    QCOMPARE(quint64{parsed.value()}, bytes);
}

void TestUnits::size_malformed_isInvalid_data() {
    QTest::addColumn<QString>("text");
    for (const char* text : {"", "MiB", "-5", "5 MiB x", "5mib5", "9999999999TiB", "5Mi", "1e6"}) {
        QTest::newRow(*text == '\0' ? "empty" : text) << text;
    }
}

void TestUnits::size_malformed_isInvalid() {
    QFETCH(QString, text);
    const Result<std::uint64_t> parsed = parseSize(text.toStdString());
    QVERIFY(!parsed.ok());
    QCOMPARE(parsed.error().code, ErrorCode::InvalidArgument);
}

void TestUnits::sizeText_exactUnits_areUsed() {
    QCOMPARE(toSizeText(0), std::string("0"));
    QCOMPARE(toSizeText(5u << 20), std::string("5MiB"));
    QCOMPARE(toSizeText(1025), std::string("1025"));
}

void TestUnits::nearest_typingErrors_findTheName() {
    const std::vector<std::string> names = {"retention", "snapshotInterval", "path", "replicas"};
    QCOMPARE(nearestName("retension", names), std::string("retention"));
    QCOMPARE(nearestName("snapshotinterval", names), std::string("snapshotInterval"));
    QCOMPARE(nearestName("paht", names), std::string("path"));
    QCOMPARE(nearestName("replica", names), std::string("replicas"));
}

void TestUnits::nearest_otherWords_findNothing() {
    const std::vector<std::string> names = {"retention", "path"};
    QCOMPARE(nearestName("colour", names), std::string());
    QCOMPARE(nearestName(std::string(10000, 'p'), names), std::string());
    QCOMPARE(nearestName("x", {}), std::string());
}

QTEST_GUILESS_MAIN(TestUnits)
#include "tst_units.moc"
