// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include "engine/base/thread.h"
#include "engine/replica/memory_replica.h"
#include "engine/replica/throttled_replica.h"

#include "tests/replica/check_result.h"

using namespace engine;
using namespace std::chrono_literals;

class TestThrottledReplica : public QObject {
    Q_OBJECT

private slots:

    void budget_spent_mustBePaidBack() {
        const Steady start{};
        SendBudget budget(1000, start);
        QCOMPARE(budget.waitTime(start).count(), 0);
        budget.spend(500, start);
        QVERIFY(budget.waitTime(start) == 500ms);
        QVERIFY(budget.waitTime(start + 200ms) == 300ms);
        QCOMPARE(budget.waitTime(start + 600ms).count(), 0);
        budget.spend(1000, start + 600ms);
        budget.spend(1000, start + 600ms);
        QVERIFY(budget.waitTime(start + 600ms) == 2s);
    }

    void budget_idleTime_isNotSavedUp() {
        const Steady start{};
        SendBudget budget(1000, start);
        budget.spend(1000, start + 1h);
        QVERIFY(budget.waitTime(start + 1h) == 1s);
    }

    void put_overTheLimit_keepsTheAverage() {
        ThrottledReplica replica(std::make_unique<MemoryReplica>(), 1'000'000);
        const Buffer bytes(100'000);
        QElapsedTimer timer;
        timer.start();
        for (const char* name : {"a", "b", "c", "d"}) {
            VERIFY_OK(replica.put(name, bytes, PutMode::New, {}));
        }
        // The first goes at once, each further one waits 100 ms for the one before it.
        QVERIFY2(timer.elapsed() >= 299, qPrintable(QString::number(timer.elapsed())));
        VERIFY_OK(replica.get("d", {}));
        QCOMPARE(replica.list("", "", 10, {}).value().objects.size(), std::size_t(4));
    }

    void put_stoppedWhileWaiting_isCancelledAtOnce() {
        ThrottledReplica replica(std::make_unique<MemoryReplica>(), 1);
        VERIFY_OK(replica.put("a", Buffer(1000), PutMode::New, {}));
        std::stop_source source;
        Status result;
        QElapsedTimer timer;
        timer.start();
        Thread thread("put", [&](std::stop_token) {
            result = replica.put("b", Buffer(1), PutMode::New, source.get_token());
        });
        source.request_stop();
        thread.join();
        COMPARE_CODE(result, Cancelled);
        QVERIFY(timer.elapsed() < 2000);
        COMPARE_CODE(replica.get("b", {}), NotFound);
    }

    void noLimit_isTheReplicaItself() {
        auto inner = std::make_unique<MemoryReplica>();
        const Replica* before = inner.get();
        const auto replica = withUploadLimit(std::move(inner), 0);
        QCOMPARE(static_cast<const Replica*>(replica.get()), before);
        QCOMPARE(withUploadLimit(std::make_unique<MemoryReplica>(), 5)->traits().kind,
                 std::string("memory"));
    }
};

QTEST_GUILESS_MAIN(TestThrottledReplica)
#include "tst_throttled_replica.moc"
