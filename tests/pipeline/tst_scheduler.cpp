// SPDX-License-Identifier: Apache-2.0
// When databases are looked at: at once after an event, together where nothing is urgent.
#include <set>

#include <QTest>

#include "engine/pipeline/scheduler.h"

#include "pipeline_fixture.h"

using namespace engine;
using engine::test::PipelineFixture;
using namespace std::chrono_literals;

class TestScheduler : public QObject {
    Q_OBJECT

private slots:
    void dueTogether_near_staysExact();
    void dueTogether_far_isOneMoment();
    void dueTogether_never_staysNever();
    void woken_isRunAtOnce();
    void removed_isNotRunAgain();
};

void TestScheduler::dueTogether_near_staysExact() {
    const Steady now(1h);
    for (const auto wait : {0ms, 1ms, 250ms, 19'999ms}) {
        QVERIFY(dueTogether(now + wait, now) == now + wait);
    }
}

void TestScheduler::dueTogether_far_isOneMoment() {
    // 400 databases that came to rest at any time within the last ten seconds
    std::set<Steady> moments;
    const Steady now(1h + 3s);
    for (int i = 0; i < 400; ++i) {
        const Steady due = now + 20s + i * 25ms;
        const Steady moved = dueTogether(due, now);
        QVERIFY(moved <= due && moved > due - 10s);
        QVERIFY(moved >= now + 10s);
        moments.insert(moved);
    }
    QVERIFY(moments.size() <= 2);
}

void TestScheduler::dueTogether_never_staysNever() {
    QVERIFY(dueTogether(Steady::max(), Steady(1h)) == Steady::max());
}

void TestScheduler::woken_isRunAtOnce() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    SystemClock clock;
    Scheduler scheduler(2, clock);
    const std::size_t id = scheduler.add(f.controller());
    scheduler.start();
    for (std::uint64_t i = 1; i <= 20; ++i) {
        const std::uint64_t before = f.controller().status().counters.commitsAlone;
        f.source.write({i % 10 + 1});
        scheduler.wake(id);
        QTRY_COMPARE(f.controller().status().counters.commitsAlone, before + 1);
    }
    scheduler.stop();
    f.capture();  // publishes, which waits for its time otherwise
    QVERIFY(f.waitStored());
    QVERIFY(f.restoreLatest() == f.source.image());
}

void TestScheduler::removed_isNotRunAgain() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    SystemClock clock;
    Scheduler scheduler(2, clock);
    const std::size_t id = scheduler.add(f.controller());
    scheduler.start();
    scheduler.remove(id);
    const std::uint64_t before = f.controller().status().counters.commitsAlone;
    f.source.write({1});
    scheduler.wake(id);
    scheduler.stop();
    QCOMPARE(f.controller().status().counters.commitsAlone, before);
}

QTEST_GUILESS_MAIN(TestScheduler)
#include "tst_scheduler.moc"
