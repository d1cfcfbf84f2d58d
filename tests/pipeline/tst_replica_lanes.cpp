// SPDX-License-Identifier: Apache-2.0
#include <atomic>

#include <QTest>

#include "pipeline_fixture.h"

using namespace engine;
using engine::test::PipelineFixture;

class TestReplicaLanes : public QObject {
    Q_OBJECT
private slots:
    void firstStart_idleSource_isStoredAndRestorable();
    void everyChange_isAPointWithItsBytes();
    void kill_betweenChanges_keepsTheGeneration();
    void kill_withoutStop_losesNothingThatWasPublished();
    void snapshot_whileTheSourceChanges_isExact();
    void snapshot_whileTheSourceShrinksAndGrows_isExact();
    void replicaDown_otherGoesOn_andItCatchesUp();
    void lostReply_isNoSecondPoint();
    void partUploadCut_isResumedWithoutSendingPartsAgain();
    void discontinuity_startsAGenerationAndKeepsTheOld();
    void unmountedPlace_isNeverWrittenTo();
    void paused_holdsUploads_recordingGoesOn();
    void pausedWhileSending_whatFollowsWaits();
    void permanentError_isToldAndEndsWithRetry();
};

void TestReplicaLanes::firstStart_idleSource_isStoredAndRestorable() {
    PipelineFixture f(40);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    QVERIFY(f.restoreLatest() == f.source.image());
}

void TestReplicaLanes::everyChange_isAPointWithItsBytes() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    const TxId first = f.controller().published()->tx;
    for (std::uint64_t i = 0; i < 20; ++i) {
        f.source.write({1 + i % 10, 11 + i});
        f.capture();
    }
    QVERIFY(f.waitStored());
    const std::vector<TimelinePoint> points = buildTimeline(f.history());
    QCOMPARE(points.size(), std::size_t{21});
    for (std::size_t n = 0; n <= 20; ++n) {
        RestoreTarget target;
        target.kind = RestoreTarget::Kind::Tx;
        target.tx = TxId{first.value + n};
        QVERIFY(f.restore(target) == f.source.imageAfter(n));
    }
}

void TestReplicaLanes::kill_betweenChanges_keepsTheGeneration() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    const GenerationId generation = f.controller().published()->generation;
    for (std::uint64_t i = 0; i < 10; ++i) {
        f.source.write({1 + i});
        f.capture();
        f.killEngine();
        f.source.write({1 + i, 20 + i});
        f.startEngine();
        f.capture();
        QCOMPARE(f.controller().published()->generation, generation);
    }
    QVERIFY(f.waitStored());
    QVERIFY(f.restoreLatest() == f.source.image());
    QCOMPARE(buildTimeline(f.history()).size(), std::size_t{21});
}

void TestReplicaLanes::kill_withoutStop_losesNothingThatWasPublished() {
    PipelineFixture f(10);
    f.startEngine();
    f.lanes(0).setPaused(true);
    f.capture();
    for (std::uint64_t i = 0; i < 5; ++i) {
        f.source.write({1 + i});
        f.capture();
    }
    const TxId published = f.controller().published()->tx;
    f.killEngine();
    f.startEngine();
    f.capture();
    QCOMPARE(f.controller().published()->tx, published);
    QVERIFY(f.waitStored());
    QVERIFY(f.restoreLatest() == f.source.image());
}

void TestReplicaLanes::snapshot_whileTheSourceChanges_isExact() {
    PipelineFixture f(2000);
    int writes = 0;
    f.source.beforeRead = [&](std::uint64_t page) {
        if (page % 97 == 0 && writes < 40) {
            ++writes;
            f.source.write(
                {page, page / 2 + 1, 2000 - page + 1, 2000 + static_cast<std::uint64_t>(writes)});
        }
    };
    f.startEngine();
    f.lanes(0).setPaused(true);
    f.capture();
    f.lanes(0).setPaused(false);
    // The controller goes on while the snapshot reads.
    QVERIFY(
        f.captureUntil(0, [](const LaneStatus& lane) { return !lane.state.snapshots.empty(); }));
    f.source.beforeRead = nullptr;
    f.capture();
    QVERIFY(f.waitStored());
    QVERIFY(writes > 5);
    QVERIFY(f.restoreLatest() == f.source.image());
}

void TestReplicaLanes::snapshot_whileTheSourceShrinksAndGrows_isExact() {
    PipelineFixture f(600);
    int step = 0;
    f.source.beforeRead = [&](std::uint64_t page) {
        if (page == 100 && step == 0) {
            ++step;
            f.source.shrink(50);
        } else if (page == 101 && step == 1) {
            ++step;
            f.source.write({300});
        }
    };
    f.startEngine();
    f.lanes(0).setPaused(true);
    f.capture();
    f.lanes(0).setPaused(false);
    QVERIFY(
        f.captureUntil(0, [](const LaneStatus& lane) { return !lane.state.snapshots.empty(); }));
    f.source.beforeRead = nullptr;
    f.capture();
    QVERIFY(f.waitStored());
    QCOMPARE(step, 2);
    QVERIFY(f.restoreLatest() == f.source.image());
}

void TestReplicaLanes::replicaDown_otherGoesOn_andItCatchesUp() {
    PipelineFixture f(10, 2);
    ReplicaFault down;
    down.verb = ReplicaVerb::Put;
    down.times = 0;
    f.replicas[0]->addFault(down);
    f.startEngine();
    f.capture();
    f.source.write({3});
    f.capture();
    QVERIFY(f.waitStored(1));
    QVERIFY(f.restoreLatest(1) == f.source.image());
    QVERIFY(f.waitFor(0, [](const LaneStatus& lane) {
        return lane.linkError || !lane.state.segments.lastError.empty();
    }));
    f.replicas[0]->clearFaults();
    f.lanes(0).retryNow();
    QVERIFY(f.waitStored(0));
    QVERIFY(f.restoreLatest(0) == f.source.image());
}

void TestReplicaLanes::lostReply_isNoSecondPoint() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    ReplicaFault lost;
    lost.verb = ReplicaVerb::Put;
    lost.effect = ReplicaFault::Effect::LoseReply;
    lost.nameContains = ".seg.";
    f.replicas[0]->addFault(lost);
    f.source.write({3});
    f.capture();
    QVERIFY(f.waitStored());
    QCOMPARE(buildTimeline(f.history()).size(), std::size_t{2});
    QCOMPARE(f.history().artefacts.size(), std::size_t{2});
}

void TestReplicaLanes::partUploadCut_isResumedWithoutSendingPartsAgain() {
    PipelineFixture f(10);
    f.compression.codec = Codec::None;
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    // One transaction of about 40 MiB: several parts. The third put fails for good until the kill.
    std::vector<std::uint64_t> pages;
    for (std::uint64_t page = 1; page <= 80000; ++page) {
        pages.push_back(page);
    }
    ReplicaFault fail;
    fail.verb = ReplicaVerb::Put;
    fail.nameContains = ".p00002";
    fail.times = 0;
    f.replicas[0]->addFault(fail);
    f.source.write(pages);
    f.capture();
    QVERIFY(f.waitFor(
        0, [](const LaneStatus& lane) { return !lane.state.segments.lastError.empty(); }));
    f.killEngine();
    f.replicas[0]->clearFaults();
    std::map<std::string, int> puts;
    Mutex mutex;
    f.replicas[0]->setPause([&](ReplicaVerb verb, std::string_view name) {
        if (verb == ReplicaVerb::Put) {
            MutexLock lock(mutex);
            ++puts[std::string(name)];
        }
    });
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    MutexLock lock(mutex);
    for (const auto& [name, count] : puts) {
        QVERIFY2(
            name.find(".seg.") == std::string::npos || name.find(".p00001") == std::string::npos,
            name.c_str());
        QCOMPARE(count, 1);
    }
    QVERIFY(f.restoreLatest() == f.source.image());
}

void TestReplicaLanes::discontinuity_startsAGenerationAndKeepsTheOld() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    f.source.write({2});
    f.capture();
    QVERIFY(f.waitStored());
    const PublishedPosition old = *f.controller().published();
    const Buffer before = f.source.image();
    f.source.setDiscontinuity(Discontinuity::Replaced);
    f.source.write({5, 6});
    f.capture();
    QVERIFY(f.controller().published()->generation != old.generation);
    QVERIFY(f.waitStored());
    RestoreTarget target;
    target.kind = RestoreTarget::Kind::Tx;
    target.generation = old.generation;
    target.tx = old.tx;
    QVERIFY(f.restore(target) == before);
    QVERIFY(f.restoreLatest() == f.source.image());
}

void TestReplicaLanes::unmountedPlace_isNeverWrittenTo() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    f.stopEngine();
    f.replicas[0]->place().clear();  // another, empty place
    f.startEngine();
    f.source.write({3});
    f.capture();
    QVERIFY(f.waitFor(0, [](const LaneStatus& lane) { return lane.linkError.has_value(); }));
    QVERIFY(f.replicas[0]->place().objects().empty());
}

void TestReplicaLanes::paused_holdsUploads_recordingGoesOn() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    f.lanes(0).setPaused(true);
    const std::size_t objects = f.replicas[0]->place().objects().size();
    f.source.write({3});
    f.capture();
    QVERIFY(f.controller().status().settled);
    QCOMPARE(f.replicas[0]->place().objects().size(), objects);
    f.lanes(0).setPaused(false);
    QVERIFY(f.waitStored());
    QVERIFY(f.replicas[0]->place().objects().size() > objects);
}

/// Who writes all the time always has more to send.
void TestReplicaLanes::pausedWhileSending_whatFollowsWaits() {
    std::atomic<int> sent = 0;
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    f.replicas[0]->setPause([&](ReplicaVerb verb, std::string_view name) {
        if (verb == ReplicaVerb::Put && name.find(".seg.") != std::string_view::npos &&
            ++sent == 1) {
            f.lanes(0).setPaused(true);
            f.source.write({4});
            f.capture();
        }
    });
    f.source.write({3});
    f.capture();
    QTRY_COMPARE(sent.load(), 1);
    QVERIFY(!QTest::qWaitFor([&] { return sent != 1; }, 200));
    f.lanes(0).setPaused(false);
    QVERIFY(f.waitStored());
    QCOMPARE(sent.load(), 2);
}

void TestReplicaLanes::permanentError_isToldAndEndsWithRetry() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    ReplicaFault denied;
    denied.verb = ReplicaVerb::Put;
    denied.times = 0;
    denied.error = Error{ErrorCode::PermissionDenied, "no right to write"};
    f.replicas[0]->addFault(denied);
    f.source.write({3});
    f.capture();
    QVERIFY(f.waitFor(0, [](const LaneStatus& lane) {
        return lane.state.segments.lastError == "no right to write";
    }));
    f.replicas[0]->clearFaults();
    f.lanes(0).retryNow();
    QVERIFY(f.waitStored());
}

QTEST_GUILESS_MAIN(TestReplicaLanes)
#include "tst_replica_lanes.moc"
