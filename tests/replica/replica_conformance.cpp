// SPDX-License-Identifier: Apache-2.0
#include "tests/replica/replica_conformance.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include <QtTest>

#include "engine/base/thread.h"

#include "tests/replica/check_result.h"
#include "tests/replica/small_disk.h"
#include "tests/replica/test_bytes.h"

using namespace engine;
using testing::someBytes;

namespace {

/// Names whose order as text is not their order folder by folder.
const std::vector<std::string>& nestedNames() {
    static const std::vector<std::string> names = {
        "a-b",
        "a.b/c",
        "a/0",
        "a/b-c/x",
        "a/b.d",
        "a/b/c",
        "a/b/d/e",
        "a/bc",
        "a/c",
        "a0",
        "a_b",
        "b",
        "b0/a",
        "c/d/e/f",
    };
    return names;
}

std::vector<std::string> namesOf(const ListPage& page) {
    std::vector<std::string> names;
    for (const ObjectInfo& object : page.objects) {
        names.push_back(object.name);
    }
    return names;
}

QString joined(const std::vector<std::string>& names) {
    QStringList list;
    for (const std::string& name : names) {
        list << QString::fromStdString(name);
    }
    return list.join(u' ');
}

}  // namespace

std::unique_ptr<Replica> ReplicaConformance::openNew() {
    std::unique_ptr<Replica> replica = connect();
    const Status opened = replica->open({});
    if (!opened.ok()) {
        qFatal("open: %s", opened.error().message.c_str());
    }
    return replica;
}

void ReplicaConformance::put(const std::string& name, ByteView bytes) {
    VERIFY_OK(m_replica->put(name, bytes, PutMode::New, {}));
}

void ReplicaConformance::put(const std::string& name, const std::string& text) {
    put(name, viewOf(text));
}

void ReplicaConformance::putAll(const std::vector<std::string>& names) {
    std::atomic<std::size_t> next{0};
    std::atomic<int> failures{0};
    {
        std::vector<Thread> threads;
        for (int t = 0; t < 8; ++t) {
            threads.emplace_back("put", [&](std::stop_token) {
                for (std::size_t i = next++; i < names.size(); i = next++) {
                    failures +=
                        m_replica->put(names[i], viewOf(names[i]), PutMode::New, {}).ok() ? 0 : 1;
                }
            });
        }
    }
    QCOMPARE(failures.load(), 0);
}

std::string ReplicaConformance::text(const std::string& name) {
    const Result<Buffer> bytes = m_replica->get(name, {});
    return bytes.ok() ? textOf(bytes.value()) : "error " + std::string(toText(bytes.error().code));
}

bool ReplicaConformance::exists(Replica& replica, const std::string& name) {
    const Result<Buffer> bytes = replica.get(name, {});
    return bytes.ok() || bytes.error().code != ErrorCode::NotFound;
}

std::map<std::string, std::uint64_t> ReplicaConformance::listing(Replica& replica) {
    std::map<std::string, std::uint64_t> found;
    const Status listed = listAll(replica, "", {}, [&](const ObjectInfo& object) {
        found[object.name] = object.size;
        return Status{};
    });
    if (!listed.ok()) {
        found["error: " + listed.error().message] = 0;
    }
    return found;
}

void ReplicaConformance::initTestCase() {
    const std::string missing = startServer();
    if (!missing.empty()) {
        QVERIFY2(!testing::isRequired(expectedKind().c_str()), missing.c_str());
        QSKIP(missing.c_str());
    }
}

void ReplicaConformance::init() {
    makeEmptyPlace();
    m_replica = openNew();
}

void ReplicaConformance::cleanup() {
    m_replica.reset();
}

void ReplicaConformance::traits_ofTheKind_nameIt() {
    const ReplicaTraits traits = m_replica->traits();
    qInfo(
        "conformance of kind=%s place=%s durableAck=%d ackSettleMs=%lld listingConsistent=%d "
        "nativeRange=%d "
        "conditionalPut=%d canDelete=%d local=%d",
        traits.kind.c_str(),
        placeDescription().c_str(),
        traits.durableAck,
        static_cast<long long>(traits.ackSettle.count()),
        traits.listingConsistent,
        traits.nativeRange,
        traits.conditionalPut,
        traits.canDelete,
        traits.local);
    QCOMPARE(traits.kind, expectedKind());
    QVERIFY(traits.durableAck || traits.ackSettle.count() >= 0);
}

void ReplicaConformance::open_again_isOk() {
    put("a", "one");
    VERIFY_OK(m_replica->open({}));
    QCOMPARE(text("a"), std::string("one"));
}

void ReplicaConformance::put_anySize_isReadBack_data() {
    QTest::addColumn<quint64>("size");
    for (const std::uint64_t size :
         {0ull, 1ull, 4095ull, 4096ull, 65537ull, (1ull << 20) + 1, 5ull << 20}) {
        QTest::addRow("%llu bytes", static_cast<unsigned long long>(size)) << quint64(size);
    }
    QTest::addRow("the largest object") << quint64(kObjectBytesMax);
}

void ReplicaConformance::put_anySize_isReadBack() {
    QFETCH(quint64, size);
    const Buffer bytes = someBytes(size, 7);
    put("folder/object", bytes);
    const Result<Buffer> read = m_replica->get("folder/object", {});
    VERIFY_OK(read);
    QVERIFY(read.value() == bytes);
    QCOMPARE(listing(*m_replica), (std::map<std::string, std::uint64_t>{{"folder/object", size}}));
}

void ReplicaConformance::put_moreThanAPart_isInvalidArgument() {
    const Buffer bytes(kObjectBytesMax + 1);
    COMPARE_CODE(m_replica->put("a", bytes, PutMode::New, {}), InvalidArgument);
    QVERIFY(listing(*m_replica).empty());
}

void ReplicaConformance::put_newSameBytes_isSuccess() {
    put("a/b", "one");
    VERIFY_OK(m_replica->put("a/b", viewOf("one"), PutMode::New, {}));
    QCOMPARE(text("a/b"), std::string("one"));
    QCOMPARE(listing(*m_replica).size(), std::size_t(1));
}

void ReplicaConformance::put_newOtherBytes_isAlreadyExists() {
    put("a/b", "one");
    COMPARE_CODE(m_replica->put("a/b", viewOf("two"), PutMode::New, {}), AlreadyExists);
    COMPARE_CODE(m_replica->put("a/b", viewOf("one and more"), PutMode::New, {}), AlreadyExists);
    COMPARE_CODE(m_replica->put("a/b", ByteView(), PutMode::New, {}), AlreadyExists);
    QCOMPARE(text("a/b"), std::string("one"));
}

void ReplicaConformance::put_replace_replaces() {
    VERIFY_OK(m_replica->put("a/b", viewOf("the first and longer one"), PutMode::Replace, {}));
    VERIFY_OK(m_replica->put("a/b", viewOf("second"), PutMode::Replace, {}));
    QCOMPARE(text("a/b"), std::string("second"));
    QCOMPARE(listing(*m_replica), (std::map<std::string, std::uint64_t>{{"a/b", 6}}));
}

void ReplicaConformance::put_replaceWhileRead_isNeverMixed() {
    const Buffer first(200'000, std::byte{1});
    const Buffer second(100'000, std::byte{2});
    put("a", first);
    std::atomic<bool> done{false};
    Thread writer("writer", [&](std::stop_token) {
        for (int i = 0;
             i < 50 && m_replica->put("a", i % 2 == 0 ? second : first, PutMode::Replace, {}).ok();
             ++i) {}
        done = true;
    });
    const std::unique_ptr<Replica> reader = openNew();
    while (!done) {
        const Result<Buffer> read = reader->get("a", {});
        VERIFY_OK(read);
        QVERIFY(read.value() == first || read.value() == second);
    }
}

void ReplicaConformance::put_hostileName_isInvalidArgument_data() {
    QTest::addColumn<QByteArray>("name");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("root") << QByteArray("/");
    QTest::newRow("absolute") << QByteArray("/etc/passwd");
    QTest::newRow("up") << QByteArray("..");
    QTest::newRow("up first") << QByteArray("../a");
    QTest::newRow("up inside") << QByteArray("a/../../b");
    QTest::newRow("here") << QByteArray("a/./b");
    QTest::newRow("two slashes") << QByteArray("a//b");
    QTest::newRow("slash at the end") << QByteArray("a/");
    QTest::newRow("hidden") << QByteArray(".tmp-0011223344556677");
    QTest::newRow("dot at the end") << QByteArray("a.");
    QTest::newRow("upper case") << QByteArray("A");
    QTest::newRow("blank") << QByteArray("a b");
    QTest::newRow("backslash") << QByteArray("a\\b");
    QTest::newRow("colon") << QByteArray("c:a");
    QTest::newRow("zero byte") << QByteArray("a\0b", 3);
    QTest::newRow("line end") << QByteArray("a\n");
    QTest::newRow("umlaut") << QByteArray("\xc3\xa4");
    QTest::newRow("percent") << QByteArray("%2e%2e");
    QTest::newRow("long element") << QByteArray(256, 'a');
    QTest::newRow("long name") << QByteArray("aaaaaaa/").repeated(64) + "a";
}

void ReplicaConformance::put_hostileName_isInvalidArgument() {
    QFETCH(QByteArray, name);
    const std::string hostile(name.constData(), static_cast<std::size_t>(name.size()));
    COMPARE_CODE(m_replica->put(hostile, viewOf("x"), PutMode::New, {}), InvalidArgument);
    COMPARE_CODE(m_replica->put(hostile, viewOf("x"), PutMode::Replace, {}), InvalidArgument);
    COMPARE_CODE(m_replica->get(hostile, {}), InvalidArgument);
    COMPARE_CODE(m_replica->get(hostile, ByteRange{0, 1}, {}), InvalidArgument);
    COMPARE_CODE(m_replica->remove({&hostile, 1}, {}), InvalidArgument);
    QVERIFY(listing(*m_replica).empty());
}

void ReplicaConformance::put_longestName_isListed() {
    // As long as our own names get: three folders of ids, and a last part's name.
    const std::string id(16, 'f');
    const std::string name = id + "/" + id + "/" + id + "/" + id + ".snap." + id + "." +
                             std::string(32, '0') + ".p99999." + id +
                             ".20260614t120211123z.20260614t120211123z";
    put(name, "x");
    QCOMPARE(listing(*m_replica), (std::map<std::string, std::uint64_t>{{name, 1}}));
}

void ReplicaConformance::get_missing_isNotFound() {
    COMPARE_CODE(m_replica->get("a", {}), NotFound);
    COMPARE_CODE(m_replica->get("a/b/c", {}), NotFound);
    COMPARE_CODE(m_replica->get("a/b/c", ByteRange{0, 1}, {}), NotFound);
    put("a/b/d", "x");
    COMPARE_CODE(m_replica->get("a/b/c", {}), NotFound);
}

void ReplicaConformance::get_range_isExact_data() {
    QTest::addColumn<quint64>("offset");
    QTest::addColumn<quint64>("length");
    QTest::newRow("all") << quint64(0) << quint64(3'000'000);
    QTest::newRow("first byte") << quint64(0) << quint64(1);
    QTest::newRow("last byte") << quint64(2'999'999) << quint64(1);
    QTest::newRow("tail") << quint64(2'934'464) << quint64(65'536);
    QTest::newRow("middle over a MiB") << quint64(1'000'000) << quint64(1'500'000);
    QTest::newRow("nothing") << quint64(17) << quint64(0);
    QTest::newRow("nothing at the end") << quint64(3'000'000) << quint64(0);
}

void ReplicaConformance::get_range_isExact() {
    QFETCH(quint64, offset);
    QFETCH(quint64, length);
    const Buffer bytes = someBytes(3'000'000, 11);
    put("a", bytes);
    const Result<Buffer> read = m_replica->get("a", ByteRange{offset, length}, {});
    VERIFY_OK(read);
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(offset);
    QVERIFY(read.value() == Buffer(first, first + static_cast<std::ptrdiff_t>(length)));
}

void ReplicaConformance::get_rangeBeyondEnd_isCorruption_data() {
    QTest::addColumn<quint64>("offset");
    QTest::addColumn<quint64>("length");
    QTest::newRow("one too many") << quint64(0) << quint64(1001);
    QTest::newRow("across the end") << quint64(999) << quint64(2);
    QTest::newRow("from the end") << quint64(1000) << quint64(1);
    QTest::newRow("far behind") << quint64(1) << quint64(1ull << 24);
    QTest::newRow("overflow") << quint64(1) << ~quint64(0);
    QTest::newRow("offset overflow") << ~quint64(0) << quint64(2);
}

void ReplicaConformance::get_rangeBeyondEnd_isCorruption() {
    QFETCH(quint64, offset);
    QFETCH(quint64, length);
    put("a", someBytes(1000, 3));
    COMPARE_CODE(m_replica->get("a", ByteRange{offset, length}, {}), Corruption);
}

void ReplicaConformance::list_emptyPlace_isEmptyPage() {
    for (const char* prefix : {"", "a", "a/", "a/b"}) {
        const Result<ListPage> page = m_replica->list(prefix, "", 10, {});
        VERIFY_OK(page);
        QVERIFY(page.value().objects.empty() && !page.value().more);
    }
}

void ReplicaConformance::list_nestedNames_areInNameOrder() {
    putAll(nestedNames());
    const Result<ListPage> page = m_replica->list("", "", 100, {});
    VERIFY_OK(page);
    QVERIFY(std::is_sorted(nestedNames().begin(), nestedNames().end()));
    QCOMPARE(joined(namesOf(page.value())), joined(nestedNames()));
    QVERIFY(!page.value().more);
    for (const ObjectInfo& object : page.value().objects) {
        QCOMPARE(object.size, static_cast<std::uint64_t>(object.name.size()));
    }
}

void ReplicaConformance::list_prefix_matchesText_data() {
    QTest::addColumn<QString>("prefix");
    for (const char* prefix : {"a",
                               "a/",
                               "a/b",
                               "a/b/",
                               "a/b/c",
                               "a/b/d/",
                               "a.",
                               "a-b",
                               "b",
                               "b0/",
                               "c/d",
                               "c/d/e/f",
                               "c/d/e/f/",
                               "x",
                               "a/x",
                               "a/b/c/d"}) {
        QTest::addRow("prefix %s", prefix) << QString::fromLatin1(prefix);
    }
}

void ReplicaConformance::list_prefix_matchesText() {
    QFETCH(QString, prefix);
    const std::string wanted = prefix.toStdString();
    std::vector<std::string> expected;
    putAll(nestedNames());
    for (const std::string& name : nestedNames()) {
        if (name.substr(0, wanted.size()) == wanted) {
            expected.push_back(name);
        }
    }
    const Result<ListPage> page = m_replica->list(wanted, "", 100, {});
    VERIFY_OK(page);
    QCOMPARE(joined(namesOf(page.value())), joined(expected));
}

void ReplicaConformance::list_startAfter_goesOnBehindIt_data() {
    QTest::addColumn<QString>("prefix");
    QTest::addColumn<QString>("startAfter");
    for (const char* after : {"",
                              "0",
                              "a",
                              "a-b",
                              "a.b/",
                              "a/",
                              "a/b",
                              "a/b/",
                              "a/b/c",
                              "a/b/c0",
                              "a/b/d/e",
                              "a/bb",
                              "a0",
                              "b",
                              "b0",
                              "c/d/e/e",
                              "c/d/e/f",
                              "zz"}) {
        QTest::addRow("after %s", after) << QString() << QString::fromLatin1(after);
        QTest::addRow("a/b after %s", after) << QStringLiteral("a/b") << QString::fromLatin1(after);
    }
}

void ReplicaConformance::list_startAfter_goesOnBehindIt() {
    QFETCH(QString, prefix);
    QFETCH(QString, startAfter);
    std::vector<std::string> expected;
    putAll(nestedNames());
    for (const std::string& name : nestedNames()) {
        if (name > startAfter.toStdString() && QString::fromStdString(name).startsWith(prefix)) {
            expected.push_back(name);
        }
    }
    const Result<ListPage> page =
        m_replica->list(prefix.toStdString(), startAfter.toStdString(), 100, {});
    VERIFY_OK(page);
    QCOMPARE(joined(namesOf(page.value())), joined(expected));
}

void ReplicaConformance::list_pages_coverEverythingOnce_data() {
    QTest::addColumn<int>("limit");
    for (const int limit : {1, 2, 3, 5, 13, 14, 15}) {
        QTest::addRow("pages of %d", limit) << limit;
    }
}

void ReplicaConformance::list_pages_coverEverythingOnce() {
    QFETCH(int, limit);
    putAll(nestedNames());
    std::vector<std::string> found;
    for (bool more = true; more;) {
        const Result<ListPage> page = m_replica->list(
            "", found.empty() ? "" : found.back(), static_cast<std::size_t>(limit), {});
        VERIFY_OK(page);
        QVERIFY(page.value().objects.size() <= static_cast<std::size_t>(limit));
        const std::vector<std::string> names = namesOf(page.value());
        QVERIFY2(!page.value().more || !names.empty(),
                 "a page without objects says that there are more");
        found.insert(found.end(), names.begin(), names.end());
        more = page.value().more;
    }
    QCOMPARE(joined(found), joined(nestedNames()));
}

void ReplicaConformance::list_hostilePrefix_isInvalidArgument() {
    for (const char* prefix :
         {"/", "/etc", "..", "../", "a/../", "a//", "./", "A", "a b", "a/.x"}) {
        COMPARE_CODE(m_replica->list(prefix, "", 10, {}), InvalidArgument);
    }
    // A start is only compared, so it may be anything.
    VERIFY_OK(m_replica->list("", "../../etc", 10, {}));
}

void ReplicaConformance::list_noLimit_isInvalidArgument() {
    COMPARE_CODE(m_replica->list("", "", 0, {}), InvalidArgument);
}

void ReplicaConformance::list_threeThousandObjects_allInOrder() {
    std::vector<std::string> expected;
    for (int i = 0; i < 3000; ++i) {
        char name[64];
        std::snprintf(name,
                      sizeof name,
                      "c%d/d%03d/%016x.seg",
                      i % 3,
                      i % 100,
                      static_cast<unsigned>(i) * 7919u % 3000u);
        expected.emplace_back(name);
    }
    putAll(expected);
    std::sort(expected.begin(), expected.end());
    std::vector<std::string> found;
    int pages = 0;
    for (bool more = true; more; ++pages) {
        const Result<ListPage> page =
            m_replica->list("", found.empty() ? "" : found.back(), 700, {});
        VERIFY_OK(page);
        const std::vector<std::string> names = namesOf(page.value());
        found.insert(found.end(), names.begin(), names.end());
        more = page.value().more;
    }
    QVERIFY(found == expected);
    QVERIFY(pages >= 5);
    QCOMPARE(listing(*m_replica).size(), expected.size());
}

void ReplicaConformance::remove_missing_isSuccess() {
    const std::vector<std::string> names = {"a", "b/c/d"};
    VERIFY_OK(m_replica->remove(names, {}));
    VERIFY_OK(m_replica->remove({}, {}));
}

void ReplicaConformance::remove_several_areGone() {
    put("a/b/one", "1");
    put("a/b/two", "2");
    put("a/three", "3");
    const std::vector<std::string> names = {"a/b/one", "a/b/missing", "a/b/two"};
    VERIFY_OK(m_replica->remove(names, {}));
    QCOMPARE(listing(*m_replica), (std::map<std::string, std::uint64_t>{{"a/three", 1}}));
    COMPARE_CODE(m_replica->get("a/b/one", {}), NotFound);
}

void ReplicaConformance::remove_lastOfFolder_canBePutAgain() {
    const std::vector<std::string> names = {"a/b/c/one"};
    for (int i = 0; i < 3; ++i) {
        put(names[0], "number " + std::to_string(i));
        QCOMPARE(text(names[0]), "number " + std::to_string(i));
        VERIFY_OK(m_replica->remove(names, {}));
        QVERIFY(listing(*m_replica).empty());
    }
}

void ReplicaConformance::concurrentPuts_distinctNames_allStored() {
    constexpr int kThreads = 6;
    constexpr int kObjects = 40;
    std::atomic<int> failures{0};
    {
        std::vector<Thread> threads;
        for (int t = 0; t < kThreads; ++t) {
            threads.emplace_back("put", [this, t, &failures](std::stop_token) {
                for (int i = 0; i < kObjects; ++i) {
                    const std::string name = "c/" + std::to_string(i) + "/" + std::to_string(t);
                    const Buffer bytes = someBytes(static_cast<std::size_t>(1000 * t + i),
                                                   static_cast<std::uint64_t>(t));
                    failures += m_replica->put(name, bytes, PutMode::New, {}).ok() ? 0 : 1;
                }
            });
        }
    }
    QCOMPARE(failures.load(), 0);
    QCOMPARE(listing(*m_replica).size(), std::size_t(kThreads * kObjects));
    for (int i = 0; i < kThreads * kObjects; ++i) {
        const int t = i / kObjects;
        const Result<Buffer> read =
            m_replica->get("c/" + std::to_string(i % kObjects) + "/" + std::to_string(t), {});
        VERIFY_OK(read);
        QVERIFY(read.value() == someBytes(static_cast<std::size_t>(1000 * t + i % kObjects),
                                          static_cast<std::uint64_t>(t)));
    }
}

void ReplicaConformance::concurrentPuts_sameNewName_oneWins() {
    if (!m_replica->traits().conditionalPut) {
        QSKIP("the kind has no atomic create");
    }
    for (int round = 0; round < 20; ++round) {
        const std::string name = "race/" + std::to_string(round);
        std::atomic<int> won{0};
        std::atomic<int> lost{0};
        {
            std::vector<Thread> threads;
            for (int t = 0; t < 4; ++t) {
                threads.emplace_back("race", [&, t](std::stop_token) {
                    const Buffer bytes = someBytes(10'000, static_cast<std::uint64_t>(t));
                    const Status put = m_replica->put(name, bytes, PutMode::New, {});
                    won += put.ok() ? 1 : 0;
                    lost += !put.ok() && put.error().code == ErrorCode::AlreadyExists ? 1 : 0;
                });
            }
        }
        QCOMPARE(won.load(), 1);
        QCOMPARE(lost.load(), 3);
    }
}

void ReplicaConformance::concurrentPutsAndRemoves_sameFolder_neverFail() {
    const std::unique_ptr<Replica> other = openNew();
    std::atomic<int> failures{0};
    const auto churn = [&failures](Replica& replica, const std::string& name) {
        const std::vector<std::string> names = {"deep/er/" + name};
        for (int i = 0; i < 150; ++i) {
            failures += replica.put(names[0], viewOf(name), PutMode::New, {}).ok() ? 0 : 1;
            const Result<Buffer> read = replica.get(names[0], {});
            failures += read.ok() && textOf(read.value()) == name ? 0 : 1;
            failures += replica.remove(names, {}).ok() ? 0 : 1;
        }
    };
    {
        const Thread first("churn", [&](std::stop_token) { churn(*m_replica, "one"); });
        const Thread second("churn", [&](std::stop_token) { churn(*m_replica, "two"); });
        const Thread third("churn", [&](std::stop_token) { churn(*other, "three"); });
    }
    QCOMPARE(failures.load(), 0);
    QVERIFY(listing(*m_replica).empty());
}

void ReplicaConformance::stopped_everyVerb_isCancelled() {
    put("a", "one");
    std::stop_source source;
    source.request_stop();
    const std::stop_token stop = source.get_token();
    const std::vector<std::string> names = {"a"};
    COMPARE_CODE(m_replica->put("b", viewOf("x"), PutMode::New, stop), Cancelled);
    COMPARE_CODE(m_replica->get("a", stop), Cancelled);
    COMPARE_CODE(m_replica->get("a", ByteRange{0, 1}, stop), Cancelled);
    COMPARE_CODE(m_replica->list("", "", 10, stop), Cancelled);
    COMPARE_CODE(m_replica->remove(names, stop), Cancelled);
    QCOMPARE(listing(*m_replica), (std::map<std::string, std::uint64_t>{{"a", 3}}));
}

void ReplicaConformance::stoppedMidPut_leavesAllOrNothing() {
    const Buffer bytes = someBytes(kObjectBytesMax, 5);
    for (int round = 0; round < 4; ++round) {
        const std::string name = "stop/" + std::to_string(round);
        std::stop_source source;
        std::atomic<bool> begun{false};
        Status put;
        Thread thread("put", [&](std::stop_token) {
            begun = true;
            put = m_replica->put(name, bytes, PutMode::New, source.get_token());
        });
        while (!begun) {}
        QElapsedTimer timer;
        timer.start();
        source.request_stop();
        thread.join();
        QVERIFY2(timer.elapsed() < 2000, "stop is observed within 2 s");
        if (put.ok()) {
            const Result<Buffer> read = m_replica->get(name, {});
            QVERIFY(read.ok() && read.value() == bytes);
        } else {
            QCOMPARE(put.error().code, ErrorCode::Cancelled);
            QVERIFY(!exists(*m_replica, name));
        }
    }
}

void ReplicaConformance::partialPut_isNeverVisible() {
    const std::unique_ptr<Replica> observer = openNew();
    const Buffer bytes = someBytes(16u << 20, 9);
    std::atomic<bool> done{false};
    Thread writer("put", [&](std::stop_token) {
        for (int i = 0; i < 4; ++i) {
            ignoreError(m_replica->put("big/" + std::to_string(i), bytes, PutMode::New, {}),
                        "checked below");
        }
        done = true;
    });
    for (bool last = false; !last;) {
        last = done;
        for (const auto& [name, size] : listing(*observer)) {
            QVERIFY2(name.substr(0, 4) == "big/", name.c_str());
            QCOMPARE(size, static_cast<std::uint64_t>(bytes.size()));
        }
        const Result<Buffer> read = observer->get("big/3", ByteRange{bytes.size() - 100, 100}, {});
        QVERIFY(read.ok() || read.error().code == ErrorCode::NotFound);
    }
    QCOMPARE(listing(*observer).size(), std::size_t(4));
}

void ReplicaConformance::twoConnections_seeTheSame() {
    const std::unique_ptr<Replica> other = openNew();
    put("a/one", "1");
    VERIFY_OK(other->put("a/two", viewOf("22"), PutMode::New, {}));
    COMPARE_CODE(other->put("a/one", viewOf("other"), PutMode::New, {}), AlreadyExists);
    QCOMPARE(text("a/two"), std::string("22"));
    if (m_replica->traits().listingConsistent) {
        QCOMPARE(listing(*other), listing(*m_replica));
    }
    const std::vector<std::string> names = {"a/one"};
    VERIFY_OK(other->remove(names, {}));
    QVERIFY(!exists(*m_replica, "a/one"));
}
