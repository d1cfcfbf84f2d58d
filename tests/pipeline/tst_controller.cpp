// SPDX-License-Identifier: Apache-2.0
// One controller: what it tells about itself, and what it does about a damaged or a full disk.
#include <QTest>

#include "engine/pipeline/recent_share.h"

#include "pipeline_fixture.h"

using namespace engine;
using engine::test::PipelineFixture;

class TestController : public QObject {
    Q_OBJECT
private slots:
    void aloneShare_weighsCatchUpsByTransactions();
    void aloneShare_uncountedCatchUp_isAtMost();
    void aloneShare_forgetsAfterAnHour();
};

void TestController::aloneShare_weighsCatchUpsByTransactions() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(!f.controller().status().aloneShare);
    for (std::uint64_t i = 0; i < 20; ++i) {
        f.source.write({1 + i % 10});
    }
    f.capture();
    QCOMPARE(*f.controller().status().aloneShare, 1.0);
    for (std::uint64_t i = 0; i < 80; ++i) {
        f.source.write({1 + i % 10, 11});
    }
    f.source.mergeNext(80, true);
    f.capture();
    const ControllerStatus status = f.controller().status();
    QCOMPARE(status.counters.catchUps, std::uint64_t{1});
    QCOMPARE(*status.aloneShare, 0.2);
    QVERIFY(!status.aloneShareAtMost);
    QVERIFY(f.waitStored());
    QVERIFY(f.restoreLatest() == f.source.image());
}

void TestController::aloneShare_uncountedCatchUp_isAtMost() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    f.source.write({1});
    f.capture();
    f.source.write({2});
    f.source.write({3});
    f.source.mergeNext(2, false);
    f.capture();
    QCOMPARE(*f.controller().status().aloneShare, 0.5);
    QVERIFY(f.controller().status().aloneShareAtMost);
}

void TestController::aloneShare_forgetsAfterAnHour() {
    using namespace std::chrono_literals;
    RecentShare share;
    const Steady start = Steady{} + 1000min;
    share.add(start, 1, 3, 1);
    QCOMPARE(share.share(start + 59min)->alone, 0.25);
    QVERIFY(share.share(start + 59min)->atMost);
    share.add(start + 30min, 4, 0, 0);
    QCOMPARE(share.share(start + 60min)->alone, 1.0);
    QVERIFY(!share.share(start + 60min)->atMost);
    QVERIFY(!share.share(start + 90min));
}

QTEST_GUILESS_MAIN(TestController)
#include "tst_controller.moc"
