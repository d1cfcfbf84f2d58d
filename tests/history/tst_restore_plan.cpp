// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include "engine/history/state_graph.h"
#include "engine/history/timeline.h"

#include "tests/history/history_maker.h"

using namespace engine;

namespace {

RestoreTarget latest() {
    return {};
}

RestoreTarget at(std::int64_t ms) {
    RestoreTarget target;
    target.kind = RestoreTarget::Kind::Moment;
    target.moment = Time{ms};
    return target;
}

RestoreTarget tx(std::uint64_t value) {
    RestoreTarget target;
    target.kind = RestoreTarget::Kind::Tx;
    target.tx = TxId{value};
    return target;
}

RestoreTarget point(const MadeState& state) {
    RestoreTarget target = tx(state.tx.value);
    target.generation = state.generation;
    return target;
}

/// States 1..count in one generation, a second apart, beginning at baseMs.
std::vector<std::size_t> chain(HistoryMaker& maker,
                               std::uint64_t count,
                               std::int64_t baseMs = 10'000) {
    std::mt19937_64 random(count);
    std::vector<std::size_t> states{
        maker.begin(TxId{1}, Time{baseMs}, maker.randomImage(3, random))};
    for (std::uint64_t i = 2; i <= count; ++i) {
        const std::int64_t ms = baseMs + static_cast<std::int64_t>(i - 1) * 1000;
        Buffer image = maker.changed(maker.states()[states.back()].image, random, 8);
        states.push_back(maker.follow(states.back(), TxId{i}, Time{ms}, std::move(image)));
    }
    return states;
}

/// States 1..5, and from 3 on another branch up to lastTx, recorded later: both are stored.
std::pair<std::vector<std::size_t>, std::vector<std::size_t>> parted(HistoryMaker& maker,
                                                                     std::uint64_t lastTx) {
    std::mt19937_64 random(7);
    const std::vector<std::size_t> states = chain(maker, 5);
    maker.snapshot(states[0]);
    maker.segment(states[0], {states.begin() + 1, states.end()});
    maker.setWriter(WriterId{0x88});
    std::vector<std::size_t> branch{states[2]};
    for (std::uint64_t i = 4; i <= lastTx; ++i) {
        branch.push_back(
            maker.follow(branch.back(), TxId{i}, Time{50'000}, maker.randomImage(4, random)));
    }
    branch.erase(branch.begin());
    maker.segment(states[2], branch);
    return {states, branch};
}

std::vector<std::size_t> slice(const std::vector<std::size_t>& all,
                               std::size_t from,
                               std::size_t to) {
    return {all.begin() + static_cast<std::ptrdiff_t>(from),
            all.begin() + static_cast<std::ptrdiff_t>(to)};
}

#define EXPECT_POINT(result, state)                                                           \
    do {                                                                                      \
        const PlanResult result_ = (result);                                                  \
        QVERIFY2(result_.ok(), result_.failure.reason.c_str());                               \
        QCOMPARE(toText(result_.plan->point), toText(Point{(state).generation, (state).tx})); \
        QVERIFY(result_.plan->root == (state).root);                                          \
    } while (false)

}  // namespace

class TestRestorePlan : public QObject {
    Q_OBJECT

private slots:

    void latest_wholeChain_isNewestState() {
        HistoryMaker maker;
        const auto s = chain(maker, 10);
        maker.snapshot(s[0]);
        maker.segment(s[0], slice(s, 1, 5));
        maker.segment(s[4], slice(s, 5, 10));
        EXPECT_POINT(planRestore(maker.load(), latest()), maker.states()[s[9]]);
        QCOMPARE(planRestore(maker.load(), latest()).plan->artefacts.size(), std::size_t{3});
    }

    void latest_emptyHistory_isNotFound() {
        HistoryMaker maker;
        const PlanResult result = planRestore(maker.load(), latest());
        QVERIFY(!result.ok());
        QVERIFY(result.failure.code == ErrorCode::NotFound);
        QVERIFY(!result.failure.nearest);
    }

    void latest_holeBeforeTheEnd_givesNewestReachableAndSaysSo() {
        HistoryMaker maker;
        const auto s = chain(maker, 10);
        maker.snapshot(s[0]);
        maker.segment(s[0], slice(s, 1, 5));
        maker.segment(s[6], slice(s, 7, 10));
        const PlanResult result = planRestore(maker.load(), latest());
        QVERIFY(result.ok());
        QCOMPARE(result.plan->point.tx.value, std::uint64_t{5});
        QCOMPARE(result.plan->notes.size(), std::size_t{1});
        QVERIFY(result.plan->notes[0].find("needs the changes 6..7") != std::string::npos);
    }

    void wideAndNarrowSegments_overlap_widestIsTaken() {
        HistoryMaker maker;
        const auto s = chain(maker, 20);
        maker.snapshot(s[0]);
        for (std::size_t i = 1; i < 20; ++i) {
            maker.segment(s[i - 1], {s[i]});
        }
        maker.segment(s[0], slice(s, 1, 20));
        for (std::size_t i = 0; i < 20; ++i) {
            const PlanResult result = planRestore(maker.load(), point(maker.states()[s[i]]));
            EXPECT_POINT(result, maker.states()[s[i]]);
            QVERIFY(result.plan->artefacts.size() <= 2);
        }
    }

    void overlapInTheMiddle_isEnteredWhereTheRootsMatch() {
        HistoryMaker maker;
        const auto s = chain(maker, 12);
        maker.snapshot(s[0]);
        maker.segment(s[0], slice(s, 1, 6));
        maker.segment(s[3], slice(s, 4, 12));
        const PlanResult result = planRestore(maker.load(), latest());
        EXPECT_POINT(result, maker.states()[s[11]]);
        std::uint64_t commits = 0;
        for (const PlannedArtefact& planned : result.plan->artefacts) {
            commits += planned.commitCount;
        }
        QCOMPARE(commits, std::uint64_t{12});
    }

    void severalSnapshots_theOneWithFewestBytesIsTaken() {
        HistoryMaker maker;
        const auto s = chain(maker, 10);
        maker.snapshot(s[0]);
        maker.segment(s[0], slice(s, 1, 10));
        maker.snapshot(s[8], TxId{7});
        const PlanResult result = planRestore(maker.load(), point(maker.states()[s[8]]));
        EXPECT_POINT(result, maker.states()[s[8]]);
        QCOMPARE(result.plan->artefacts.size(), std::size_t{1});
    }

    void fork_barePoint_isAmbiguousAndRootsDecide() {
        HistoryMaker maker;
        const auto [s, b] = parted(maker, 6);
        const History history = maker.load();
        const PlanResult twice = planRestore(history, point(maker.states()[b[1]]));
        QVERIFY(twice.failure.code == ErrorCode::InvalidArgument);
        QVERIFY(twice.failure.reason.find("was recorded 2 times") != std::string::npos);
        QCOMPARE(twice.failure.candidates.size(), std::size_t{2});
        for (const PlanCandidate& candidate : twice.failure.candidates) {
            QVERIFY(candidate.root.has_value());
            RestoreTarget exact = point(maker.states()[b[1]]);
            exact.root = candidate.root;
            QVERIFY(planRestore(history, exact).plan->root == *candidate.root);
        }
        EXPECT_POINT(planRestore(history, point(maker.states()[b[2]])), maker.states()[b[2]]);
        QCOMPARE(buildTimeline(history).size(), std::size_t{8});
    }

    void fork_newest_isTheLaterNotTheHigherNumber() {
        HistoryMaker maker;
        const auto [s, b] = parted(maker, 4);
        QVERIFY(maker.states()[b[0]].tx < maker.states()[s[4]].tx);
        EXPECT_POINT(planRestore(maker.load(), latest()), maker.states()[b[0]]);
    }

    void clockSetBack_newest_isTheEnd() {
        HistoryMaker maker;
        std::mt19937_64 random(6);
        const auto s = chain(maker, 3);
        const std::size_t last =
            maker.follow(s[2], TxId{4}, Time{9'000}, maker.randomImage(4, random));
        maker.snapshot(s[0]);
        maker.segment(s[0], {s[1], s[2], last});
        EXPECT_POINT(planRestore(maker.load(), latest()), maker.states()[last]);
    }

    void segmentOfAnotherBranch_sameTxIds_isNotUsed() {
        HistoryMaker maker;
        std::mt19937_64 random(8);
        const auto s = chain(maker, 4);
        maker.snapshot(s[0]);
        maker.segment(s[0], {s[1]});
        const std::size_t b2 =
            maker.follow(s[0], TxId{2}, Time{11'000}, maker.randomImage(2, random));
        const std::size_t b3 =
            maker.follow(b2, TxId{3}, Time{12'000}, maker.randomImage(2, random));
        maker.segment(b2, {b3});
        const PlanResult result = planRestore(maker.load(), point(maker.states()[b3]));
        QVERIFY(!result.ok());
        QVERIFY(result.failure.reason.find("follows a state of change 2") != std::string::npos);
        QCOMPARE(result.failure.nearest->first.tx.value, std::uint64_t{2});
    }

    void tx_inTwoGenerations_isAmbiguous() {
        HistoryMaker maker;
        const auto a = chain(maker, 3, 10'000);
        const auto b = chain(maker, 3, 100'000);
        maker.snapshot(a[0]);
        maker.segment(a[0], slice(a, 1, 3));
        maker.snapshot(b[0]);
        maker.segment(b[0], slice(b, 1, 3));
        const PlanResult result = planRestore(maker.load(), tx(2));
        QVERIFY(result.failure.code == ErrorCode::InvalidArgument);
        QCOMPARE(result.failure.candidates.size(), std::size_t{2});
        EXPECT_POINT(planRestore(maker.load(), point(maker.states()[a[1]])), maker.states()[a[1]]);
        EXPECT_POINT(planRestore(maker.load(), latest()), maker.states()[b[2]]);
    }

    void tx_missingPart_namesTheObjectAndTheNearestPoint() {
        HistoryMaker maker;
        maker.setPartBytes(64u << 10);
        std::mt19937_64 random(3);
        const std::size_t first = maker.begin(TxId{1029}, Time{1000}, maker.randomImage(4, random));
        maker.snapshot(first);
        std::vector<std::size_t> states;
        for (std::uint64_t i = 1030; i <= 1050; ++i) {
            const std::size_t parent = states.empty() ? first : states.back();
            states.push_back(maker.follow(parent,
                                          TxId{i},
                                          Time{static_cast<std::int64_t>(i) * 1000},
                                          maker.randomImage(1000, random)));
        }
        const std::size_t segment = maker.segment(first, states);
        QVERIFY(maker.artefacts()[segment].objects.size() > 2);
        const std::string gone = maker.artefacts()[segment].objects[1];
        maker.replica().place().erase(gone);
        RestoreTarget target = point(maker.states()[states[12]]);
        const PlanResult result = planRestore(maker.load(), target);
        QVERIFY(!result.ok());
        QCOMPARE(QString::fromStdString(result.failure.reason),
                 QString::fromStdString(
                     "Change 1042 of generation 9f3c4a01 needs the segment 1030..1050, "
                     "whose object " +
                     gone + " is missing"));
        QCOMPARE(result.failure.nearest->first.tx.value, std::uint64_t{1029});
    }

    void tx_damagedTable_isCorruptionThatNamesTheObject() {
        HistoryMaker maker;
        const auto s = chain(maker, 6);
        maker.snapshot(s[0]);
        const std::size_t segment = maker.segment(s[0], slice(s, 1, 4));
        maker.segment(s[3], slice(s, 4, 6));
        const std::string name = maker.artefacts()[segment].objects.back();
        Buffer bytes = maker.replica().place().objects().at(name);
        bytes[bytes.size() - 10] ^= std::byte{0xff};
        maker.replica().place().store(name, bytes);
        const PlanResult result = planRestore(maker.load(), point(maker.states()[s[5]]));
        QVERIFY(result.failure.code == ErrorCode::Corruption);
        QVERIFY(result.failure.reason.find(name) != std::string::npos);
        QVERIFY(planRestore(maker.load(), at(12'500)).failure.code == ErrorCode::Corruption);
    }

    void latest_damagedTableAtTheEnd_saysSo() {
        HistoryMaker maker;
        const auto s = chain(maker, 4);
        maker.snapshot(s[0]);
        maker.segment(s[0], {s[1]});
        const std::size_t last = maker.segment(s[1], slice(s, 2, 4));
        const std::string name = maker.artefacts()[last].objects.back();
        Buffer bytes = maker.replica().place().objects().at(name);
        bytes[bytes.size() - 10] ^= std::byte{0xff};
        maker.replica().place().store(name, bytes);
        const PlanResult result = planRestore(maker.load(), latest());
        EXPECT_POINT(result, maker.states()[s[1]]);
        QCOMPARE(result.plan->notes.size(), std::size_t{1});
        QVERIFY(result.plan->notes[0].find(name) != std::string::npos);
        const LostPoints lost = findLost(maker.load());
        QCOMPARE(lost.points.size(), std::size_t{2});
        QVERIFY(lost.reason.find(name) != std::string::npos);
    }

    void damagedSegment_laterSnapshotBridgesIt() {
        HistoryMaker maker;
        const auto s = chain(maker, 9);
        maker.snapshot(s[0]);
        const std::size_t hole = maker.segment(s[0], slice(s, 1, 4));
        maker.segment(s[3], slice(s, 4, 9));
        maker.snapshot(s[5]);
        maker.remove(hole);
        const History history = maker.load();
        EXPECT_POINT(planRestore(history, latest()), maker.states()[s[8]]);
        QVERIFY(!planRestore(history, point(maker.states()[s[4]])).ok());
        QCOMPARE(buildTimeline(history).size(), std::size_t{5});  // 1, 6..9
    }

    void moment_exactBetweenBeforeAndAfter() {
        HistoryMaker maker;
        const auto s = chain(maker, 4);
        maker.snapshot(s[0]);
        maker.segment(s[0], slice(s, 1, 4));
        const History history = maker.load();
        EXPECT_POINT(planRestore(history, at(11'000)), maker.states()[s[1]]);
        EXPECT_POINT(planRestore(history, at(11'999)), maker.states()[s[1]]);
        EXPECT_POINT(planRestore(history, at(12'000)), maker.states()[s[2]]);
        EXPECT_POINT(planRestore(history, at(1'000'000)), maker.states()[s[3]]);
        const PlanResult before = planRestore(history, at(9'999));
        QVERIFY(before.failure.code == ErrorCode::NotFound);
        QCOMPARE(before.failure.nearest->first.tx.value, std::uint64_t{1});
    }

    void moment_inAHole_isRefusedWithTheNearest() {
        HistoryMaker maker;
        const auto s = chain(maker, 10);
        maker.snapshot(s[0]);
        maker.segment(s[0], slice(s, 1, 3));
        maker.segment(s[6], slice(s, 7, 8));
        maker.snapshot(s[8]);
        const History history = maker.load();
        EXPECT_POINT(planRestore(history, at(11'500)), maker.states()[s[1]]);
        const PlanResult inGap = planRestore(history, at(14'000));
        QVERIFY(!inGap.ok());
        QVERIFY(inGap.failure.reason.find("lies in a gap") != std::string::npos);
        QCOMPARE(inGap.failure.nearest->first.tx.value, std::uint64_t{3});
        EXPECT_POINT(planRestore(history, at(18'000)), maker.states()[s[8]]);
    }

    void moment_betweenTwoGenerations_isTheEndOfTheOlder() {
        HistoryMaker maker;
        const auto a = chain(maker, 3, 10'000);
        const auto b = chain(maker, 3, 100'000);
        maker.snapshot(a[0]);
        maker.segment(a[0], slice(a, 1, 3));
        maker.snapshot(b[0]);
        EXPECT_POINT(planRestore(maker.load(), at(50'000)), maker.states()[a[2]]);
    }

    void moment_clockSetBack_listsTheCandidates() {
        HistoryMaker maker;
        std::mt19937_64 random(5);
        const std::int64_t times[] = {1000, 2000, 3000, 1500, 2500, 3500};
        std::vector<std::size_t> s{
            maker.begin(TxId{1}, Time{times[0]}, maker.randomImage(2, random))};
        for (std::uint64_t i = 1; i < 6; ++i) {
            s.push_back(
                maker.follow(s.back(), TxId{i + 1}, Time{times[i]}, maker.randomImage(2, random)));
        }
        maker.snapshot(s[0]);
        maker.segment(s[0], slice(s, 1, 6));
        const History history = maker.load();
        const PlanResult twice = planRestore(history, at(2200));
        QVERIFY(twice.failure.code == ErrorCode::InvalidArgument);
        QCOMPARE(twice.failure.candidates.size(), std::size_t{2});
        QCOMPARE(twice.failure.candidates[0].point.tx.value, std::uint64_t{2});
        QCOMPARE(twice.failure.candidates[1].point.tx.value, std::uint64_t{4});
        EXPECT_POINT(planRestore(history, at(1200)), maker.states()[s[0]]);
        EXPECT_POINT(planRestore(history, at(3600)), maker.states()[s[5]]);
    }

    void manyCommits_planAndTimeline_areFast() {
        // Tables only: nothing is fetched.
        History history;
#ifdef NDEBUG
        constexpr std::uint64_t kSegments = 4000;
#else
        constexpr std::uint64_t kSegments = 800;
#endif
        constexpr std::uint64_t kCommits = 250;
        const auto artefact = [](ArtefactKind kind, std::uint64_t first, std::uint64_t count) {
            auto table = std::make_shared<ArtefactTable>();
            table->head.kind = kind;
            table->head.generation = GenerationId{1};
            table->head.pageSize = 4096;
            table->head.firstTxId = TxId{first};
            table->head.parentTxId = TxId{kind == ArtefactKind::Segment ? first - 1 : 0};
            for (std::uint64_t i = 0; i < count; ++i) {
                CommitEntry entry;
                entry.tx = TxId{first + i};
                entry.time = Time{static_cast<std::int64_t>(first + i)};
                entry.highWaterMark = 10;
                entry.parentRoot = Root{0, first + i - 1};
                entry.root = Root{0, first + i};
                entry.firstFrame = i;
                entry.frameCount = 1;
                table->commits.push_back(entry);
            }
            table->summary.pageCount = count;
            table->summary.parts = {PartSummary{0, 0, 0, count}};
            HistoryArtefact made;
            made.descriptor.kind = kind;
            made.descriptor.generation = GenerationId{1};
            made.descriptor.firstTx = TxId{first};
            made.descriptor.lastTx = TxId{first + count - 1};
            made.descriptor.parts = {StoredPart{"x", 50'000}};
            made.table = table;
            return made;
        };
        history.artefacts.push_back(artefact(ArtefactKind::Snapshot, 1, 1));
        for (std::uint64_t i = 0; i < kSegments; ++i) {
            history.artefacts.push_back(
                artefact(ArtefactKind::Segment, 2 + i * kCommits, kCommits));
        }
        QElapsedTimer timer;
        timer.start();
        const PlanResult result = planRestore(history, latest());
        const qint64 planMs = timer.restart();
        QVERIFY(result.ok());
        QCOMPARE(result.plan->point.tx.value, kSegments * kCommits + 1);
        QCOMPARE(result.plan->artefacts.size(), std::size_t{kSegments + 1});
        QVERIFY(planRestore(history, at(100'000)).ok());
        const qint64 momentMs = timer.restart();
        QCOMPARE(buildTimeline(history).size(), std::size_t{kSegments * kCommits + 1});
        const qint64 timelineMs = timer.restart();
        qInfo("%llu commits: plan %lld ms, moment %lld ms, timeline %lld ms",
              static_cast<unsigned long long>(kSegments * kCommits),
              planMs,
              momentMs,
              timelineMs);
        // Room for debug and sanitizer builds on a busy machine; a quadratic step takes hours.
        QVERIFY(planMs < 30'000 && momentMs < 30'000 && timelineMs < 30'000);
    }

    void parsePoint_roundTripAndRefusals() {
        const Point made{GenerationId{0x9f3c4a01deadbeef}, TxId{1042}};
        QCOMPARE(toText(made), std::string("9f3c4a01deadbeef:1042"));
        QVERIFY(parsePoint("9f3c4a01deadbeef:1042").value() == made);
        for (const char* bad : {"",
                                ":",
                                "1042",
                                "9f3c4a01deadbeef:",
                                "9F3C4A01DEADBEEF:1",
                                "9f3c:1",
                                "9f3c4a01deadbeef:-1",
                                "9f3c4a01deadbeef:1 "}) {
            QVERIFY2(!parsePoint(bad).ok(), bad);
        }
    }
};

QTEST_GUILESS_MAIN(TestRestorePlan)
#include "tst_restore_plan.moc"
