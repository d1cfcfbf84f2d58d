// SPDX-License-Identifier: Apache-2.0
// What each check of WAL capture is worth: the writer moves between two reads of ours, exactly
// where the check would be missed. tests/capture/mutations.sh takes the checks away one by one and
// expects these tests to fail.
#include <QTest>

#include "engine/capture/capture_factory.h"

#include "tests/capture/fake_wal_app.h"
#include "tests/capture/image_sink.h"

using namespace engine;
using Role = SourceRole;

class TestSqliteWalProofs : public QObject {
    Q_OBJECT

private slots:
    void init();
    void unpublishedCommit_isNotTaken();            // 601
    void reset_commitsLostBetween_isSwept();        // 503
    void reset_unpublishedTail_twoSteps_isSwept();  // 709
    void reset_rebuiltIndex_isSwept();              // 703
    void reset_silentRecovery_isSwept();            // 710
    void reset_exactlyCounted_isBridged();
    void indexCopiesDiffer_nothingIsTaken();  // 701
    void sweep_resetUnderIt_beginsAnew_data();
    void sweep_resetUnderIt_beginsAnew();  // 502, 505
    void sweep_writerWithoutRest_ends();
    void sweep_writerWithoutRest_byTheChain_leavesTheStep();
    void lostAgainAndAgain_sweepsPause();
    void chain_otherHistoryInPlace_isSwept();           // 504
    void chain_hiddenCommitBeforeReset_isSwept();       // 606
    void chain_openTail_isNoState();                    // 507
    void chain_damagedFrame_isNotTaken();               // 702
    void chain_attachedBeforeHandingOn_takesNothing();  // 704
    void rest_writeWithinATick_isNoState();             // 705
    void closed_commitsInUnlinkedWal_areDrained();      // 706
    void growth_pageWithoutFrame_comesFromTheFile();    // 707
    void growth_afterASweepUnderLoad_comesFromTheFile();
    void padding_isNoCommit();     // 708
    void databaseReplaced_ends();  // 711
    void zeroChecksums_published_areTaken();
    void overwrittenWhileHandingOn_isAbandoned();

private:
    void startCapture();
    /// Until the baseline stands, but no more than so many steps.
    bool proveBaseline(int steps = 100);
    void takeBaseline();
    void baseline();
    void follow(int steps = 40);
    void step();
    /// Every commit is one state of the app, strictly forward, and the last one is the newest.
    void compareStates(bool upToDate = true);

    std::unique_ptr<FakeClock> m_clock;
    FakeFolder* m_folder = nullptr;
    std::unique_ptr<FakeFolder> m_owned;
    std::unique_ptr<FakeWalApp> m_app;
    std::unique_ptr<Capture> m_capture;
    std::unique_ptr<ImageSink> m_sink;
    SourceEvents m_events;
    Step m_step;
};

void TestSqliteWalProofs::init() {
    m_capture.reset();
    m_events = {};
    m_clock = std::make_unique<FakeClock>();
    m_owned = std::make_unique<FakeFolder>();
    m_folder = m_owned.get();
    m_app = std::make_unique<FakeWalApp>(*m_folder, *m_clock, 8);
}

void TestSqliteWalProofs::startCapture() {
    CaptureOptions options;
    options.path = "/fake/app.db";
    options.spillFolder = QDir::tempPath().toStdString();
    options.seed = 99;
    options.clock = m_clock.get();
    options.takeEvents = [this] { return std::exchange(m_events, {}); };
    m_capture = createSqliteCapture(options, std::move(m_owned));
}

bool TestSqliteWalProofs::proveBaseline(int steps) {
    for (int i = 0; i < steps; ++i) {
        const auto stands = m_capture->startGeneration({7}, {41}, {}, {}, m_step);
        if (!stands.ok() || stands.value()) {
            return stands.ok();
        }
        m_clock->pass(5);
    }
    return false;
}

void TestSqliteWalProofs::baseline() {
    startCapture();
    m_clock->pass(100);
    QVERIFY(proveBaseline());
    takeBaseline();
}

void TestSqliteWalProofs::takeBaseline() {
    const PageMap& map = m_capture->map();
    QCOMPARE(map.pageSize(), FakeWalApp::kPageSize);
    m_sink = std::make_unique<ImageSink>(map.pageSize(), 99);
    Buffer page(map.pageSize());
    for (std::uint64_t number = 1; number < map.endPage(); ++number) {
        const auto read = m_capture->readPages({&number, 1}, page);
        QVERIFY(read.ok() && read.value().front());
        m_sink->put(number, page);
    }
    m_sink->apply(map.pageCount());
    QCOMPARE(m_sink->image(), m_app->image());
}

void TestSqliteWalProofs::step() {
    const auto step = m_capture->step(*m_sink, {}, {});
    QVERIFY(step.ok());
    m_step = step.value();
}

void TestSqliteWalProofs::follow(int steps) {
    for (int i = 0; i < steps; ++i) {
        step();
        if (m_step.discontinuity) {
            return;
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(m_step.callAgain -
                                                                                m_clock->steady());
        m_clock->pass(std::clamp<std::int64_t>(left.count(), 0, 1000));
    }
}

void TestSqliteWalProofs::compareStates(bool upToDate) {
    QCOMPARE(m_sink->complaint, std::string());
    std::size_t at = 0;
    for (const ImageSink::Taken& taken : m_sink->taken) {
        while (at < m_app->states.size() && xxh3_128(m_app->states[at]) != taken.image) {
            ++at;
        }
        QVERIFY2(at < m_app->states.size(), "a state that never was, or out of order");
        ++at;
    }
    if (upToDate) {
        QCOMPARE(m_sink->image(), m_app->image());
    }
}

void TestSqliteWalProofs::unpublishedCommit_isNotTaken() {
    m_app->open();
    m_app->commit({{2, 'b'}});
    baseline();
    const auto frames = m_app->frames();
    const auto checksum = m_app->checksum();
    m_app->append({{3, 'x'}, {4, 'x'}});
    follow();
    QCOMPARE(m_sink->taken.size(), std::size_t{0});
    m_app->forgetUnpublished(frames, checksum);  // killed before it published
    m_app->commit({{3, 'c'}});
    follow();
    QCOMPARE(m_sink->taken.size(), std::size_t{1});
    compareStates();
}

void TestSqliteWalProofs::reset_commitsLostBetween_isSwept() {
    m_app->open();
    m_app->commit({{2, 'b'}});
    m_app->restartCounter(1000);
    m_app->publish(false);
    baseline();
    step();
    m_app->commit({{3, 'c'}});
    m_app->reset();
    m_app->commit({{4, 'd'}, {5, 'd'}});
    m_app->reset();
    m_app->commit({{6, 'e'}});
    step();
    follow();
    QVERIFY(m_capture->counters().catchUps == 1);
    compareStates();
}

void TestSqliteWalProofs::reset_exactlyCounted_isBridged() {
    m_app->open();
    m_app->commit({{2, 'b'}});
    m_app->restartCounter(1000);
    m_app->publish(false);
    baseline();
    step();
    m_app->commit({{3, 'c'}});
    m_app->reset();
    m_app->commit({{6, 'e'}});
    step();
    QCOMPARE(m_capture->counters().resetsBridged, std::uint64_t{1});
    QCOMPARE(m_capture->counters().commitsAlone, std::uint64_t{2});
    compareStates();
}

/// One commit that never was behind our position, and as many published ones unseen: the numbers
/// fit, only the salts tell that there were two resets.
void TestSqliteWalProofs::reset_unpublishedTail_twoSteps_isSwept() {
    m_app->open();
    m_app->commit({{2, 'b'}, {3, 'b'}, {4, 'b'}});
    m_app->restartCounter(1000);
    m_app->publish(false);
    baseline();
    step();
    const auto frames = m_app->frames();
    const auto checksum = m_app->checksum();
    m_app->append({{5, 'x'}});
    m_app->forgetUnpublished(frames, checksum);
    m_app->reset();
    m_app->commit({{6, 'd'}});
    m_app->reset();
    m_app->commit({{7, 'e'}});
    step();
    follow();
    compareStates();
}

/// The counter fits by chance, but the index was built anew.
void TestSqliteWalProofs::reset_rebuiltIndex_isSwept() {
    m_app->open();
    m_app->commit({{2, 'b'}});
    m_app->restartCounter(1000);
    m_app->publish(false);
    baseline();
    step();
    m_app->commit({{3, 'c'}});
    m_app->reset();
    m_app->commit({{4, 'd'}});
    m_app->reset();
    m_app->restartCounter(1000);
    m_events.shmTouched = true;
    m_app->commit({{6, 'e'}});
    step();
    follow();
    compareStates();
}

/// The same without an event; but so much time has passed that the counter proves nothing.
void TestSqliteWalProofs::reset_silentRecovery_isSwept() {
    m_app->open();
    m_app->commit({{2, 'b'}});
    m_app->restartCounter(1000);
    m_app->publish(false);
    baseline();
    step();
    m_app->commit({{3, 'c'}});
    m_app->reset();
    m_app->commit({{4, 'd'}});
    m_app->reset();
    m_app->restartCounter(1000);
    m_app->commit({{6, 'e'}});
    m_clock->pass(60'000);
    step();
    follow();
    compareStates();
}

/// A writer that died between the two copies of its header has not published: who comes next
/// recovers, and may not find that commit.
void TestSqliteWalProofs::indexCopiesDiffer_nothingIsTaken() {
    m_app->open();
    m_app->commit({{2, 'b'}});
    baseline();
    Buffer& index = m_app->file(Role::Shm).bytes;
    const Buffer before(index.begin() + 48, index.begin() + 96);
    m_app->commit({{3, 'c'}});
    const Buffer after(index.begin() + 48, index.begin() + 96);
    std::copy(before.begin(), before.end(), index.begin() + 48);
    follow(20);
    QCOMPARE(m_sink->taken.size(), std::size_t{0});
    std::copy(after.begin(), after.end(), index.begin() + 48);
    follow();
    QCOMPARE(m_sink->taken.size(), std::size_t{1});
    compareStates();
}

void TestSqliteWalProofs::sweep_resetUnderIt_beginsAnew_data() {
    QTest::addColumn<bool>("shared");
    QTest::newRow("with a wal-index") << true;
    QTest::newRow("by the chain") << false;
}

void TestSqliteWalProofs::sweep_resetUnderIt_beginsAnew() {
    QFETCH(const bool, shared);
    m_app = std::make_unique<FakeWalApp>(*m_folder, *m_clock, 2000);  // more than one slice
    m_app->open(shared);
    m_app->commit({{2, 'b'}});
    startCapture();
    m_clock->pass(100);
    bool moved = false;
    m_folder->beforeRead = [&](Role role, std::uint64_t offset) {
        if (moved || role != Role::Database || offset < 512 * 512) {
            return;
        }
        moved = true;  // the first slice is read
        m_app->commit({{5, 'x'}, {1900, 'x'}});
        m_app->reset();
        m_app->commit({{6, 'y'}});
        m_app->reset();
        m_app->commit({{7, 'z'}});
    };
    QVERIFY(proveBaseline());
    QVERIFY(moved);
    PageMap truth(FakeWalApp::kPageSize, 1, 99);
    truth.resize(2000);
    const Buffer image = m_app->image();
    for (std::uint64_t page = 1; page <= 2000; ++page) {
        truth.set(page, truth.hashOf(ByteView(image).subspan((page - 1) * 512, 512)));
    }
    QVERIFY(m_capture->map() == truth);
}

/// Each look finds a commit more than the one before.
void TestSqliteWalProofs::sweep_writerWithoutRest_ends() {
    m_app->open();
    m_app->commit({{2, 'b'}});
    startCapture();
    m_clock->pass(100);
    int commits = 0;
    m_folder->beforeRead = [&](Role role, std::uint64_t offset) {
        if (role == Role::Shm && offset == 0 && commits < 1000) {
            m_app->commit({{3, static_cast<char>('c' + ++commits % 20)}});
        }
    };
    QVERIFY(proveBaseline());
    QVERIFY2(commits > 1 && commits < 100, std::to_string(commits).c_str());
    m_folder->beforeRead = nullptr;
    takeBaseline();
    m_app->commit({{4, 'd'}});
    follow();
    compareStates();
}

/// Without a wal-index it cannot be told whether what comes next is whole; but that is no reason to
/// stay in one step.
void TestSqliteWalProofs::sweep_writerWithoutRest_byTheChain_leavesTheStep() {
    m_app->open(false);
    m_app->commit({{2, 'b'}});
    startCapture();
    m_clock->pass(100);
    int commits = 0;
    m_folder->beforeRead = [&](Role role, std::uint64_t offset) {
        if (role == Role::Wal && offset != 0 && commits < 1000) {
            m_app->commit({{3, static_cast<char>('c' + ++commits % 20)}});
        }
    };
    QVERIFY(!proveBaseline(1));
    QVERIFY2(commits > 1 && commits < 200, std::to_string(commits).c_str());
    m_folder->beforeRead = nullptr;
    QVERIFY(proveBaseline());
    takeBaseline();
}

/// An app that cannot be followed: its file is not read over and over, and in the end all is there.
void TestSqliteWalProofs::lostAgainAndAgain_sweepsPause() {
    m_app->open();
    m_app->commit({{2, 'b'}});
    baseline();
    for (int i = 0; i < 60; ++i) {
        for (const std::uint32_t page : {3u, 4u, 5u}) {
            m_app->commit({{page, static_cast<char>('a' + i % 20)}});
            m_app->reset();
        }
        m_events.shmTouched = true;
        for (int looks = 0; looks < 3; ++looks) {
            step();
            m_clock->pass(3);
        }
    }
    const std::uint64_t sweeps = m_capture->counters().sweeps;
    QVERIFY2(sweeps > 4 && sweeps < 15, std::to_string(sweeps).c_str());
    follow();
    compareStates();
}

/// A commit without checksums, then the next generation: the chain ends early and looks complete.
void TestSqliteWalProofs::chain_hiddenCommitBeforeReset_isSwept() {
    m_app->open(false);
    m_app->commit({{2, 'b'}, {3, 'b'}, {4, 'b'}});
    baseline();
    QCOMPARE(m_capture->mode(), CaptureMode::WalChain);
    m_app->commit({{5, 'h', true}});
    m_app->reset();
    m_app->commit({{6, 'c'}});
    follow();
    compareStates();
}

/// An older copy of database and WAL was put back and went another way, to the next generation:
/// salts and numbers fit, but the frame that we stand on is not the one that was taken.
void TestSqliteWalProofs::chain_otherHistoryInPlace_isSwept() {
    m_app->open(false);
    m_app->commit({{2, 'b'}, {3, 'b'}, {4, 'b'}});
    m_app->reset();
    m_app->commit({{2, 'c'}});
    baseline();
    const auto frames = m_app->frames();
    const auto checksum = m_app->checksum();
    m_app->commit({{3, 'c'}});
    follow();
    QCOMPARE(m_sink->taken.size(), std::size_t{1});
    m_app->forgetUnpublished(frames, checksum);
    m_app->commit({{3, 'x'}});
    m_app->reset();
    m_app->commit({{4, 'y'}});
    follow();
    QCOMPARE(m_capture->counters().resetsBridged, std::uint64_t{0});
    compareStates();
}

/// The same in the middle of a checkpoint: one page of the hidden commit is in the file, one not.
void TestSqliteWalProofs::chain_openTail_isNoState() {
    m_app->open(false);
    m_app->commit({{2, 'b'}});
    baseline();
    m_app->commit({{5, 'h', true}, {6, 'h', true}});
    m_app->checkpointPage(5, 'h');
    auto other = std::make_shared<FakeFile>(m_app->file(Role::Wal));
    other->facts.inode = 4242;  // another file with the same content: only a sweep can tell
    m_folder->files[Role::Wal] = other;
    follow();
    compareStates(false);
    QCOMPARE(m_sink->taken.size(), std::size_t{0});
}

void TestSqliteWalProofs::chain_damagedFrame_isNotTaken() {
    m_app->open(false);
    m_app->commit({{2, 'b'}});
    baseline();
    m_app->append({{5, 'd'}, {6, 'd'}});
    Buffer& wal = m_app->file(Role::Wal).bytes;
    wal[wal.size() - 700] ^= std::byte{1};
    follow(150);
    QCOMPARE(m_sink->taken.size(), std::size_t{0});
    QVERIFY(m_step.dirtySince);
    QCOMPARE(m_step.waiting, std::optional(Waiting::TailUnreadable));
}

void TestSqliteWalProofs::chain_attachedBeforeHandingOn_takesNothing() {
    m_app->open();
    m_app->commit({{2, 'b'}});
    baseline();
    auto& locks = m_app->file(Role::Shm).locks;
    locks.clear();  // all apps are gone
    follow(3);
    m_app->append({{3, 'x'}});  // somebody attached and writes, but has published nothing
    int asked = 0;
    m_folder->beforeQuestion = [&](std::uint64_t start) {
        asked += start == kShmAttachedLock.offset ? 1 : 0;
        if (asked == 3) {  // each question is two: this is the one before handing on
            locks[kShmAttachedLock.offset] = LockState::Shared;
        }
    };
    asked = 1;
    follow(3);
    m_folder->beforeQuestion = {};
    QCOMPARE(m_sink->taken.size(), std::size_t{0});
    m_app->publish();
    follow();
    QCOMPARE(m_sink->taken.size(), std::size_t{1});
    compareStates();
}

void TestSqliteWalProofs::rest_writeWithinATick_isNoState() {
    m_app = std::make_unique<FakeWalApp>(*m_folder, *m_clock, 2000);
    startCapture();
    m_app->checkpointPage(3, 'p');  // just now
    bool moved = false;
    m_folder->beforeRead = [&](Role role, std::uint64_t offset) {
        if (!moved && role == Role::Database && offset >= 512 * 512) {
            moved = true;  // in the same tick of the clock of the times
            m_app->checkpointPage(4, 'q');
            m_app->checkpointPage(1900, 'q');
        }
    };
    for (int i = 0; i < 100; ++i) {
        const auto stands = m_capture->startGeneration({7}, {41}, {}, {}, m_step);
        QVERIFY(stands.ok());
        if (stands.value()) {
            break;
        }
        m_clock->pass(moved ? 30 : 1);
    }
    QVERIFY(moved);
    const PageMap& map = m_capture->map();
    QVERIFY(map.equals(4, map.hashOf(m_app->content(4, 'q'))));
    QVERIFY(map.equals(1900, map.hashOf(m_app->content(1900, 'q'))));
}

void TestSqliteWalProofs::closed_commitsInUnlinkedWal_areDrained() {
    m_app->open();
    m_app->commit({{2, 'b'}});
    baseline();
    m_app->commit({{3, 'c'}});
    m_app->commit({{4, 'd'}});
    m_app->checkpoint();
    m_folder->remove(Role::Shm);
    m_folder->remove(Role::Wal);
    follow();
    QCOMPARE(m_capture->counters().commitsAlone, std::uint64_t{2});
    QCOMPARE(m_capture->counters().catchUps, std::uint64_t{0});
    compareStates();
}

/// A free page that was grown over keeps what the file has there.
void TestSqliteWalProofs::growth_pageWithoutFrame_comesFromTheFile() {
    m_app->open();
    m_app->commit({{2, 'b'}}, 6);  // shrinks, not checkpointed: the file keeps 7 and 8
    baseline();
    m_app->commit({{1, 'c'}, {8, 'c'}}, 8);
    follow();
    Buffer image = m_sink->image();
    QCOMPARE(image.size(), std::size_t{8} * 512);
    QCOMPARE(image[6 * 512], std::byte('a'));
    QCOMPARE(image[7 * 512], std::byte('c'));
    QVERIFY(m_sink->taken.back().commit.catchUp);
}

void TestSqliteWalProofs::growth_afterASweepUnderLoad_comesFromTheFile() {
    m_app->open();
    m_app->commit({{2, 'b'}}, 6);
    startCapture();
    m_clock->pass(100);
    m_folder->beforeRead = [&](Role role, std::uint64_t offset) {
        if (role == Role::Shm && offset == 0) {
            m_app->commit({{3, 'c'}}, 6);
        }
    };
    QVERIFY(proveBaseline());
    m_folder->beforeRead = nullptr;
    takeBaseline();
    m_app->commit({{1, 'd'}, {8, 'd'}}, 8);
    follow();
    QCOMPARE(m_sink->image().size(), std::size_t{8} * 512);
    QCOMPARE(m_sink->image()[6 * 512], std::byte('a'));
    QVERIFY(m_sink->taken.back().commit.catchUp);
}

void TestSqliteWalProofs::padding_isNoCommit() {
    m_app->open();
    m_app->commit({{2, 'b'}});
    baseline();
    m_app->append({{3, 'c'}, {4, 'c'}});
    m_app->pad();
    m_app->pad();
    m_app->publish();
    m_app->commit({{5, 'd'}});
    follow();
    QCOMPARE(m_sink->taken.size(), std::size_t{2});
    compareStates();
}

void TestSqliteWalProofs::databaseReplaced_ends() {
    baseline();
    const Buffer other(8 * 512, std::byte('z'));
    FakeFile& file = m_folder->add(Role::Database);
    file.write(0, other, *m_clock);
    file.write(0, m_app->content(1, 'z'), *m_clock);
    follow();
    QCOMPARE(m_step.discontinuity, std::optional(Discontinuity::Replaced));
}

void TestSqliteWalProofs::zeroChecksums_published_areTaken() {
    m_app->open();
    m_app->commit({{2, 'b'}});
    baseline();
    m_app->commit({{3, 'c'}, {4, 'c', true}, {5, 'c'}});
    m_app->commit({{6, 'd'}});
    follow();
    QCOMPARE(m_capture->counters().commitsAlone, std::uint64_t{2});
    QCOMPARE(m_capture->counters().catchUps, std::uint64_t{0});
    compareStates();
}

/// More than is kept in memory is read twice; a reset in between overwrites it.
void TestSqliteWalProofs::overwrittenWhileHandingOn_isAbandoned() {
    m_app->open();
    m_app->commit({{2, 'b'}});
    baseline();
    std::vector<FakeWalApp::Write> large;
    for (std::uint32_t page = 1; page <= 20'000; ++page) {
        large.push_back({page, 'l'});
    }
    m_app->commit(large, 20'000);
    int reads = 0;
    bool moved = false;
    m_folder->beforeRead = [&](Role role, std::uint64_t) {
        reads += role == Role::Wal ? 1 : 0;
        if (reads == 300 && !moved) {  // the second pass
            moved = true;
            m_app->reset();
            std::vector<FakeWalApp::Write> over;
            for (std::uint32_t page = 1; page <= 19'000; ++page) {
                over.push_back({page, 'm'});
            }
            m_app->commit(over, 20'000);
        }
    };
    follow();
    QVERIFY(reads > 300);
    QVERIFY(m_sink->abandoned > 0);
    compareStates();
}

QTEST_GUILESS_MAIN(TestSqliteWalProofs)
#include "tst_sqlite_wal_proofs.moc"
