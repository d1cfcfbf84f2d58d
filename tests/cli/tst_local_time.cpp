// SPDX-License-Identifier: Apache-2.0
#include <ctime>

#include <QtTest>

#include "app/common/local_time.h"
#include "app/common/quantity.h"

using engine::Time;

class TestLocalTime final : public QObject {
    Q_OBJECT

private slots:
    void init();
    void moment_everyForm_isThatTime_data();
    void moment_everyForm_isThatTime();
    void moment_shownTwice_listsBoth();
    void moment_skipped_isRefused();
    void moment_nonsense_isRefused_data();
    void moment_nonsense_isRefused();
    void localText_everyPoint_isReadBack();
    void relative_everySpan_isShort_data();
    void relative_everySpan_isShort();
    void quantities_atTheEdges_areShort();
    void safeText_controlCharacters_areGone();
};

void TestLocalTime::init() {
    qputenv("TZ", "Europe/Berlin");
    ::tzset();
}

void TestLocalTime::moment_everyForm_isThatTime_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("utc");
    QTest::newRow("UTC") << "2026-06-14T12:02:11Z"
                         << "2026-06-14T12:02:11.000Z";
    QTest::newRow("offset") << "2026-06-14T14:02:11.5+02:00"
                            << "2026-06-14T12:02:11.500Z";
    QTest::newRow("local in summer") << "2026-06-14 14:02:11"
                                     << "2026-06-14T12:02:11.000Z";
    QTest::newRow("local in winter") << "2026-01-14 14:02:11"
                                     << "2026-01-14T13:02:11.000Z";
    QTest::newRow("local with T") << "2026-06-14T14:02:11"
                                  << "2026-06-14T12:02:11.000Z";
    QTest::newRow("local with milliseconds") << "2026-06-14 14:02:11.123"
                                             << "2026-06-14T12:02:11.123Z";
    QTest::newRow("local to the minute") << "2026-06-14 14:02"
                                         << "2026-06-14T12:02:00.000Z";
    QTest::newRow("last moment of winter time") << "2026-03-29 01:59:59.999"
                                                << "2026-03-29T00:59:59.999Z";
    QTest::newRow("first moment of summer time") << "2026-03-29 03:00:00"
                                                 << "2026-03-29T01:00:00.000Z";
    QTest::newRow("before the second showing") << "2026-10-25 01:59:59"
                                               << "2026-10-24T23:59:59.000Z";
    QTest::newRow("after the second showing") << "2026-10-25 03:00:00"
                                              << "2026-10-25T02:00:00.000Z";
}

void TestLocalTime::moment_everyForm_isThatTime() {
    QFETCH(QString, text);
    QFETCH(QString, utc);
    const engine::Result<Time> time = app::parseMoment(text.toStdString());
    QVERIFY2(time.ok(), time.ok() ? "" : time.error().message.c_str());
    QCOMPARE(engine::toRfc3339(time.value()), utc.toStdString());
}

void TestLocalTime::moment_shownTwice_listsBoth() {
    const engine::Result<Time> time = app::parseMoment("2026-10-25 02:30:00");
    QVERIFY(!time.ok());
    QCOMPARE(time.error().code, engine::ErrorCode::InvalidArgument);
    QVERIFY(time.error().message.find("2026-10-25T00:30:00.000Z") != std::string::npos);
    QVERIFY(time.error().message.find("2026-10-25T01:30:00.000Z") != std::string::npos);
}

void TestLocalTime::moment_skipped_isRefused() {
    const engine::Result<Time> time = app::parseMoment("2026-03-29 02:30:00");
    QVERIFY(!time.ok());
    QVERIFY(time.error().message.find("skipped") != std::string::npos);
}

void TestLocalTime::moment_nonsense_isRefused_data() {
    QTest::addColumn<QString>("text");
    for (const char* text : {"",
                             "now",
                             "2026-06-14",
                             "14:02:11",
                             "2026-13-01 00:00:00",
                             "2026-02-30 00:00:00",
                             "2026-06-14 24:00:00",
                             "2026-06-14 14:02:11 CET",
                             "2026-06-14 14:02:11Zx"}) {
        QTest::newRow(*text == '\0' ? "empty" : text) << text;
    }
    QTest::newRow("endless") << QString(1000, QLatin1Char('1'));
}

void TestLocalTime::moment_nonsense_isRefused() {
    QFETCH(QString, text);
    const engine::Result<Time> time = app::parseMoment(text.toStdString());
    QVERIFY(!time.ok());
    QCOMPARE(time.error().code, engine::ErrorCode::InvalidArgument);
    QVERIFY(!time.error().fix.empty());
}

/// What timeline prints, restore --at takes.
void TestLocalTime::localText_everyPoint_isReadBack() {
    constexpr std::int64_t kStep = 7 * 3600 * 1000 + 123;
    for (Time time{1767225600000}; time.ms < 1798761600000; time.ms += kStep) {
        const engine::Result<Time> again = app::parseMoment(app::toLocalText(time));
        if (again.ok()) {
            QCOMPARE(again.value().ms, time.ms);
        } else {
            QVERIFY(again.error().message.find("twice") != std::string::npos);
        }
    }
    QCOMPARE(app::toLocalText(Time{}), std::string("-"));
}

void TestLocalTime::relative_everySpan_isShort_data() {
    QTest::addColumn<qint64>("ageMs");
    QTest::addColumn<QString>("text");
    QTest::newRow("now") << qint64{0} << "0 s ago";
    QTest::newRow("seconds") << qint64{3400} << "3 s ago";
    QTest::newRow("just under two minutes") << qint64{119000} << "119 s ago";
    QTest::newRow("minutes") << qint64{120000} << "2 min ago";
    QTest::newRow("hours") << qint64{5 * 3600 * 1000} << "5 h ago";
    QTest::newRow("days") << qint64{72} * 3600 * 1000 << "3 d ago";
    QTest::newRow("to come") << qint64{-150000} << "in 2 min";
}

void TestLocalTime::relative_everySpan_isShort() {
    QFETCH(qint64, ageMs);
    QFETCH(QString, text);
    const Time now{1781438531000};
    QCOMPARE(app::toRelativeText(now.plus(-ageMs), now), text.toStdString());
}

void TestLocalTime::quantities_atTheEdges_areShort() {
    QCOMPARE(app::toSizeLabel(0), std::string("0 B"));
    QCOMPARE(app::toSizeLabel(1023), std::string("1023 B"));
    QCOMPARE(app::toSizeLabel(1024), std::string("1.0 KiB"));
    QCOMPARE(app::toSizeLabel((1u << 20) - 1), std::string("1.0 MiB"));
    QCOMPARE(app::toSizeLabel(UINT64_MAX), std::string("16384.0 PiB"));
    QCOMPARE(app::toSpanLabel(0), std::string("0 ms"));
    QCOMPARE(app::toSpanLabel(2400), std::string("2.4 s"));
    QCOMPARE(app::toSpanLabel(200000), std::string("3 min 20 s"));
    QCOMPARE(app::toSpanLabel(7500000), std::string("2 h 5 min"));
}

void TestLocalTime::safeText_controlCharacters_areGone() {
    QCOMPARE(app::safeText("a\x1b[31mb\nc\x7f"), std::string("a?[31mb?c?"));
    QCOMPARE(app::safeText("\xc2\x9b"
                           "31m"),
             std::string("??31m"));
    QCOMPARE(app::safeText("Gr\xc3\xbc\xc3\x9f"
                           "e"),
             std::string("Gr\xc3\xbc\xc3\x9f"
                         "e"));
}

QTEST_GUILESS_MAIN(TestLocalTime)
#include "tst_local_time.moc"
