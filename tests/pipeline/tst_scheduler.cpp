// SPDX-License-Identifier: Apache-2.0
// When databases are looked at: at once after an event, together where nothing is urgent.
#include <set>

#include <QTest>

#include "engine/pipeline/scheduler.h"

#include "pipeline_fixture.h"

using namespace engine;
using engine::test::PipelineFixture;
using namespace std::chrono_literals;

namespace {

/// A database whose baseline stands.
class Recorded : public PipelineFixture {
public:
    Recorded()
        : PipelineFixture(10) {
        startEngine();
        capture();
    }

    std::uint64_t commits() { return controller().status().counters.commitsAlone; }
};

}  // namespace

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
    Recorded notes;
    SystemClock clock;
    Scheduler scheduler(2, clock);
    const std::size_t id = scheduler.add(notes.controller());
    scheduler.start();
    for (std::uint64_t i = 1; i <= 20; ++i) {
        const std::uint64_t before = notes.commits();
        notes.source.write({i % 10 + 1});
        scheduler.wake(id);
        QTRY_COMPARE(notes.commits(), before + 1);
    }
    scheduler.stop();
    notes.capture();  // publishes, which waits for its time otherwise
    QVERIFY(notes.waitStored());
    QVERIFY(notes.restoreLatest() == notes.source.image());
}

void TestScheduler::removed_isNotRunAgain() {
    Recorded gone;
    Recorded other;
    SystemClock clock;
    Scheduler scheduler(1, clock);  // so that who is due first is run first
    const std::size_t goneId = scheduler.add(gone.controller());
    const std::size_t otherId = scheduler.add(other.controller());
    scheduler.start();
    gone.source.write({1});
    scheduler.wake(goneId);
    QTRY_COMPARE(gone.commits(), std::uint64_t{1});
    scheduler.remove(goneId);
    gone.source.write({2});
    scheduler.wake(goneId);
    other.source.write({1});
    scheduler.wake(otherId);
    QTRY_COMPARE(other.commits(), std::uint64_t{1});
    scheduler.stop();
    QCOMPARE(gone.commits(), std::uint64_t{1});
}

QTEST_GUILESS_MAIN(TestScheduler)
#include "tst_scheduler.moc"
