// SPDX-License-Identifier: Apache-2.0
// The bridge over an engine that the test plays: what reaches the GUI thread, how often, and that
// the GUI thread waits for nothing.
#include <atomic>

#include <QElapsedTimer>
#include <QPointer>
#include <QSemaphore>
#include <QSignalSpy>
#include <QTimer>
#include <QtTest>

#include "tests/ui/sample_status.h"
#include "ui/bridge/engine_bridge.h"

using engine::ErrorCode;
using ui::Phase;

namespace {

/// What the played engine does; shared by the test and the worker thread.
struct Play {
    std::atomic<int> opened = 0;
    std::atomic<int> asked = 0;
    std::atomic<int> snapshots = 0;
    std::atomic<bool> destroyed = false;
    std::atomic<bool> gone = false;
    std::atomic<bool> refuseCommands = false;
    std::atomic<bool> configured = true;
    std::atomic<int> slowMs = 0;
    QSemaphore never;
    std::function<void()> wake;  // written before start() returns from open

    void beSlow() {
        if (slowMs > 0) {
            never.tryAcquire(1, slowMs);
        }
    }
};

class PlayedEngine final : public ui::EngineDriver {
public:
    explicit PlayedEngine(Play& play)
        : m_play(play) {}

    ~PlayedEngine() override {
        m_play.beSlow();
        m_play.destroyed = true;
    }

    Phase phase() const noexcept override { return Phase::Recording; }

    engine::Result<engine::StatusPtr> status() override {
        m_play.beSlow();
        const int count = ++m_play.asked;
        if (m_play.gone) {
            return engine::Error{ErrorCode::NotFound, "nobody listens there"};
        }
        auto status = std::make_shared<engine::EngineStatus>();
        status->running = true;
        status->at.ms = count;
        return engine::StatusPtr(std::move(status));
    }

    engine::Status requestSnapshot(const std::string& database) override {
        if (m_play.refuseCommands) {
            return engine::Error{ErrorCode::NotFound, "no database " + database};
        }
        ++m_play.snapshots;
        return {};
    }

    engine::Status pause(engine::Time) override { return {}; }

    engine::Status resume() override { return {}; }

private:
    Play& m_play;
};

ui::EngineOpener openerOf(Play& play) {
    return [&play](const std::function<void()>& wake) -> ui::OpenedEngine {
        play.beSlow();
        ++play.opened;
        play.wake = wake;
        if (!play.configured) {
            return {nullptr,
                    Phase::NoConfiguration,
                    engine::Error{ErrorCode::NotFound, "no configuration"}};
        }
        return {std::make_unique<PlayedEngine>(play), Phase::Recording, std::nullopt};
    };
}

}  // namespace

class TestUiBridge final : public QObject {
    Q_OBJECT

private slots:
    void start_givesAView();
    void wakes_inABurst_askFourTimesASecond();
    void engine_gone_keepsTheLastStatus_andComesBack();
    void configuration_appears_isTakenWithoutAsking();
    void command_reachesTheEngine_failureIsTold();
    void command_withoutEngine_failureIsTold();
    void shutDown_endsAfterTheEngine();
    void guiThread_slowEngine_neverWaits();
    void job_progressAndEnd_arriveInTheGuiThread();
    void job_handleDeleted_isCancelledWithoutWaiting();
    void job_atTheEndOfTheBridge_isCancelled();
};

void TestUiBridge::start_givesAView() {
    Play play;
    ui::EngineBridge bridge(openerOf(play), {});
    QCOMPARE(bridge.view().phase, Phase::Starting);
    bridge.start();
    QTRY_COMPARE(bridge.view().phase, Phase::Recording);
    QVERIFY(bridge.view().status != nullptr);
}

void TestUiBridge::wakes_inABurst_askFourTimesASecond() {
    Play play;
    ui::EngineBridge bridge(openerOf(play), {});
    bridge.start();
    QTRY_COMPARE(bridge.view().phase, Phase::Recording);
    const int before = play.asked;
    QElapsedTimer timer;
    timer.start();
    engine::Thread storm("storm", [&play](std::stop_token stop) {
        while (!stop.stop_requested()) {
            play.wake();
            play.never.tryAcquire(1, 1);
        }
    });
    QTest::qWait(1200);
    storm.requestStop();
    storm.join();
    const int asked = play.asked - before;
    const int most = 2 + static_cast<int>(timer.elapsed() / 250);
    QVERIFY2(asked >= 3 && asked <= most,
             qPrintable(QStringLiteral("%1 looks, at most %2").arg(asked).arg(most)));
    // The last wake is never lost.
    const int now = play.asked;
    play.wake();
    QTRY_VERIFY(play.asked > now);
}

void TestUiBridge::engine_gone_keepsTheLastStatus_andComesBack() {
    Play play;
    ui::EngineBridge bridge(openerOf(play), {});
    bridge.start();
    QTRY_COMPARE(bridge.view().phase, Phase::Recording);
    play.gone = true;
    bridge.setWatched(true);
    QTRY_COMPARE(bridge.view().phase, Phase::Gone);
    QVERIFY(bridge.view().status != nullptr);
    QVERIFY(bridge.view().error.has_value());
    play.gone = false;
    QTRY_COMPARE(bridge.view().phase, Phase::Recording);
    QCOMPARE(play.opened.load(), 1);
    bridge.reopen();
    QTRY_COMPARE(play.opened.load(), 2);
    QTRY_COMPARE(bridge.view().phase, Phase::Recording);
}

void TestUiBridge::configuration_appears_isTakenWithoutAsking() {
    Play play;
    play.configured = false;
    ui::EngineBridge bridge(openerOf(play), {});
    bridge.setWatched(true);
    bridge.start();
    QTRY_COMPARE(bridge.view().phase, Phase::NoConfiguration);
    play.configured = true;
    QTRY_COMPARE(bridge.view().phase, Phase::Recording);
}

void TestUiBridge::command_reachesTheEngine_failureIsTold() {
    Play play;
    ui::EngineBridge bridge(openerOf(play), {});
    QSignalSpy failed(&bridge, &ui::EngineBridge::commandFailed);
    bridge.start();
    bridge.requestSnapshot(QStringLiteral("notes"));
    QTRY_COMPARE(play.snapshots.load(), 1);
    play.refuseCommands = true;
    bridge.requestSnapshot(QStringLiteral("notes"));
    QTRY_COMPARE(failed.size(), 1);
    const auto error = failed[0][0].value<engine::Error>();
    QCOMPARE(error.message, std::string("no database notes"));
}

void TestUiBridge::command_withoutEngine_failureIsTold() {
    Play play;
    play.configured = false;
    ui::EngineBridge bridge(openerOf(play), {});
    QSignalSpy failed(&bridge, &ui::EngineBridge::commandFailed);
    bridge.start();
    bridge.pause({});
    QTRY_COMPARE(failed.size(), 1);
}

void TestUiBridge::shutDown_endsAfterTheEngine() {
    Play play;
    ui::EngineBridge bridge(openerOf(play), {});
    bridge.start();
    QTRY_COMPARE(bridge.view().phase, Phase::Recording);
    bool destroyedFirst = false;
    connect(&bridge, &ui::EngineBridge::ended, this, [&] { destroyedFirst = play.destroyed; });
    QSignalSpy ended(&bridge, &ui::EngineBridge::ended);
    bridge.shutDown();
    QTRY_COMPARE(ended.size(), 1);
    QVERIFY(destroyedFirst);
    QCOMPARE(bridge.view().phase, Phase::Stopping);
}

void TestUiBridge::guiThread_slowEngine_neverWaits() {
    Play play;
    play.slowMs = 400;
    ui::EngineBridge bridge(openerOf(play), {});
    qint64 longest = 0;
    QElapsedTimer gap;
    QTimer beat;
    connect(&beat, &QTimer::timeout, this, [&] { longest = qMax(longest, gap.restart()); });
    gap.start();
    beat.start(5);
    bridge.setWatched(true);
    bridge.start();
    QTRY_COMPARE(bridge.view().phase, Phase::Recording);
    bridge.requestSnapshot({});
    QTRY_COMPARE(play.snapshots.load(), 1);
    QSignalSpy ended(&bridge, &ui::EngineBridge::ended);
    bridge.shutDown();
    QTRY_COMPARE(ended.size(), 1);
    // Each call of the engine takes 400 ms; a loaded machine has gaps of its own.
    QVERIFY2(longest < 300, qPrintable(QStringLiteral("%1 ms").arg(longest)));
}

void TestUiBridge::job_progressAndEnd_arriveInTheGuiThread() {
    Play play;
    ui::EngineBridge bridge(openerOf(play), {});
    QSemaphore goOn;
    ui::BackgroundJob* job = bridge.startJob(
        QStringLiteral("job"),
        [&goOn](const engine::Job::Report& report, std::stop_token) -> engine::Status {
            report({"Fetch", 1, 2});
            goOn.acquire();
            return engine::Error{ErrorCode::Corruption, "a bit flipped"};
        },
        this);
    std::uint64_t done = 0;
    std::optional<engine::Error> outcome;
    int finishes = 0;
    connect(job, &ui::BackgroundJob::progressed, this, [&](const engine::JobProgress& progress) {
        QCOMPARE(QThread::currentThread(), thread());
        done = progress.done;
    });
    connect(job, &ui::BackgroundJob::finished, this, [&](const std::optional<engine::Error>& e) {
        outcome = e;
        ++finishes;
    });
    QTRY_COMPARE(done, std::uint64_t{1});
    QVERIFY(!job->isFinished());
    goOn.release();
    QTRY_COMPARE(finishes, 1);
    QVERIFY(outcome && outcome->code == ErrorCode::Corruption);
    delete job;
}

void TestUiBridge::job_handleDeleted_isCancelledWithoutWaiting() {
    Play play;
    ui::EngineBridge bridge(openerOf(play), {});
    QSemaphore started;
    std::atomic<bool> cancelled = false;
    QSemaphore never;
    ui::BackgroundJob* job = bridge.startJob(
        QStringLiteral("job"),
        [&](const engine::Job::Report&, std::stop_token stop) -> engine::Status {
            started.release();
            while (!stop.stop_requested()) {
                never.tryAcquire(1, 5);
            }
            never.tryAcquire(1, 400);  // takes its time to come to an end
            cancelled = true;
            return engine::Error{ErrorCode::Cancelled, "cancelled"};
        },
        this);
    started.acquire();
    QElapsedTimer timer;
    timer.start();
    delete job;
    QVERIFY2(timer.elapsed() < 200, qPrintable(QString::number(timer.elapsed())));
    QTRY_VERIFY(cancelled);
}

void TestUiBridge::job_atTheEndOfTheBridge_isCancelled() {
    Play play;
    std::atomic<bool> cancelled = false;
    QSemaphore never;
    auto bridge = std::make_unique<ui::EngineBridge>(openerOf(play), ui::ReplicaAccess{});
    QPointer<ui::BackgroundJob> job = bridge->startJob(
        QStringLiteral("job"),
        [&](const engine::Job::Report&, std::stop_token stop) -> engine::Status {
            while (!stop.stop_requested()) {
                never.tryAcquire(1, 5);
            }
            cancelled = true;
            return {};
        },
        this);
    bridge.reset();
    QVERIFY(cancelled);
    // The handle outlives it and is harmless.
    job->cancel();
    delete job;
}

QTEST_GUILESS_MAIN(TestUiBridge)
#include "tst_ui_bridge.moc"
