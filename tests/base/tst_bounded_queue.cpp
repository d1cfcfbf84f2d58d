// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <memory>

#include <QtTest>

#include "engine/base/bounded_queue.h"
#include "engine/base/thread.h"

using namespace engine;

class TestBoundedQueue : public QObject {
    Q_OBJECT
private slots:
    void items_comeOutInOrder();
    void push_full_waitsForRoom();
    void push_stopped_isNotTaken();
    void pop_stopped_isEmpty();
    void close_drainsThenEnds();
    void close_wakesWaiters();
    void items_ofManyThreads_allArriveOnce();
    void items_moveOnly_areMoved();
};

void TestBoundedQueue::items_comeOutInOrder() {
    BoundedQueue<int> queue(10);
    for (int i = 0; i < 10; ++i) {
        QVERIFY(queue.push(i, {}));
    }
    for (int i = 0; i < 10; ++i) {
        QCOMPARE(queue.pop({}), std::optional<int>(i));
    }
}

void TestBoundedQueue::push_full_waitsForRoom() {
    BoundedQueue<int> queue(2);
    std::atomic<int> pushed = 0;
    Thread producer("producer", [&](std::stop_token) {
        for (int i = 0; i < 5; ++i) {
            if (queue.push(i, {})) {
                ++pushed;
            }
        }
        queue.close();
    });
    int expected = 0;
    while (const auto item = queue.pop({})) {
        QCOMPARE(*item, expected++);
        // Two in the queue, one taken, one that may be on its way: never more.
        QVERIFY(pushed <= expected + 2);
    }
    QCOMPARE(expected, 5);
}

void TestBoundedQueue::push_stopped_isNotTaken() {
    BoundedQueue<int> queue(1);
    QVERIFY(queue.push(1, {}));
    std::stop_source stop;
    std::atomic<bool> taken = true;
    Thread producer("producer", [&](std::stop_token) { taken = queue.push(2, stop.get_token()); });
    stop.request_stop();
    producer.join();
    QVERIFY(!taken);
    QCOMPARE(queue.pop({}), std::optional<int>(1));
    std::stop_source stopped;
    stopped.request_stop();
    QVERIFY(!queue.pop(stopped.get_token()).has_value());
}

void TestBoundedQueue::pop_stopped_isEmpty() {
    BoundedQueue<int> queue(1);
    std::stop_source stop;
    std::atomic<bool> empty = false;
    Thread consumer("consumer",
                    [&](std::stop_token) { empty = !queue.pop(stop.get_token()).has_value(); });
    stop.request_stop();
    consumer.join();
    QVERIFY(empty);
}

void TestBoundedQueue::close_drainsThenEnds() {
    BoundedQueue<int> queue(3);
    QVERIFY(queue.push(1, {}));
    QVERIFY(queue.push(2, {}));
    queue.close();
    QVERIFY(!queue.push(3, {}));
    QCOMPARE(queue.pop({}), std::optional<int>(1));
    QCOMPARE(queue.pop({}), std::optional<int>(2));
    QVERIFY(!queue.pop({}).has_value());
    QVERIFY(!queue.pop({}).has_value());
}

void TestBoundedQueue::close_wakesWaiters() {
    BoundedQueue<int> empty(1);
    BoundedQueue<int> full(1);
    QVERIFY(full.push(1, {}));
    std::atomic<int> ended = 0;
    Thread consumer("consumer",
                    [&](std::stop_token) { ended += empty.pop({}).has_value() ? 0 : 1; });
    Thread producer("producer", [&](std::stop_token) { ended += full.push(2, {}) ? 0 : 1; });
    empty.close();
    full.close();
    consumer.join();
    producer.join();
    QCOMPARE(ended.load(), 2);
}

void TestBoundedQueue::items_ofManyThreads_allArriveOnce() {
    constexpr int kEach = 2000;
    BoundedQueue<int> queue(7);
    std::atomic<std::int64_t> sum = 0;
    std::atomic<int> count = 0;
    const auto consume = [&](std::stop_token) {
        while (const auto item = queue.pop({})) {
            sum += *item;
            ++count;
        }
    };
    const auto produce = [&](std::stop_token) {
        for (int i = 1; i <= kEach; ++i) {
            ENSURE(queue.push(i, {}));
        }
    };
    Thread a("a", consume);
    Thread b("b", consume);
    {
        Thread c("c", produce);
        Thread d("d", produce);
        Thread e("e", produce);
    }
    queue.close();
    a.join();
    b.join();
    QCOMPARE(count.load(), 3 * kEach);
    QCOMPARE(sum.load(), std::int64_t{3} * kEach * (kEach + 1) / 2);
}

void TestBoundedQueue::items_moveOnly_areMoved() {
    BoundedQueue<std::unique_ptr<int>> queue(1);
    QVERIFY(queue.push(std::make_unique<int>(5), {}));
    const auto item = queue.pop({});
    QVERIFY(item.has_value());
    QCOMPARE(**item, 5);
}

QTEST_GUILESS_MAIN(TestBoundedQueue)
#include "tst_bounded_queue.moc"
