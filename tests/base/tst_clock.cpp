// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include "engine/base/clock.h"

using namespace engine;

class TestClock : public QObject {
    Q_OBJECT
private slots:
    void rfc3339_good_isTheTime_data();
    void rfc3339_good_isTheTime();
    void rfc3339_bad_isInvalidArgument_data();
    void rfc3339_bad_isInvalidArgument();
    void texts_ofEveryTime_roundTrip();
    void texts_outOfRange_areTheNearest();
    void nameText_bad_isInvalidArgument();
    void nameText_sortsLikeTime();
    void now_isNow();
};

void TestClock::rfc3339_good_isTheTime_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<qint64>("ms");
    const auto row = [](const char* text, qint64 ms) {
        QTest::newRow(text) << QByteArray(text) << ms;
    };
    row("1970-01-01T00:00:00Z", 0);
    row("2026-06-14T12:02:11.123Z", 1'781'438'531'123);
    row("2026-06-14T12:02:11Z", 1'781'438'531'000);
    row("2026-06-14t12:02:11z", 1'781'438'531'000);
    row("2026-06-14 12:02:11Z", 1'781'438'531'000);
    row("2026-06-14T12:02:11.1Z", 1'781'438'531'100);
    row("2026-06-14T12:02:11.1239Z", 1'781'438'531'123);
    row("2026-06-14T12:02:11.123999999Z", 1'781'438'531'123);
    row("2026-06-14T14:02:11.123+02:00", 1'781'438'531'123);
    row("2026-06-14T00:32:11.123-11:30", 1'781'438'531'123);
    row("2026-06-14T12:02:11-00:00", 1'781'438'531'000);
    row("2024-02-29T00:00:00Z", 1'709'164'800'000);
    row("2000-02-29T23:59:59Z", 951'868'799'000);
    row("1969-12-31T23:59:59.999Z", -1);
    row("2016-12-31T23:59:60Z", 1'483'228'800'000);
    row("0000-01-01T00:00:00Z", kTimeMin.ms);
    row("9999-12-31T23:59:59.999Z", kTimeMax.ms);
}

void TestClock::rfc3339_good_isTheTime() {
    QFETCH(QByteArray, text);
    QFETCH(qint64, ms);
    const auto time = parseRfc3339(text.toStdString());
    QVERIFY2(time.ok(), time.ok() ? "" : time.error().message.c_str());
    QCOMPARE(time.value().ms, std::int64_t{ms});
}

void TestClock::rfc3339_bad_isInvalidArgument_data() {
    QTest::addColumn<QByteArray>("text");
    for (const char* text : {"",
                             "2026",
                             "2026-06-14",
                             "2026-06-14T12:02Z",
                             "2026-06-14T12:02:11",
                             "2026-06-14T12:02:11.Z",
                             "2026-06-14T12:02:11.1234567890Z",
                             "2026-06-14T12:02:11.123",
                             "2026-06-14T12:02:11+2:00",
                             "2026-06-14T12:02:11+0200",
                             "2026-06-14T12:02:11+24:00",
                             "2026-06-14T12:02:11+01:60",
                             "2026-06-14T24:00:00Z",
                             "2026-06-14T12:60:00Z",
                             "2026-06-14T12:00:61Z",
                             "2026-06-31T00:00:00Z",
                             "2025-02-29T00:00:00Z",
                             "1900-02-29T00:00:00Z",
                             "2026-00-01T00:00:00Z",
                             "2026-13-01T00:00:00Z",
                             "2026-01-00T00:00:00Z",
                             "26-06-14T12:02:11Z",
                             "+2026-06-14T12:02:11Z",
                             "-2026-06-14T12:02:11Z",
                             " 2026-06-14T12:02:11Z",
                             "2026-06-14T12:02:11Z ",
                             "2026-06-14T12:02:11ZZ",
                             "2026-06-14T12:02:1\xc2\xb2Z",
                             "2026/06/14T12:02:11Z",
                             "2026-06-14T12:02:11,5Z",
                             "0000-01-01T00:00:00+00:01",
                             "9999-12-31T23:59:60Z",
                             "9999-12-31T23:59:59-00:01"}) {
        QTest::newRow(text) << QByteArray(text);
    }
    QTest::newRow("NUL behind") << QByteArray("2026-06-14T12:02:11Z\0", 21);
}

void TestClock::rfc3339_bad_isInvalidArgument() {
    QFETCH(QByteArray, text);
    const auto time = parseRfc3339(text.toStdString());
    QVERIFY(!time.ok());
    QCOMPARE(time.error().code, ErrorCode::InvalidArgument);
}

void TestClock::texts_ofEveryTime_roundTrip() {
    // Steps of 97 days and some, over all the years that the texts can hold.
    for (Time time = kTimeMin; time <= kTimeMax; time = time.plus(8'388'607'777)) {
        const auto fromRfc = parseRfc3339(toRfc3339(time));
        QVERIFY(fromRfc.ok());
        QVERIFY(fromRfc.value() == time);
        const auto fromName = parseNameText(toNameText(time));
        QVERIFY(fromName.ok());
        QVERIFY(fromName.value() == time);
        QCOMPARE(toRfc3339(time).size(), std::size_t{24});
        QCOMPARE(toNameText(time).size(), std::size_t{19});
    }
}

void TestClock::texts_outOfRange_areTheNearest() {
    QCOMPARE(toRfc3339(Time{INT64_MAX}), std::string("9999-12-31T23:59:59.999Z"));
    QCOMPARE(toRfc3339(Time{INT64_MIN}), std::string("0000-01-01T00:00:00.000Z"));
    QVERIFY(!isRepresentable(kTimeMax.plus(1)) && !isRepresentable(kTimeMin.plus(-1)));
    QVERIFY(isRepresentable(kTimeMax) && isRepresentable(kTimeMin));
}

void TestClock::nameText_bad_isInvalidArgument() {
    for (const char* text : {"",
                             "20260614t120211123",
                             "20260614T120211123Z",
                             "20260614t120211123z0",
                             "20260614t1202111z",
                             "20261314t120211123z",
                             "20260230t120211123z",
                             "20260614t250211123z",
                             "2026061at120211123z",
                             "99991231t235960000z"}) {
        const auto time = parseNameText(text);
        QVERIFY2(!time.ok(), text);
        QCOMPARE(time.error().code, ErrorCode::InvalidArgument);
    }
}

void TestClock::nameText_sortsLikeTime() {
    std::string last = toNameText(kTimeMin);
    for (Time time = kTimeMin.plus(3'333'333'333'333); time <= kTimeMax;
         time = time.plus(3'333'333'333'333)) {
        QVERIFY(last < toNameText(time));
        last = toNameText(time);
    }
}

void TestClock::now_isNow() {
    const SystemClock clock;
    const qint64 before = QDateTime::currentMSecsSinceEpoch();
    const Time now = clock.now();
    QVERIFY(now.ms >= before && now.ms <= QDateTime::currentMSecsSinceEpoch());
    const Steady first = clock.steady();
    QVERIFY(clock.steady() >= first);
}

QTEST_GUILESS_MAIN(TestClock)
#include "tst_clock.moc"
