// SPDX-License-Identifier: Apache-2.0
// A database at rest costs a few stat calls each half minute, and whatever is written is still
// seen when no event tells of it.
#include <QDir>
#include <QTest>

#include "engine/capture/capture_factory.h"

#include "tests/capture/fake_wal_app.h"
#include "tests/capture/image_sink.h"

using namespace engine;

class TestSettledLook : public QObject {
    Q_OBJECT

private slots:
    void init();
    void atRest_readsNothing();
    void writtenWithoutEvent_isCaptured_data();
    void writtenWithoutEvent_isCaptured();
    void sideFileComesOrGoes_isLookedAt();
    void event_isLookedAtInFull();
    void askedAgainAtOnce_looksInFull();
    void afterManyMinutes_looksInFull();
    void writtenJustNow_isNotTrusted();
    void newGeneration_readsEverything();
    void journalMode_asksOnlyForTheCounter();
    void journalMode_writtenThroughMappedMemory_isCaptured();
    void notKeptOpen_isClosedAgain();

private:
    void startWal();
    void startJournal();
    void start(bool keepOpen = true);
    void step();
    /// How much the next look reads, ms later.
    std::uint64_t readsAfter(std::int64_t ms);
    /// Steps until a look reads no more than that.
    bool comesToRest(std::uint64_t reads = 0);

    FakeClock m_clock;
    std::unique_ptr<FakeFolder> m_owned;
    FakeFolder* m_folder = nullptr;
    std::unique_ptr<FakeWalApp> m_app;
    std::unique_ptr<Capture> m_capture;
    std::unique_ptr<ImageSink> m_sink;
    Step m_step;
};

void TestSettledLook::init() {
    m_clock = FakeClock();
    m_owned = std::make_unique<FakeFolder>();
    m_folder = m_owned.get();
    m_app = std::make_unique<FakeWalApp>(*m_folder, m_clock, 8);
}

void TestSettledLook::startWal() {
    m_app->open();
    m_app->commit({{2, 'b'}});
    start();
}

void TestSettledLook::startJournal() {
    FakeFile& database = m_app->file(SourceRole::Database);
    database.bytes[18] = database.bytes[19] = std::byte{1};
    start();
    QCOMPARE(m_capture->mode(), CaptureMode::Journal);
}

void TestSettledLook::start(bool keepOpen) {
    CaptureOptions options;
    options.path = "/fake/app.db";
    options.spillFolder = QDir::tempPath().toStdString();
    options.seed = 99;
    options.clock = &m_clock;
    options.takeEvents = [] { return SourceEvents{}; };
    options.keepOpen = keepOpen;
    m_capture = createSqliteCapture(options, std::move(m_owned));
    m_clock.pass(1000);
    for (int i = 0; i < 100; ++i) {
        const auto stands = m_capture->startGeneration({7}, {41}, {}, {}, m_step);
        QVERIFY(stands.ok());
        if (stands.value()) {
            break;
        }
        m_clock.pass(5);
    }
    const PageMap& map = m_capture->map();
    m_sink = std::make_unique<ImageSink>(map.pageSize(), 99);
    Buffer page(map.pageSize());
    for (std::uint64_t number = 1; number < map.endPage(); ++number) {
        QVERIFY(m_capture->readPages({&number, 1}, page).value().front());
        m_sink->put(number, page);
    }
    m_sink->apply(map.pageCount());
}

void TestSettledLook::step() {
    const auto step = m_capture->step(*m_sink, {}, {});
    QVERIFY(step.ok());
    m_step = step.value();
}

std::uint64_t TestSettledLook::readsAfter(std::int64_t ms) {
    m_clock.pass(ms);
    const std::uint64_t before = m_folder->reads;
    step();
    return m_folder->reads - before;
}

bool TestSettledLook::comesToRest(std::uint64_t reads) {
    for (int i = 0; i < 20; ++i) {
        if (readsAfter(30'000) == reads) {
            return true;
        }
    }
    return false;
}

void TestSettledLook::atRest_readsNothing() {
    startWal();
    QVERIFY(comesToRest());
    bool asked = false;
    m_folder->beforeQuestion = [&](std::uint64_t) { asked = true; };
    for (int i = 0; i < 10; ++i) {
        QCOMPARE(readsAfter(30'000), std::uint64_t{0});
        QVERIFY(!m_step.dirtySince && !m_step.waiting && m_step.commits == 0);
        QCOMPARE(m_step.callAgain, m_clock.steady() + std::chrono::seconds(30));
    }
    QVERIFY(!asked);
}

void TestSettledLook::writtenWithoutEvent_isCaptured_data() {
    QTest::addColumn<int>("restMs");
    QTest::newRow("at the next look") << 30'000;
    QTest::newRow("soon") << 11'000;
    QTest::newRow("late") << 500'000;
}

void TestSettledLook::writtenWithoutEvent_isCaptured() {
    QFETCH(const int, restMs);
    startWal();
    QVERIFY(comesToRest());
    m_app->commit({{3, 'c'}, {4, 'd'}});
    QVERIFY(readsAfter(restMs) > 0);
    QCOMPARE(m_step.commits, std::uint64_t{1});
    QCOMPARE(m_sink->image(), m_app->image());
}

void TestSettledLook::sideFileComesOrGoes_isLookedAt() {
    startWal();
    QVERIFY(comesToRest());
    m_folder->add(SourceRole::Journal).write(0, viewOf("x"), m_clock);
    QVERIFY(readsAfter(30'000) > 0);
    QVERIFY(comesToRest());
    m_folder->remove(SourceRole::Journal);
    QVERIFY(readsAfter(30'000) > 0);
}

void TestSettledLook::event_isLookedAtInFull() {
    startWal();
    QVERIFY(comesToRest());
    SourceEvents events;
    events.lost = true;
    m_capture->noteEvents(events);
    QVERIFY(readsAfter(30'000) > 0);
}

void TestSettledLook::askedAgainAtOnce_looksInFull() {
    startWal();
    QVERIFY(comesToRest());
    m_capture->noteEvents({});
    QVERIFY(readsAfter(30'000) > 0);  // full: from here it counts
    QVERIFY(readsAfter(5'000) > 0);
    QCOMPARE(readsAfter(15'000), std::uint64_t{0});
}

void TestSettledLook::afterManyMinutes_looksInFull() {
    startWal();
    QVERIFY(comesToRest());
    QVERIFY(readsAfter(700'000) > 0);
    QCOMPARE(readsAfter(30'000), std::uint64_t{0});
}

/// A write within the same tick of the clock would leave the times as they are.
void TestSettledLook::writtenJustNow_isNotTrusted() {
    startWal();
    QVERIFY(comesToRest());
    m_app->file(SourceRole::Wal).facts.mtimeNs = (m_clock.wallMs + 30'000) * 1'000'000 + 1;
    m_app->file(SourceRole::Wal).facts.ctimeNs = m_app->file(SourceRole::Wal).facts.mtimeNs;
    QVERIFY(readsAfter(30'000) > 0);  // within the tick of its last write
    QVERIFY(readsAfter(30'000) > 0);
    QCOMPARE(readsAfter(30'000), std::uint64_t{0});
}

void TestSettledLook::newGeneration_readsEverything() {
    startWal();
    QVERIFY(comesToRest());
    m_clock.pass(30'000);
    const auto stands = m_capture->startGeneration({8}, {42}, {}, {}, m_step);
    QVERIFY(stands.ok() && stands.value());
}

void TestSettledLook::journalMode_asksOnlyForTheCounter() {
    startJournal();
    QVERIFY(comesToRest(1));
    for (int i = 0; i < 5; ++i) {
        QCOMPARE(readsAfter(30'000), std::uint64_t{1});
        QVERIFY(!m_step.dirtySince && !m_step.waiting && m_step.commits == 0);
    }
    m_app->checkpointPage(3, 'c');
    QVERIFY(readsAfter(30'000) > 1);
}

/// The times of the file follow when the system likes.
void TestSettledLook::journalMode_writtenThroughMappedMemory_isCaptured() {
    startJournal();
    QVERIFY(comesToRest(1));
    Buffer& bytes = m_app->file(SourceRole::Database).bytes;
    bytes[27] = std::byte{1};
    bytes[3 * FakeWalApp::kPageSize] = std::byte{'m'};
    QVERIFY(readsAfter(30'000) > 1);
    for (int i = 0; i < 10 && m_sink->taken.empty(); ++i) {
        m_clock.pass(100);
        step();
    }
    QCOMPARE(m_sink->taken.size(), std::size_t{1});
    QCOMPARE(m_sink->image(), bytes);
}

void TestSettledLook::notKeptOpen_isClosedAgain() {
    m_app->open();
    m_app->commit({{2, 'b'}});
    start(false);
    QVERIFY(comesToRest());
    const auto database = m_folder->files.at(SourceRole::Database);
    Buffer page(FakeWalApp::kPageSize);
    const std::uint64_t number = 1;
    QVERIFY(m_capture->readPages({&number, 1}, page).ok());
    const auto held = database.use_count();
    QCOMPARE(readsAfter(30'000), std::uint64_t{0});
    QVERIFY(database.use_count() < held);
}

QTEST_GUILESS_MAIN(TestSettledLook)
#include "tst_settled_look.moc"
