// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <latch>

#include <QtTest>
#if defined(__linux__)
#include <sys/resource.h>
#endif

#include "engine/base/worker_pool.h"

using namespace engine;

class TestWorkerPool : public QObject {
    Q_OBJECT
private slots:
    void tasks_allRunBeforeTheDestructorReturns();
    void tasks_runOnAllThreadsAtOnce();
    void submit_fromSeveralThreads_runsEachOnce();
    void backgroundPool_givesWay();
};

void TestWorkerPool::tasks_allRunBeforeTheDestructorReturns() {
    for (const unsigned threads : {1u, 2u, 4u}) {
        std::atomic<int> ran = 0;
        {
            WorkerPool pool(threads);
            QCOMPARE(pool.threads(), threads);
            for (int i = 0; i < 1000; ++i) {
                pool.submit([&ran] { ++ran; });
            }
        }
        QCOMPARE(ran.load(), 1000);
    }
}

void TestWorkerPool::tasks_runOnAllThreadsAtOnce() {
    // Each task waits for the others: it ends only if all threads take one. (Tasks of the engine
    // never wait; here it is the proof.)
    constexpr int kThreads = 3;
    std::latch all(kThreads);
    WorkerPool pool(kThreads);
    for (int i = 0; i < kThreads; ++i) {
        pool.submit([&all] { all.arrive_and_wait(); });
    }
    all.wait();
}

void TestWorkerPool::submit_fromSeveralThreads_runsEachOnce() {
    std::atomic<std::int64_t> sum = 0;
    {
        WorkerPool pool(2);
        const auto feed = [&](std::stop_token) {
            for (int i = 1; i <= 500; ++i) {
                pool.submit([&sum, i] { sum += i; });
            }
        };
        Thread a("a", feed);
        Thread b("b", feed);
        a.join();
        b.join();
    }
    QCOMPARE(sum.load(), std::int64_t{2 * 500 * 501 / 2});
}

void TestWorkerPool::backgroundPool_givesWay() {
#if defined(__linux__)
    const auto niceOfTask = [](ThreadPriority priority) {
        std::atomic<int> nice = 0;
        {
            WorkerPool pool(1, priority);
            pool.submit([&nice] { nice = ::getpriority(PRIO_PROCESS, 0); });
        }
        return nice.load();
    };
    const int ours = ::getpriority(PRIO_PROCESS, 0);
    QCOMPARE(niceOfTask(ThreadPriority::Normal), ours);
    QCOMPARE(niceOfTask(ThreadPriority::Background), std::max(ours, 10));
#else
    QSKIP("only Linux has a priority for each thread by nice values");
#endif
}

QTEST_GUILESS_MAIN(TestWorkerPool)
#include "tst_worker_pool.moc"
