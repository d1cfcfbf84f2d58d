// SPDX-License-Identifier: Apache-2.0
// One controller: what it tells about itself, and what it does about a damaged or a full disk.
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <QTest>

#include "engine/base/file_system.h"
#include "engine/pipeline/recent_share.h"

#include "pipeline_fixture.h"

using namespace engine;
using engine::test::PipelineFixture;

namespace {

/// An engine in a process of its own that ends by the signal where the database is opened.
void dieWhileOpening(PipelineFixture& f, int signal = SIGABRT) {
    const pid_t child = ::fork();
    ENSURE(child >= 0);
    if (child == 0) {
        f.source.beforeOpen = [signal] { ::raise(signal); };
        f.startEngine();
        for (int i = 0; i < 10; ++i) {
            f.controller().run(std::stop_token{});
        }
        ::_exit(0);
    }
    int status = 0;
    ENSURE(::waitpid(child, &status, 0) == child);
    ENSURE(WIFSIGNALED(status) && WTERMSIG(status) == signal);
}

/// What an engine does in a process of its own that ends well.
void recordOnce(PipelineFixture& f) {
    const pid_t child = ::fork();
    ENSURE(child >= 0);
    if (child == 0) {
        f.startEngine();
        f.capture();
        f.stopEngine();
        ::_exit(0);
    }
    int status = 0;
    ENSURE(::waitpid(child, &status, 0) == child);
    ENSURE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    // Its replica was in its memory; if it came to know it, nobody else will.
    ignoreError(removeFile(f.folder() + "/known/0"), "it may have ended before");
}

/// How often the source was opened within some runs of a new engine.
int opensOf(PipelineFixture& f) {
    int opens = 0;
    f.source.beforeOpen = [&opens] { ++opens; };
    f.startEngine();
    for (int i = 0; i < 5; ++i) {
        f.controller().run(std::stop_token{});
    }
    f.source.beforeOpen = nullptr;
    return opens;
}

}  // namespace

class TestController : public QObject {
    Q_OBJECT
private slots:
    void init();
    void aloneShare_weighsCatchUpsByTransactions();
    void aloneShare_uncountedCatchUp_isAtMost();
    void aloneShare_forgetsAfterAnHour();
    void quarantine_twoCrashesInARow_isLeftAlone_data();
    void quarantine_twoCrashesInARow_isLeftAlone();
    void quarantine_killed_doesNotCount();
    void quarantine_crashAfterASuccess_isForgotten();
    void quarantine_fileChanges_isTriedOnceMore();
};

void TestController::init() {
#ifdef __SANITIZE_THREAD__
    if (QByteArrayView(QTest::currentTestFunction()).startsWith("quarantine_")) {
        QSKIP("ThreadSanitizer takes a thread of a forked process for one of its parent's");
    }
#endif
}

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

void TestController::quarantine_twoCrashesInARow_isLeftAlone_data() {
    QTest::addColumn<bool>("recordedBefore");
    QTest::newRow("new database") << false;
    QTest::newRow("recorded before") << true;
}

void TestController::quarantine_twoCrashesInARow_isLeftAlone() {
    QFETCH(const bool, recordedBefore);
    PipelineFixture f(10);
    if (recordedBefore) {
        recordOnce(f);
    }
    dieWhileOpening(f);
    dieWhileOpening(f);
    QCOMPARE(opensOf(f), 0);
    QCOMPARE(f.controller().status().state, ControllerState::Quarantined);
    QVERIFY(f.controller().status().lastError.find("twice") != std::string::npos);
    QVERIFY(!f.controller().published());
    f.stopEngine();
    QCOMPARE(opensOf(f), 0);  // also after a start that went well, with this one left alone
    f.controller().retryNow();
    f.capture();
    QCOMPARE(f.controller().status().lastError, std::string());
    QVERIFY(f.waitStored());
    QVERIFY(f.restoreLatest() == f.source.image());
    f.stopEngine();
    QCOMPARE(opensOf(f), 1);
}

void TestController::quarantine_killed_doesNotCount() {
    PipelineFixture f(10);
    for (int i = 0; i < 3; ++i) {
        dieWhileOpening(f, SIGKILL);
    }
    QCOMPARE(opensOf(f), 1);
    f.capture();
    QVERIFY(f.waitStored());
}

void TestController::quarantine_crashAfterASuccess_isForgotten() {
    PipelineFixture f(10);
    dieWhileOpening(f);
    recordOnce(f);
    dieWhileOpening(f);
    QCOMPARE(opensOf(f), 1);
    f.capture();
    QVERIFY(f.waitStored());
}

void TestController::quarantine_fileChanges_isTriedOnceMore() {
    PipelineFixture f(10);
    dieWhileOpening(f);
    dieWhileOpening(f);
    QCOMPARE(opensOf(f), 0);
    f.stopEngine();
    const std::string file = f.folder() + "/notes.db";
    QVERIFY(writeFileAtomically(file, viewOf(std::string("another"))).ok());
    dieWhileOpening(f);  // it was opened, and ended as before: once is enough now
    QCOMPARE(opensOf(f), 0);
    QVERIFY(writeFileAtomically(file, viewOf(std::string("a third one"))).ok());
    f.capture();
    QVERIFY(f.waitStored());
}

QTEST_GUILESS_MAIN(TestController)
#include "tst_controller.moc"
