// SPDX-License-Identifier: Apache-2.0
#include <random>

#include <QtTest>

#include "engine/base/file_system.h"
#include "engine/format/page_map.h"

using namespace engine;

namespace {

constexpr std::uint64_t kSeed = 0x5eed;

Root rootByHand(const PageMap& map) {
    Root root;
    for (std::uint64_t page = map.firstPage(); page < map.endPage(); ++page) {
        root += rootTerm(page, map.at(page));
    }
    return root;
}

PageMap sampleMap(std::uint64_t pages) {
    PageMap map(4096, 1, kSeed);
    map.resize(pages);
    for (std::uint64_t page = 1; page <= pages; page += 3) {
        map.set(page, page * 0x9e3779b97f4a7c15);
    }
    return map;
}

}  // namespace

class TestPageMap : public QObject {
    Q_OBJECT
private slots:
    void root_ofAnEmptyMap_isZero();
    void root_ofOnePage_isTheDocumentedTerm();
    void root_randomSteps_equalsTheSum();
    void resize_growing_addsPagesOfZeros();
    void resize_shrinkingAndBack_forgetsWhatWasThere();
    void firstPage_ofBolt_isZero();
    void equality_seesEachDifference();
    void checkpoint_roundTrip_isTheSame_data();
    void checkpoint_roundTrip_isTheSame();
    void checkpoint_anyByteChanged_isCorruption();
    void checkpoint_anyLength_isCorruption();
    void checkpoint_missing_isNotFound();
    void checkpoint_saveAgain_replacesAndLeavesNothing();
    void checkpoint_intoMissingFolder_failsClean();

private:
    QTemporaryDir m_folder;

    std::string path(const char* name) const {
        return joinPath(m_folder.path().toStdString(), name);
    }
};

void TestPageMap::root_ofAnEmptyMap_isZero() {
    QVERIFY(PageMap(512, 1, kSeed).root() == Root{});
    QCOMPARE(PageMap(512, 1, kSeed).pageCount(), std::uint64_t{0});
}

void TestPageMap::root_ofOnePage_isTheDocumentedTerm() {
    PageMap map(512, 1, kSeed);
    map.resize(1);
    const Buffer zeros(512);
    Buffer term;
    appendLe(term, std::uint64_t{1});
    appendLe(term, xxh3(zeros, kSeed));
    QVERIFY(map.root() == xxh3_128(term));
    QCOMPARE(map.at(1), map.hashOf(zeros));
}

void TestPageMap::root_randomSteps_equalsTheSum() {
    std::mt19937_64 random(1);
    PageMap map(1024, 1, kSeed);
    for (int step = 0; step < 2000; ++step) {
        if (map.pageCount() == 0 || random() % 20 == 0) {
            map.resize(random() % 5000);
        } else {
            map.set(1 + random() % map.pageCount(), random() % 3 == 0 ? 0 : random());
        }
        if (step % 100 == 0) {
            QVERIFY(map.root() == rootByHand(map));
        }
    }
    QVERIFY(map.root() == rootByHand(map));
    map.resize(0);
    QVERIFY(map.root() == Root{});
}

void TestPageMap::resize_growing_addsPagesOfZeros() {
    PageMap map = sampleMap(10);
    map.resize(5000);
    const std::uint64_t zero = pageHash(Buffer(4096), kSeed);
    for (std::uint64_t page = 11; page <= 5000; ++page) {
        QCOMPARE(map.at(page), zero);
    }
    QVERIFY(map.contains(5000));
    QVERIFY(!map.contains(5001));
    QVERIFY(!map.contains(0));
    QVERIFY(!map.equals(5001, zero));
    QVERIFY(map.root() == rootByHand(map));
}

void TestPageMap::resize_shrinkingAndBack_forgetsWhatWasThere() {
    PageMap map = sampleMap(3000);
    const PageMap small = sampleMap(1000);
    map.resize(1000);
    QVERIFY(map == small);
    map.resize(3000);
    QCOMPARE(map.at(3000), pageHash(Buffer(4096), kSeed));
    QVERIFY(map.root() == rootByHand(map));
}

void TestPageMap::firstPage_ofBolt_isZero() {
    PageMap map(4096, 0, kSeed);
    map.resize(3);
    map.set(0, 7);
    map.set(2, 9);
    QVERIFY(map.contains(0));
    QVERIFY(!map.contains(3));
    QCOMPARE(map.at(0), std::uint64_t{7});
    QVERIFY(map.root() == rootByHand(map));
}

void TestPageMap::equality_seesEachDifference() {
    const PageMap map = sampleMap(2000);
    QVERIFY(map == sampleMap(2000));
    QVERIFY(!(map == sampleMap(2001)));
    PageMap other = sampleMap(2000);
    other.set(1999, 1);
    QVERIFY(!(map == other));
}

void TestPageMap::checkpoint_roundTrip_isTheSame_data() {
    QTest::addColumn<int>("pages");
    for (const int pages : {0, 1, 1023, 1024, 1025, 8192, 8193, 100'000}) {
        QTest::addRow("%d pages", pages) << pages;
    }
}

void TestPageMap::checkpoint_roundTrip_isTheSame() {
    QFETCH(int, pages);
    const PageMap map = sampleMap(static_cast<std::uint64_t>(pages));
    Attrs position;
    position["salt"] = "1234";
    position["bytes"] = std::string("\0\xff\n", 3);
    position[""] = "";
    QVERIFY(savePageMap(path("map"), GenerationId{77}, TxId{88}, position, map).ok());
    const auto loaded = loadPageMap(path("map"));
    QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().message.c_str());
    QCOMPARE(loaded.value().generation.value, std::uint64_t{77});
    QCOMPARE(loaded.value().tx.value, std::uint64_t{88});
    QVERIFY(loaded.value().position == position);
    QVERIFY(loaded.value().map == map);
    const auto facts = factsOf(path("map"));
    QVERIFY(facts.ok());
    QCOMPARE(facts.value().mode & 0777u, 0600u);
}

void TestPageMap::checkpoint_anyByteChanged_isCorruption() {
    QVERIFY(savePageMap(path("map"), GenerationId{1}, TxId{2}, {{"a", "b"}}, sampleMap(5)).ok());
    const auto whole = readWholeFile(path("map"), 1 << 20);
    QVERIFY(whole.ok());
    for (std::size_t i = 0; i < whole.value().size(); ++i) {
        for (const unsigned bits : {0x01u, 0x80u, 0xffu}) {
            Buffer damaged = whole.value();
            damaged[i] ^= static_cast<std::byte>(bits);
            QVERIFY(writeFileAtomically(path("damaged"), damaged).ok());
            const auto loaded = loadPageMap(path("damaged"));
            QVERIFY2(!loaded.ok(), qPrintable(QString::number(i)));
            QCOMPARE(loaded.error().code, ErrorCode::Corruption);
        }
    }
}

void TestPageMap::checkpoint_anyLength_isCorruption() {
    QVERIFY(savePageMap(path("map"), GenerationId{1}, TxId{2}, {}, sampleMap(5)).ok());
    const auto whole = readWholeFile(path("map"), 1 << 20);
    QVERIFY(whole.ok());
    for (std::size_t length = 0; length < whole.value().size() + 20; ++length) {
        if (length == whole.value().size()) {
            continue;
        }
        Buffer cut = whole.value();
        cut.resize(length);
        QVERIFY(writeFileAtomically(path("cut"), cut).ok());
        const auto loaded = loadPageMap(path("cut"));
        QVERIFY(!loaded.ok());
        QCOMPARE(loaded.error().code, ErrorCode::Corruption);
    }
}

void TestPageMap::checkpoint_missing_isNotFound() {
    const auto loaded = loadPageMap(path("nothing"));
    QVERIFY(!loaded.ok());
    QCOMPARE(loaded.error().code, ErrorCode::NotFound);
}

void TestPageMap::checkpoint_saveAgain_replacesAndLeavesNothing() {
    QTemporaryDir folder;
    const std::string file = joinPath(folder.path().toStdString(), "map");
    QVERIFY(savePageMap(file, GenerationId{1}, TxId{1}, {}, sampleMap(5)).ok());
    QVERIFY(savePageMap(file, GenerationId{1}, TxId{2}, {}, sampleMap(6)).ok());
    const auto loaded = loadPageMap(file);
    QVERIFY(loaded.ok());
    QCOMPARE(loaded.value().map.pageCount(), std::uint64_t{6});
    QCOMPARE(listFolder(folder.path().toStdString()).value().size(), std::size_t{1});
}

void TestPageMap::checkpoint_intoMissingFolder_failsClean() {
    const Status saved =
        savePageMap(path("no/such/map"), GenerationId{1}, TxId{1}, {}, sampleMap(1));
    QVERIFY(!saved.ok());
    QCOMPARE(saved.error().code, ErrorCode::NotFound);
}

QTEST_GUILESS_MAIN(TestPageMap)
#include "tst_page_map.moc"
