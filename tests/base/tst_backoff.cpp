// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <QtTest>

#include "engine/base/backoff.h"

using namespace engine;
using std::chrono::milliseconds;

class TestBackoff : public QObject {
    Q_OBJECT
private slots:
    void next_doublesWithinHalfAndWhole();
    void next_staysAtTheLongest();
    void reset_startsAgain();
    void next_ofTwoWaiters_differs();
    void next_ofZero_isZero();
};

void TestBackoff::next_doublesWithinHalfAndWhole() {
    for (int round = 0; round < 200; ++round) {
        Backoff backoff(milliseconds(100), milliseconds(100'000));
        for (std::int64_t whole = 100; whole <= 6400; whole *= 2) {
            const milliseconds pause = backoff.next();
            QVERIFY(pause.count() >= whole / 2 && pause.count() <= whole);
        }
    }
}

void TestBackoff::next_staysAtTheLongest() {
    Backoff backoff(milliseconds(100), milliseconds(250));
    for (int i = 0; i < 100; ++i) {
        QVERIFY(backoff.next() <= milliseconds(250));
    }
    QVERIFY(backoff.next() >= milliseconds(125));
}

void TestBackoff::reset_startsAgain() {
    Backoff backoff(milliseconds(100), milliseconds(10'000));
    for (int i = 0; i < 6; ++i) {
        backoff.next();
    }
    backoff.reset();
    QVERIFY(backoff.next() <= milliseconds(100));
}

void TestBackoff::next_ofTwoWaiters_differs() {
    std::set<std::int64_t> pauses;
    for (int i = 0; i < 50; ++i) {
        Backoff backoff(milliseconds(1'000'000), milliseconds(1'000'000));
        pauses.insert(backoff.next().count());
    }
    QVERIFY(pauses.size() > 40);
}

void TestBackoff::next_ofZero_isZero() {
    Backoff backoff(milliseconds(0), milliseconds(0));
    QCOMPARE(backoff.next().count(), std::int64_t{0});
}

QTEST_GUILESS_MAIN(TestBackoff)
#include "tst_backoff.moc"
