// SPDX-License-Identifier: Apache-2.0
#include <atomic>

#include <QtTest>

#include "engine/base/thread.h"
#include "engine/replica/memory_replica.h"

#include "tests/replica/check_result.h"

using namespace engine;
using Effect = ReplicaFault::Effect;

class TestMemoryReplicaFaults : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<MemoryReplica> m_replica;

    Status put(const std::string& name, const std::string& text) {
        return m_replica->put(name, viewOf(text), PutMode::New, {});
    }

    std::size_t listedCount() { return m_replica->list("", "", 100, {}).value().objects.size(); }

private slots:

    void init() { m_replica = std::make_unique<MemoryReplica>(); }

    void fail_nthCall_failsThatOneAlone() {
        m_replica->addFault(
            {.verb = ReplicaVerb::Put, .firstCall = 2, .error = Error{ErrorCode::Timeout, "slow"}});
        VERIFY_OK(put("a", "1"));
        COMPARE_CODE(put("b", "1"), Timeout);
        VERIFY_OK(put("b", "1"));
        QCOMPARE(m_replica->requests(ReplicaVerb::Put), std::uint64_t(3));
        QCOMPARE(m_replica->requests(), std::uint64_t(3));
    }

    void fail_namePattern_failsMatchingNamesForEver() {
        m_replica->addFault({.verb = ReplicaVerb::Put,
                             .nameContains = ".snap.",
                             .times = 0,
                             .error = Error{ErrorCode::PermissionDenied, "no"}});
        VERIFY_OK(put("x.seg.1", "1"));
        COMPARE_CODE(put("x.snap.1", "1"), PermissionDenied);
        COMPARE_CODE(put("x.snap.2", "1"), PermissionDenied);
        m_replica->clearFaults();
        VERIFY_OK(put("x.snap.1", "1"));
    }

    void fail_otherVerbs_failEach() {
        VERIFY_OK(put("a", "1"));
        for (const ReplicaVerb verb :
             {ReplicaVerb::Open, ReplicaVerb::Get, ReplicaVerb::List, ReplicaVerb::Remove}) {
            m_replica->addFault({.verb = verb});
        }
        const std::vector<std::string> names = {"a"};
        COMPARE_CODE(m_replica->open({}), Unavailable);
        COMPARE_CODE(m_replica->get("a", {}), Unavailable);
        COMPARE_CODE(m_replica->list("", "", 1, {}), Unavailable);
        COMPARE_CODE(m_replica->remove(names, {}), Unavailable);
        VERIFY_OK(m_replica->open({}));
        VERIFY_OK(m_replica->get("a", {}));
    }

    void loseReply_isStoredAllTheSame() {
        m_replica->addFault({.verb = ReplicaVerb::Put, .effect = Effect::LoseReply});
        COMPARE_CODE(put("a", "1"), Unavailable);
        QCOMPARE(m_replica->place().objects().size(), std::size_t(1));
        VERIFY_OK(put("a", "1"));
    }

    void cutAfter_leavesNothingVisible() {
        m_replica->addFault(
            {.verb = ReplicaVerb::Put, .effect = Effect::CutAfter, .times = 0, .bytes = 3});
        COMPARE_CODE(put("a", "1234"), Unavailable);
        QCOMPARE(listedCount(), std::size_t(0));
        VERIFY_OK(put("a", "123"));
        m_replica->addFault(
            {.verb = ReplicaVerb::Get, .effect = Effect::CutAfter, .times = 0, .bytes = 2});
        COMPARE_CODE(m_replica->get("a", {}), Unavailable);
        VERIFY_OK(m_replica->get("a", ByteRange{0, 2}, {}));
    }

    void flipByte_changesWhatIsRead() {
        VERIFY_OK(put("a", "abc"));
        m_replica->addFault({.verb = ReplicaVerb::Get, .effect = Effect::FlipByte, .bytes = 1});
        const Buffer read = m_replica->get("a", {}).value();
        QCOMPARE(read[0], std::byte{'a'});
        QCOMPARE(read[1], std::byte{'b'} ^ std::byte{0xff});
        QCOMPARE(textOf(m_replica->get("a", {}).value()), std::string("abc"));
    }

    void hang_waitsForStop() {
        m_replica->addFault({.verb = ReplicaVerb::Put, .effect = Effect::Hang});
        std::stop_source source;
        Status result;
        Thread thread("put", [&](std::stop_token) {
            result = m_replica->put("a", viewOf("1"), PutMode::New, source.get_token());
        });
        source.request_stop();
        thread.join();
        COMPARE_CODE(result, Cancelled);
        QCOMPARE(listedCount(), std::size_t(0));
    }

    void capacity_beyond_isNoSpace() {
        m_replica->setCapacity(10);
        VERIFY_OK(put("a", "12345678"));
        COMPARE_CODE(put("b", "123"), NoSpace);
        VERIFY_OK(put("b", "12"));
        VERIFY_OK(m_replica->put("a", viewOf("1"), PutMode::Replace, {}));
        QCOMPARE(m_replica->place().bytes(), std::uint64_t(3));
        VERIFY_OK(put("c", "1234567"));
    }

    void refuseDelete_keepsTheObject() {
        VERIFY_OK(put("a", "1"));
        m_replica->setRefuseDelete(true);
        const std::vector<std::string> names = {"a"};
        COMPARE_CODE(m_replica->remove(names, {}), PermissionDenied);
        QCOMPARE(listedCount(), std::size_t(1));
    }

    void listingLag_hidesNewObjectsForAWhile() {
        m_replica->setListingLag(2);
        QVERIFY(!m_replica->traits().listingConsistent);
        VERIFY_OK(put("a", "1"));
        QCOMPARE(listedCount(), std::size_t(0));
        QCOMPARE(listedCount(), std::size_t(0));
        VERIFY_OK(m_replica->get("a", {}));
        QCOMPARE(listedCount(), std::size_t(1));
    }

    void pause_isCalledWithVerbAndName() {
        std::vector<std::string> seen;
        m_replica->setPause([&](ReplicaVerb verb, std::string_view name) {
            seen.push_back(std::to_string(static_cast<int>(verb)) + ":" + std::string(name));
        });
        VERIFY_OK(put("a", "1"));
        VERIFY_OK(m_replica->get("b", {}).ok() ? Status{} : Status{});
        QCOMPARE(seen, (std::vector<std::string>{"1:a", "2:b"}));
    }
};

QTEST_GUILESS_MAIN(TestMemoryReplicaFaults)
#include "tst_memory_replica_faults.moc"
