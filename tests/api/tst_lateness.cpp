// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include "engine/api/lateness.h"

using namespace engine;

namespace {

std::vector<DatabaseStatus> twoReplicas(ProtectionState disk, ProtectionState nas) {
    DatabaseStatus database;
    database.name = "notes";
    for (const auto& [name, state] : {std::pair("disk", disk), std::pair("nas", nas)}) {
        ReplicaStatus replica;
        replica.name = name;
        replica.state = state;
        replica.lagMs = 400'000;
        replica.pendingBytes = 77;
        database.replicas.push_back(replica);
    }
    return {database};
}

}  // namespace

class TestLateness : public QObject {
    Q_OBJECT

private slots:
    void fallingBehind_isToldOnceAndWithdrawnOnce();
    void removedDatabase_isForgotten();
};

void TestLateness::fallingBehind_isToldOnceAndWithdrawnOnce() {
    using State = ProtectionState;
    Lateness lateness;
    QVERIFY(lateness.changes(twoReplicas(State::Protected, State::CatchingUp)).empty());
    const auto begun = lateness.changes(twoReplicas(State::Protected, State::FallingBehind));
    QCOMPARE(begun.size(), std::size_t{1});
    QCOMPARE(begun[0].database, std::string("notes"));
    QCOMPARE(begun[0].replica, std::string("nas"));
    QVERIFY(begun[0].late);
    QCOMPARE(begun[0].lagMs, std::int64_t{400'000});
    QCOMPARE(begun[0].pendingBytes, std::uint64_t{77});
    QVERIFY(lateness.changes(twoReplicas(State::Protected, State::FallingBehind)).empty());
    const auto ended = lateness.changes(twoReplicas(State::Protected, State::CatchingUp));
    QCOMPARE(ended.size(), std::size_t{1});
    QCOMPARE(ended[0].replica, std::string("nas"));
    QVERIFY(!ended[0].late);
    QVERIFY(lateness.changes(twoReplicas(State::Protected, State::Protected)).empty());
}

void TestLateness::removedDatabase_isForgotten() {
    using State = ProtectionState;
    Lateness lateness;
    QCOMPARE(lateness.changes(twoReplicas(State::FallingBehind, State::FallingBehind)).size(),
             std::size_t{2});
    QVERIFY(lateness.changes({}).empty());
    QCOMPARE(lateness.changes(twoReplicas(State::FallingBehind, State::Protected)).size(),
             std::size_t{1});
}

QTEST_GUILESS_MAIN(TestLateness)
#include "tst_lateness.moc"
