// SPDX-License-Identifier: Apache-2.0
// How often all of a source is read, for apps that are too fast, too large or just restless.
#include <QTest>

#include "engine/capture/sweep_pacing.h"

using namespace engine;
using std::chrono::milliseconds;

class TestSweepPacing : public QObject {
    Q_OBJECT

private slots:
    void init();
    void firstSweeps_beginAtOnce();
    void lostSoonAgain_pausesGrow();
    void askedWhileWaiting_pauseStays();
    void heldForLong_beginsAnew();
    void following_costsTwoSecondsAtMost();
    void largeFile_pausesForLongerThanItTook();
    void overtaken_pausesGrow();

private:
    /// The place is lost after `held`, then waited for and swept in `cost`. Returns the wait.
    milliseconds sweep(milliseconds held, milliseconds cost, milliseconds spentFollowing);

    SweepPacing m_pacing;
    Steady m_now;
};

void TestSweepPacing::init() {
    m_pacing = SweepPacing();
    m_now = Steady(std::chrono::hours(1));
}

milliseconds TestSweepPacing::sweep(milliseconds held,
                                    milliseconds cost,
                                    milliseconds spentFollowing) {
    m_now += held;
    m_pacing.spent(spentFollowing);
    m_pacing.wanted(m_now);
    const auto wait = std::max(
        milliseconds{0}, std::chrono::duration_cast<milliseconds>(m_pacing.notBefore() - m_now));
    m_now += wait;
    m_pacing.begun(m_now);
    m_now += cost;
    m_pacing.spent(cost);
    m_pacing.done(m_now);
    return wait;
}

void TestSweepPacing::firstSweeps_beginAtOnce() {
    for (int i = 0; i < 3; ++i) {
        QCOMPARE(sweep(milliseconds{20}, milliseconds{5}, milliseconds{20}).count(), 0);
    }
}

void TestSweepPacing::lostSoonAgain_pausesGrow() {
    std::vector<milliseconds> waits;
    for (int i = 0; i < 10; ++i) {
        waits.push_back(sweep(milliseconds{60}, milliseconds{10}, milliseconds{60}));
    }
    QCOMPARE(waits[2].count(), 0);
    QCOMPARE(waits[3].count(), 280);  // four times what following and the sweep before it took
    QCOMPARE(waits[4].count(), 560);
    QCOMPARE(waits[5].count(), 1120);
    QCOMPARE(waits[9].count(), 2000);
}

void TestSweepPacing::askedWhileWaiting_pauseStays() {
    for (int i = 0; i < 3; ++i) {
        sweep(milliseconds{60}, milliseconds{10}, milliseconds{60});
    }
    m_now += milliseconds{60};
    m_pacing.wanted(m_now);
    const Steady notBefore = m_pacing.notBefore();
    QVERIFY(notBefore > m_now);
    m_pacing.spent(milliseconds{5});
    m_pacing.wanted(m_now + milliseconds{100});
    m_pacing.wanted(notBefore);
    QVERIFY(m_pacing.notBefore() == notBefore);
}

void TestSweepPacing::heldForLong_beginsAnew() {
    for (int i = 0; i < 10; ++i) {
        sweep(milliseconds{60}, milliseconds{10}, milliseconds{60});
    }
    for (int i = 0; i < 3; ++i) {
        QCOMPARE(sweep(milliseconds{1500}, milliseconds{10}, milliseconds{900}).count(), 0);
    }
    QCOMPARE(sweep(milliseconds{60}, milliseconds{10}, milliseconds{60}).count(), 0);
}

void TestSweepPacing::following_costsTwoSecondsAtMost() {
    for (int i = 0; i < 20; ++i) {
        const auto wait = sweep(milliseconds{990}, milliseconds{1}, milliseconds{990});
        QVERIFY2(wait <= milliseconds{2000}, std::to_string(wait.count()).c_str());
    }
}

void TestSweepPacing::largeFile_pausesForLongerThanItTook() {
    milliseconds wait{0};
    for (int i = 0; i < 8; ++i) {
        wait = sweep(milliseconds{60}, milliseconds{4000}, milliseconds{60});
    }
    QVERIFY2(wait >= milliseconds{16'000} && wait <= milliseconds{30'000},
             std::to_string(wait.count()).c_str());
}

void TestSweepPacing::overtaken_pausesGrow() {
    m_pacing.wanted(m_now);
    std::vector<std::int64_t> pauses;
    for (int i = 0; i < 6; ++i) {
        m_pacing.begun(m_now);
        m_now += milliseconds{100};
        const milliseconds pause = m_pacing.overtaken(m_now);
        pauses.push_back(pause.count());
        QCOMPARE(m_pacing.tooBusy(), i >= 2);
        if (pause.count() != 0) {
            QVERIFY(m_pacing.notBefore() == m_now + pause);
        }
        m_now += pause;
    }
    QCOMPARE(pauses, (std::vector<std::int64_t>{0, 0, 100, 200, 400, 800}));
    m_pacing.begun(m_now);
    m_pacing.done(m_now);
    QVERIFY(!m_pacing.tooBusy());
}

QTEST_GUILESS_MAIN(TestSweepPacing)
#include "tst_sweep_pacing.moc"
