// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <QtTest>

#include "engine/restore/verifier.h"

#include "tests/history/history_maker.h"

using namespace engine;

namespace {

VerifyReport verify(const HistoryMaker& maker) {
    const History history = maker.load();
    Result<VerifyReport> report = verifyHistory(maker.replica(), history, nullptr, {}, {});
    ENSURE(report.ok());
    return std::move(report).value();
}

bool names(const VerifyReport& report, const std::string& object) {
    return std::any_of(report.damaged.begin(),
                       report.damaged.end(),
                       [&](const DamagedObject& damaged) { return damaged.name == object; });
}

void flip(const HistoryMaker& maker, const std::string& name, std::size_t at) {
    Buffer bytes = maker.replica().place().objects().at(name);
    bytes[at] ^= std::byte{0x10};
    maker.replica().place().store(name, bytes);
}

}  // namespace

class TestReplicaVerify : public QObject {
    Q_OBJECT

private slots:

    void init() {
        m_maker = std::make_unique<HistoryMaker>(512);
        std::mt19937_64 random(31);
        m_states = {m_maker->begin(TxId{1}, Time{1000}, m_maker->randomImage(30, random))};
        for (std::uint64_t i = 2; i <= 12; ++i) {
            Buffer image = m_maker->changed(m_maker->states()[m_states.back()].image, random, 40);
            const Time time{static_cast<std::int64_t>(i) * 1000};
            m_states.push_back(m_maker->follow(m_states.back(), TxId{i}, time, std::move(image)));
        }
    }

    void soundReplica_withOverlapsAndForks_hasNoDamage() {
        m_maker->snapshot(m_states[0]);
        m_maker->segment(m_states[0], range(1, 6));
        m_maker->segment(m_states[3], range(4, 12));
        m_maker->segment(m_states[1], {m_states[2], m_states[7]});
        m_maker->snapshot(m_states[6], TxId{6});
        m_maker->snapshot(m_states[7]);
        std::mt19937_64 random(32);
        const auto fork =
            m_maker->follow(m_states[4], TxId{6}, Time{6000}, m_maker->randomImage(7, random));
        m_maker->segment(m_states[4], {fork});
        m_maker->snapshot(fork);
        const VerifyReport report = verify(*m_maker);
        QVERIFY2(report.damaged.empty(),
                 report.damaged.empty() ? "" : report.damaged[0].problem.c_str());
        QVERIFY(report.lost.empty());
        QCOMPARE(report.points, std::uint64_t{13});
        QCOMPARE(report.objects, std::uint64_t{8});
    }

    void damagedBlock_isNamedWithThePointsThatAreLost() {
        m_maker->snapshot(m_states[0]);
        const std::size_t hurt = m_maker->segment(m_states[0], range(1, 6));
        m_maker->segment(m_states[5], range(6, 12));
        m_maker->snapshot(m_states[8]);
        const std::string name = m_maker->artefacts()[hurt].objects[0];
        flip(*m_maker, name, m_maker->replica().place().objects().at(name).size() / 2);
        const VerifyReport report = verify(*m_maker);
        QCOMPARE(report.damaged.size(), std::size_t{1});
        QVERIFY(names(report, name));
        QCOMPARE(report.points, std::uint64_t{12});
        // 2..6 are in it, 7 and 8 come before the next snapshot.
        QCOMPARE(report.lost.size(), std::size_t{7});
        QCOMPARE(report.lost.front().tx.value, std::uint64_t{2});
        QCOMPARE(report.lost.back().tx.value, std::uint64_t{8});
    }

    void damagedOverlap_losesNothing() {
        m_maker->snapshot(m_states[0]);
        const std::size_t hurt = m_maker->segment(m_states[0], range(1, 6));
        m_maker->segment(m_states[0], range(1, 12));
        const std::string name = m_maker->artefacts()[hurt].objects[0];
        flip(*m_maker, name, m_maker->replica().place().objects().at(name).size() / 2);
        const VerifyReport report = verify(*m_maker);
        QVERIFY(names(report, name));
        QVERIFY(report.lost.empty());
    }

    void removedObject_showsAsAGap() {
        m_maker->snapshot(m_states[0]);
        const std::size_t gone = m_maker->segment(m_states[0], range(1, 6));
        const std::size_t hangs = m_maker->segment(m_states[5], range(6, 12));
        const std::string first = m_maker->artefacts()[hangs].objects[0];
        m_maker->remove(gone);
        const VerifyReport report = verify(*m_maker);
        QVERIFY(names(report, first));
        QVERIFY(report.damaged[0].problem.find("2..6") != std::string::npos);
        QCOMPARE(report.points, std::uint64_t{7});  // 1 and 7..12
        QCOMPARE(report.lost.size(), std::size_t{6});
    }

    void removedSnapshot_nothingElse_losesEverything() {
        const std::size_t gone = m_maker->snapshot(m_states[0]);
        const std::size_t hangs = m_maker->segment(m_states[0], range(1, 6));
        m_maker->segment(m_states[5], range(6, 12));
        const std::string first = m_maker->artefacts()[hangs].objects[0];
        m_maker->remove(gone);
        const VerifyReport report = verify(*m_maker);
        QCOMPARE(report.points, std::uint64_t{11});
        QCOMPARE(report.lost.size(), std::size_t{11});
        QCOMPARE(report.damaged.size(), std::size_t{1});
        QVERIFY(names(report, first));
        const LostPoints lost = findLost(m_maker->load());
        QCOMPARE(lost.points.size(), std::size_t{11});
        QVERIFY(lost.reason.find("no stored snapshot") != std::string::npos);
    }

    void removedSnapshot_aLaterOne_losesWhatWasBefore() {
        const std::size_t gone = m_maker->snapshot(m_states[0]);
        m_maker->segment(m_states[0], range(1, 4));
        m_maker->segment(m_states[3], range(4, 12));
        m_maker->snapshot(m_states[8]);
        m_maker->remove(gone);
        QCOMPARE(verify(*m_maker).lost.size(), std::size_t{7});  // 2..8
    }

    void segmentOlderThanTheFirstSnapshot_keptForItsEnd_isNoLoss() {
        m_maker->segment(m_states[3], range(4, 12));
        m_maker->snapshot(m_states[8]);
        const VerifyReport report = verify(*m_maker);
        QVERIFY(report.damaged.empty() && report.lost.empty());
        QCOMPARE(report.points, std::uint64_t{4});  // 9..12
    }

    void damagedTable_losesWhatFollowsIt() {
        m_maker->snapshot(m_states[0]);
        const std::size_t hurt = m_maker->segment(m_states[0], range(1, 6));
        m_maker->segment(m_states[5], range(6, 12));
        const std::string name = m_maker->artefacts()[hurt].objects.back();
        flip(*m_maker, name, m_maker->replica().place().objects().at(name).size() - 10);
        const VerifyReport report = verify(*m_maker);
        QVERIFY(names(report, name));
        QCOMPARE(report.lost.size(), std::size_t{8});  // 2 and 6 by its name, 7..12
    }

    void changesDuringTheFirstSnapshot_areNoLoss() {
        m_maker->segment(m_states[0], range(1, 3));
        m_maker->segment(m_states[2], range(3, 6));
        m_maker->segment(m_states[5], range(6, 12));
        m_maker->snapshot(m_states[5], TxId{1});
        const VerifyReport report = verify(*m_maker);
        QVERIFY(report.damaged.empty());
        QVERIFY(report.lost.empty());
        QCOMPARE(report.points, std::uint64_t{7});
    }

    void pagesThatDoNotGiveTheRoot_areFound() {
        // A recorder that lost a page: every checksum fits, the content does not.
        m_maker->snapshot(m_states[0]);
        m_maker->segment(m_states[0], range(1, 4));
        m_maker->setDropFirstFrame(true);
        const std::size_t wrong = m_maker->segment(m_states[3], range(4, 6));
        m_maker->setDropFirstFrame(false);
        m_maker->segment(m_states[5], range(6, 12));
        const VerifyReport report = verify(*m_maker);
        QVERIFY(names(report, m_maker->artefacts()[wrong].objects.back()));
        QCOMPARE(report.damaged.size(), std::size_t{1});
        QCOMPARE(report.lost.size(), std::size_t{8});
    }

    void stop_isObserved() {
        m_maker->snapshot(m_states[0]);
        std::stop_source stop;
        stop.request_stop();
        const History history = m_maker->load();
        const auto report =
            verifyHistory(m_maker->replica(), history, nullptr, {}, stop.get_token());
        QVERIFY(report.error().code == ErrorCode::Cancelled);
    }

private:
    std::vector<std::size_t> range(std::size_t from, std::size_t to) const {
        return {m_states.begin() + static_cast<std::ptrdiff_t>(from),
                m_states.begin() + static_cast<std::ptrdiff_t>(to)};
    }

    std::unique_ptr<HistoryMaker> m_maker;
    std::vector<std::size_t> m_states;
};

QTEST_GUILESS_MAIN(TestReplicaVerify)
#include "tst_replica_verify.moc"
