// SPDX-License-Identifier: Apache-2.0
#include <atomic>

#include <QtTest>

#include "engine/base/file_system.h"
#include "engine/base/thread.h"

#include "tests/replica/check_result.h"
#include "tests/shadow/shadow_fixture.h"

using namespace engine;
using namespace testing;

class TestShadowLog : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<ShadowFixture> m_fixture;

    /// The log holds what the chain says, now and after it is opened again.
    void compareWithChain(const ShadowLog& log, const Chain& chain) {
        const auto seen = replayAll(log, chain.generation);
        VERIFY_OK(seen);
        QVERIFY(seen.value() == chain.commits);
        const auto again = m_fixture->open();
        QCOMPARE(again->recovery().setAside, std::uint64_t(0));
        const auto reread = replayAll(*again, chain.generation);
        VERIFY_OK(reread);
        QVERIFY(reread.value() == chain.commits);
    }

private slots:

    void init() { m_fixture = std::make_unique<ShadowFixture>(); }

    void open_newFolder_isEmptyAndPrivate() {
        const auto log = m_fixture->open();
        QVERIFY(log->generations().empty());
        QCOMPARE(log->fileBytes(), std::uint64_t(0));
        QVERIFY(!log->lastSegment(GenerationId{1}).has_value());
        QCOMPARE(factsOf(m_fixture->folder()).value().mode & 07777, 0700u);
    }

    void publish_segments_areReadBackInOrder_data() {
        QTest::addColumn<int>("commits");
        QTest::addColumn<int>("pages");
        QTest::addColumn<int>("pageSize");
        QTest::addColumn<bool>("zstd");
        QTest::addColumn<bool>("durable");
        QTest::newRow("small") << 1 << 1 << 512 << false << false;
        QTest::newRow("commit without pages") << 2 << 0 << 4096 << false << false;
        QTest::newRow("durable") << 3 << 5 << 4096 << false << true;
        QTest::newRow("packed") << 10 << 100 << 4096 << true << false;
        QTest::newRow("large pages") << 2 << 3 << 65536 << false << false;
        QTest::newRow("several parts") << 2 << 160 << 65536 << false << true;
    }

    void publish_segments_areReadBackInOrder() {
        QFETCH(int, commits);
        QFETCH(int, pages);
        QFETCH(int, pageSize);
        QFETCH(bool, zstd);
        QFETCH(bool, durable);
        const auto log = m_fixture->open();
        Chain chain{.generation = GenerationId{7}, .lastTx = TxId{99}};
        SegmentPlan plan{commits,
                         pages,
                         static_cast<std::uint32_t>(pageSize),
                         zstd ? Codec::Zstd : Codec::None,
                         durable};
        for (int i = 0; i < 3; ++i) {
            const Chain before = chain;
            const auto segment = m_fixture->append(*log, chain, plan);
            VERIFY_OK(segment);
            QCOMPARE(segment.value().parentTx.value, before.lastTx.value);
            QCOMPARE(segment.value().firstTx.value, before.lastTx.value + 1);
            QCOMPARE(segment.value().lastTx.value, chain.lastTx.value);
            QVERIFY(segment.value().parentRoot == before.root &&
                    segment.value().root == chain.root);
            QCOMPARE(segment.value().commits, static_cast<std::uint64_t>(commits));
            QCOMPARE(segment.value().firstTime.ms, before.time.ms + 10);
            QCOMPARE(segment.value().lastTime.ms, chain.time.ms);
            QVERIFY(segment.value().fileBytes > 0);
        }
        compareWithChain(*log, chain);
        QCOMPARE(namesIn(m_fixture->generationFolder(chain)).size(),
                 std::size_t(pages == 160 ? 6 : 3));
        for (const std::string& name : namesIn(m_fixture->generationFolder(chain))) {
            QCOMPARE(factsOf(m_fixture->generationFolder(chain) + "/" + name).value().mode & 07777,
                     0600u);
        }
    }

    void open_again_describesTheSameSegments() {
        const auto log = m_fixture->open();
        Chain chain{.generation = GenerationId{7}};
        for (int i = 0; i < 4; ++i) {
            VERIFY_OK(m_fixture->append(*log, chain, {.commits = i + 1, .pages = 2}));
        }
        const auto again = m_fixture->open();
        QCOMPARE(again->recovery().segments, std::uint64_t(4));
        QCOMPARE(again->fileBytes(), log->fileBytes());
        const auto before = log->segmentsAfter(chain.generation, TxId{0});
        const auto after = again->segmentsAfter(chain.generation, TxId{0});
        QCOMPARE(after.size(), before.size());
        for (std::size_t i = 0; i < before.size(); ++i) {
            QVERIFY(before[i].parentTx == after[i].parentTx &&
                    before[i].firstTx == after[i].firstTx);
            QVERIFY(before[i].lastTx == after[i].lastTx && before[i].commits == after[i].commits);
            QVERIFY(before[i].firstTime == after[i].firstTime &&
                    before[i].lastTime == after[i].lastTime);
            QVERIFY(before[i].createdAt == after[i].createdAt &&
                    before[i].partPaths == after[i].partPaths);
            QVERIFY(before[i].parentRoot == after[i].parentRoot && before[i].root == after[i].root);
            QCOMPARE(after[i].plainBytes, before[i].plainBytes);
            QCOMPARE(after[i].fileBytes, before[i].fileBytes);
        }
        const auto table = again->table(after.back());
        VERIFY_OK(table);
        QCOMPARE(table.value().commits.size(), std::size_t(4));
    }

    void writer_droppedOrAbandoned_leavesNothing() {
        const auto log = m_fixture->open();
        Chain chain{.generation = GenerationId{7}};
        {
            Chain lost = chain;
            VERIFY_OK(
                m_fixture->write(*log, lost, {.commits = 2, .pages = 200, .pageSize = 65536}));
        }
        QVERIFY(namesIn(m_fixture->folder()).empty());
        VERIFY_OK(m_fixture->append(*log, chain));
        const auto files = namesIn(m_fixture->generationFolder(chain));
        {
            Chain lost = chain;
            VERIFY_OK(
                m_fixture->write(*log, lost, {.commits = 2, .pages = 200, .pageSize = 65536}));
        }
        QCOMPARE(namesIn(m_fixture->generationFolder(chain)), files);
        compareWithChain(*log, chain);
    }

    void publish_whatDoesNotFollow_isDiscontinuityAndLeavesNothing() {
        const auto log = m_fixture->open();
        Chain chain{.generation = GenerationId{7}};
        VERIFY_OK(m_fixture->append(*log, chain));
        const auto files = namesIn(m_fixture->generationFolder(chain));
        Chain otherTx = chain;
        otherTx.lastTx = TxId{50};
        COMPARE_CODE(m_fixture->append(*log, otherTx), Discontinuity);
        Chain otherRoot = chain;
        otherRoot.root = Root{1, 1};
        COMPARE_CODE(m_fixture->append(*log, otherRoot), Discontinuity);
        Chain backwards = chain;
        backwards.lastTx = TxId{0};
        COMPARE_CODE(m_fixture->append(*log, backwards), Discontinuity);
        QCOMPARE(namesIn(m_fixture->generationFolder(chain)), files);
        VERIFY_OK(m_fixture->append(*log, chain));
        compareWithChain(*log, chain);
    }

    void segmentsAfter_boundaries_areWholeSegments() {
        const auto log = m_fixture->open();
        Chain chain{.generation = GenerationId{7}};
        for (int i = 0; i < 3; ++i) {
            VERIFY_OK(m_fixture->append(*log, chain, {.commits = 10}));
        }
        const auto count = [&](std::uint64_t tx) {
            return log->segmentsAfter(chain.generation, TxId{tx}).size();
        };
        QCOMPARE(count(0), std::size_t(3));
        QCOMPARE(count(9), std::size_t(3));
        QCOMPARE(count(10), std::size_t(2));
        QCOMPARE(count(15), std::size_t(2));
        QCOMPARE(count(30), std::size_t(0));
        QCOMPARE(log->segmentsAfter(GenerationId{8}, TxId{0}).size(), std::size_t(0));
        QCOMPARE(log->lastSegment(chain.generation)->lastTx.value, std::uint64_t(30));
    }

    void generations_areInOrderOfBirth() {
        const auto log = m_fixture->open();
        Chain old{.generation = GenerationId{0xff}};
        Chain young{.generation = GenerationId{0x01}, .time = Time{1781438599000}};
        VERIFY_OK(m_fixture->append(*log, old));
        VERIFY_OK(m_fixture->append(*log, young));
        VERIFY_OK(m_fixture->append(*log, old));
        const std::vector<GenerationId> expected = {old.generation, young.generation};
        QVERIFY(log->generations() == expected);
        QVERIFY(m_fixture->open()->generations() == expected);
        VERIFY_OK(log->removeGeneration(old.generation));
        QVERIFY(log->generations() == std::vector<GenerationId>{young.generation});
        QVERIFY(!factsOf(m_fixture->generationFolder(old)).ok());
        compareWithChain(*log, young);
    }

    void trim_upToATx_removesWholeSegmentsOnly() {
        const auto log = m_fixture->open();
        Chain chain{.generation = GenerationId{7}};
        for (int i = 0; i < 4; ++i) {
            VERIFY_OK(m_fixture->append(*log, chain, {.commits = 10}));
        }
        const std::uint64_t all = log->fileBytes();
        VERIFY_OK(log->trim(chain.generation, TxId{9}));
        QCOMPARE(log->fileBytes(), all);
        VERIFY_OK(log->trim(chain.generation, TxId{25}));
        QCOMPARE(log->segmentsAfter(chain.generation, TxId{0}).front().firstTx.value,
                 std::uint64_t(21));
        QCOMPARE(namesIn(m_fixture->generationFolder(chain)).size(), std::size_t(2));
        chain.commits.erase(chain.commits.begin(), chain.commits.begin() + 20);
        compareWithChain(*log, chain);
        VERIFY_OK(log->trim(GenerationId{8}, TxId{100}));
        compareWithChain(*log, chain);
    }

    void trim_everything_theChainStillGoesOnWhereItEnded() {
        const auto log = m_fixture->open();
        Chain chain{.generation = GenerationId{7}};
        VERIFY_OK(m_fixture->append(*log, chain));
        VERIFY_OK(log->trim(chain.generation, chain.lastTx));
        QVERIFY(log->generations().empty());
        Chain wrong = chain;
        wrong.lastTx = TxId{77};
        COMPARE_CODE(m_fixture->append(*log, wrong), Discontinuity);
        chain.commits.clear();
        VERIFY_OK(m_fixture->append(*log, chain));
        compareWithChain(*log, chain);
    }

    void setAside_aSegment_leavesTheOthers() {
        const auto log = m_fixture->open();
        Chain chain{.generation = GenerationId{7}};
        const auto first = m_fixture->append(*log, chain);
        const auto second = m_fixture->append(*log, chain);
        const auto third = m_fixture->append(*log, chain);
        VERIFY_OK(third);
        VERIFY_OK(log->setAside(second.value()));
        const auto left = log->segmentsAfter(chain.generation, TxId{0});
        QCOMPARE(left.size(), std::size_t(2));
        QCOMPARE(left[0].lastTx, first.value().lastTx);
        QCOMPARE(left[1].parentTx, second.value().lastTx);
        QCOMPARE(namesIn(m_fixture->generationFolder(chain)).size(), std::size_t(3));
        // The log goes on at its end; what is set aside is so only once.
        VERIFY_OK(m_fixture->append(*log, chain));
        VERIFY_OK(log->setAside(second.value()));
        QCOMPARE(log->segmentsAfter(chain.generation, TxId{0}).size(), std::size_t(3));
        const auto again = m_fixture->open();
        QCOMPARE(again->recovery().setAside, std::uint64_t(0));
        QCOMPARE(again->recovery().holes, std::uint64_t(1));
        QCOMPARE(again->segmentsAfter(chain.generation, TxId{0}).size(), std::size_t(3));
    }

    void setAside_theLast_theLogGoesOnBehindIt() {
        const auto log = m_fixture->open();
        Chain chain{.generation = GenerationId{7}};
        VERIFY_OK(m_fixture->append(*log, chain));
        const Chain before = chain;
        const auto last = m_fixture->append(*log, chain);
        VERIFY_OK(log->setAside(last.value()));
        Chain again = before;
        COMPARE_CODE(m_fixture->append(*log, again), Discontinuity);
        VERIFY_OK(m_fixture->append(*log, chain));
    }

    void replay_sinkFails_handsItsErrorUp() {
        struct FailingSink final : CommitSink {
            Status frame(const PageFrame&) override { return {}; }

            Status commit(const Commit&) override { return Error{ErrorCode::NoSpace, "full"}; }

            void abandon() override {}
        };

        const auto log = m_fixture->open();
        Chain chain{.generation = GenerationId{7}};
        const auto segment = m_fixture->append(*log, chain);
        VERIFY_OK(segment);
        FailingSink sink;
        COMPARE_CODE(log->replay(segment.value(), sink), NoSpace);
    }

    void readers_whileAppendingAndTrimming_seeWholeSegments() {
        const auto log = m_fixture->open();
        Chain chain{.generation = GenerationId{7}};
        std::atomic<bool> done{false};
        std::atomic<int> wrong{0};
        std::atomic<std::uint64_t> read{0};
        const auto reader = [&](std::stop_token) {
            while (!done) {
                RecordingSink sink;
                for (const ShadowSegment& segment : log->segmentsAfter(GenerationId{7}, TxId{0})) {
                    const Status replayed = log->replay(segment, sink);
                    // It may be trimmed meanwhile, and nothing else may happen.
                    wrong += replayed.ok() || replayed.error().code == ErrorCode::NotFound ? 0 : 1;
                    ++read;
                }
                log->fileBytes();
                log->generations();
            }
        };
        {
            const Thread first("read", reader);
            const Thread second("read", reader);
            for (int i = 0; i < 150; ++i) {
                VERIFY_OK(m_fixture->append(*log, chain, {.commits = 3, .pages = 4}));
                if (i % 10 == 9) {
                    VERIFY_OK(log->trim(chain.generation, TxId{chain.lastTx.value - 15}));
                }
            }
            done = true;
        }
        QCOMPARE(wrong.load(), 0);
        QVERIFY(read.load() > 0);
        QCOMPARE(log->segmentsAfter(chain.generation, TxId{0}).size(), std::size_t(5));
    }
};

QTEST_GUILESS_MAIN(TestShadowLog)
#include "tst_shadow_log.moc"
