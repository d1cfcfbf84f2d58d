// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/base/file_system.h"
#include "engine/history/index.h"
#include "engine/history/listing.h"
#include "engine/history/table_codec.h"
#include "engine/replica/marker.h"

#include "tests/history/history_maker.h"

using namespace engine;

namespace {

PartName partName(std::uint64_t firstTx,
                  std::uint32_t part,
                  ArtefactKind kind = ArtefactKind::Segment) {
    PartName name;
    name.location = DatabaseLocation{ComputerId{0xc0}, DatabaseId{0xdb}};
    name.generation = GenerationId{0x9e};
    name.kind = kind;
    name.firstTx = TxId{firstTx};
    name.writer = WriterId{7};
    name.artefact.bytes[0] = std::byte{static_cast<unsigned char>(firstTx)};
    name.part = part;
    return name;
}

PartName lastName(std::uint64_t firstTx,
                  std::uint32_t part,
                  std::uint64_t lastTx,
                  ArtefactKind kind = ArtefactKind::Segment) {
    PartName name = partName(firstTx, part, kind);
    const auto ms = static_cast<std::int64_t>(firstTx) * 1000;
    name.last = LastPart{TxId{lastTx}, Time{ms}, Time{ms + 500}};
    return name;
}

Listing list(MemoryReplica& replica) {
    const DatabaseLocation location{ComputerId{0xc0}, DatabaseId{0xdb}};
    Result<Listing> listing = listHistory(replica, location, {});
    ENSURE(listing.ok());
    return std::move(listing).value();
}

}  // namespace

class TestListing : public QObject {
    Q_OBJECT

private slots:

    void parts_areGroupedAndWholeOnlyWithAllOfThem() {
        MemoryReplica replica;
        for (const PartName& name : {partName(1, 1),
                                     partName(1, 2),
                                     lastName(1, 3, 9),  // whole
                                     partName(10, 1),
                                     lastName(10, 3, 19),  // 2 is missing
                                     partName(20, 1),
                                     partName(20, 2),      // under way
                                     lastName(30, 1, 29),  // ends before it begins
                                     lastName(40, 1, 40, ArtefactKind::Snapshot)}) {
            replica.place().store(name.text(), Buffer(10));
        }
        const Listing listing = list(replica);
        QCOMPARE(listing.artefacts.size(), std::size_t{2});
        QCOMPARE(listing.artefacts[0].parts.size(), std::size_t{3});
        QCOMPARE(listing.artefacts[0].bytes(), std::uint64_t{30});
        QCOMPARE(listing.artefacts[0].lastTx.value, std::uint64_t{9});
        QVERIFY(listing.artefacts[1].kind == ArtefactKind::Snapshot);
        QCOMPARE(listing.incomplete.size(), std::size_t{5});
        QVERIFY(listing.unknown.empty());
    }

    void twoLastParts_areNoArtefact() {
        MemoryReplica replica;
        replica.place().store(lastName(1, 1, 5).text(), Buffer(10));
        replica.place().store(lastName(1, 1, 6).text(), Buffer(10));
        QVERIFY(list(replica).artefacts.empty());
        QCOMPARE(list(replica).incomplete.size(), std::size_t{2});
    }

    void foreignNames_areUnknown() {
        MemoryReplica replica;
        const std::string folder = "00000000000000c0/00000000000000db/";
        for (const char* name :
             {"notes.txt", "000000000000009e/readme", "000000000000009e/0001.seg"}) {
            replica.place().store(folder + name, Buffer(1));
        }
        replica.place().store(folder + "database.json", Buffer(1));
        replica.place().store("00000000000000c1/00000000000000db/other", Buffer(1));
        QCOMPARE(list(replica).unknown.size(), std::size_t{3});
    }

    void databases_areFoundWithOneRequestEach() {
        MemoryReplica replica;
        DatabaseInfo info;
        info.location = DatabaseLocation{ComputerId{0xc0}, DatabaseId{0xdb}};
        info.name = "notes";
        info.path = "/home/ann/notes.db";
        replica.place().store(databaseObjectName(info.location), [&] {
            const std::string json = toJson(info);
            return Buffer(viewOf(json).begin(), viewOf(json).end());
        }());
        for (std::uint64_t i = 1; i <= 3000; ++i) {
            replica.place().store(lastName(i, 1, i).text(), Buffer(1));
        }
        const DatabaseLocation bare{ComputerId{0xc1}, DatabaseId{1}};
        const DatabaseLocation broken{ComputerId{0xc1}, DatabaseId{2}};
        replica.place().store(folderOf(bare) + "x", Buffer(1));
        replica.place().store(databaseObjectName(broken), Buffer(20));
        replica.place().store("keys/0001", Buffer(1));
        replica.place().store(std::string(kMarker), Buffer(1));
        const auto found = listDatabases(replica, {});
        QVERIFY(found.ok());
        QCOMPARE(found.value().size(), std::size_t{3});
        QVERIFY(found.value()[0].info.has_value());
        QCOMPARE(found.value()[0].info->path, info.path);
        QVERIFY(!found.value()[1].info && !found.value()[2].info);
        QVERIFY(replica.requests(ReplicaVerb::List) <= 4);
    }

    void databaseInfo_roundTripUnknownKeysAndRefusals() {
        DatabaseInfo info;
        info.location = DatabaseLocation{ComputerId{1}, DatabaseId{2}};
        info.name = "n\xff";  // not UTF-8
        info.engine = DatabaseEngine::Bolt;
        info.keyId = "k1";
        std::string json = toJson(info);
        json.insert(json.find('{') + 1, "\"later\": [1, {\"x\": null}],");
        const auto parsed = parseDatabaseInfo(json);
        QVERIFY(parsed.ok());
        QVERIFY(parsed.value().location == info.location && parsed.value().engine == info.engine);
        QCOMPARE(parsed.value().keyId, info.keyId);
        for (const char* bad :
             {"",
              "[]",
              "{}",
              "{\"version\":1}",
              "{\"version\":\"1\"}",
              "{\"version\":99}",
              "{\"version\":1,\"computerId\":\"x\",\"databaseId\":\"y\",\"engine\":\"sqlite\"}"}) {
            QVERIFY2(!parseDatabaseInfo(bad).ok(), bad);
        }
        QVERIFY(!parseDatabaseInfo(std::string(100'000, '[')).ok());
    }

    void latestState_isOfTheNewestGeneration() {
        MemoryReplica replica;
        for (const PartName& name : {lastName(1, 1, 1, ArtefactKind::Snapshot),
                                     lastName(2, 1, 5),
                                     lastName(6, 1, 6, ArtefactKind::Snapshot),
                                     lastName(7, 1, 9)}) {
            replica.place().store(name.text(), Buffer(1));
        }
        const LatestState state = latestState(list(replica));
        QVERIFY(state.snapshot && state.snapshot->lastTx.value == 6);
        QCOMPARE(state.segments.size(), std::size_t{1});
        QCOMPARE(state.segments[0].lastTx.value, std::uint64_t{9});
        QCOMPARE(state.lastUploaded.ms, std::int64_t{7500});
    }

    void index_savesTheReads() {
        QTemporaryDir folder;
        const std::string path = folder.filePath(QStringLiteral("sub/index.db")).toStdString();
        HistoryMaker maker;
        fill(maker);
        auto index = HistoryIndex::open(path);
        QVERIFY(index.ok());
        QCOMPARE(factsOf(path).value().mode & 0777u, 0600u);
        const std::uint64_t before = maker.replica().requests(ReplicaVerb::Get);
        QVERIFY(
            loadHistory(maker.replica(), maker.location(), nullptr, index.value().get(), {}).ok());
        const std::uint64_t first = maker.replica().requests(ReplicaVerb::Get);
        QVERIFY(first - before >= 3);
        index = HistoryIndex::open(path);
        const auto again =
            loadHistory(maker.replica(), maker.location(), nullptr, index.value().get(), {});
        QVERIFY(again.ok());
        QCOMPARE(maker.replica().requests(ReplicaVerb::Get) - first,
                 std::uint64_t{1});  // the marker
        for (const HistoryArtefact& artefact : again.value().artefacts) {
            QVERIFY(artefact.table != nullptr && artefact.problem.empty());
        }
    }

    void index_otherReplica_isNotBelieved() {
        QTemporaryDir folder;
        HistoryMaker maker;
        fill(maker);
        auto index = HistoryIndex::open(folder.filePath(QStringLiteral("i")).toStdString());
        const ArtefactTable table = *maker.load().artefacts[0].table;
        index.value()->store("a", table);
        QVERIFY(index.value()->find("a", table.head.id).has_value());
        QVERIFY(!index.value()->find("b", table.head.id).has_value());
    }

    void index_whereNoFileCanBe_isInMemory() {
        const QTemporaryDir folder;
        QVERIFY(QDir(folder.path()).mkpath(QStringLiteral("taken/by")));
        HistoryMaker maker;
        fill(maker);
        const ArtefactTable table = *maker.load().artefacts[0].table;
        auto index = HistoryIndex::open(folder.filePath(QStringLiteral("taken")).toStdString());
        QVERIFY2(index.ok(), index.ok() ? "" : index.error().message.c_str());
        index.value()->store("a", table);
        QVERIFY(index.value()->find("a", table.head.id).has_value());
    }

    void index_tornOldOrForeign_isMadeAnew() {
        QTemporaryDir folder;
        const std::string path = folder.filePath(QStringLiteral("index.db")).toStdString();
        ENSURE(
            writeFileAtomically(path, viewOf("this is no database, but it has some length to it"))
                .ok());
        QVERIFY(HistoryIndex::open(path).ok());
        const Buffer whole = readWholeFile(path, 1u << 20).value();
        for (const std::size_t length : {std::size_t{1}, std::size_t{100}, whole.size() / 2}) {
            ENSURE(writeFileAtomically(path, ByteView(whole).first(length)).ok());
            auto index = HistoryIndex::open(path);
            QVERIFY(index.ok());
            QVERIFY(!index.value()->find("a", ArtefactId{}).has_value());
        }
    }

    void tableCodec_roundTripAndEveryDamageIsSeen() {
        HistoryMaker maker;
        fill(maker);
        const History history = maker.load();
        for (const HistoryArtefact& artefact : history.artefacts) {
            const Buffer bytes = encodeTable(*artefact.table);
            const auto back = decodeTable(bytes);
            QVERIFY(back.ok());
            QVERIFY(back.value().commits == artefact.table->commits);
            QVERIFY(back.value().summary.parts.size() == artefact.table->summary.parts.size());
            QCOMPARE(back.value().head.seed, artefact.table->head.seed);
            for (std::size_t at = 0; at < bytes.size(); ++at) {
                Buffer damaged = bytes;
                damaged[at] ^= std::byte{4};
                QVERIFY(!decodeTable(damaged).ok());
                QVERIFY(!decodeTable(ByteView(bytes).first(at)).ok());
            }
        }
    }

    void loadHistory_unreachablePlace_fails_damagedObject_doesNot() {
        HistoryMaker maker;
        fill(maker);
        const std::string name = maker.artefacts()[1].objects.back();
        Buffer bytes = maker.replica().place().objects().at(name);
        maker.replica().place().store(name, Buffer(bytes.size()));
        const History history = maker.load();
        const auto hurt = std::count_if(
            history.artefacts.begin(), history.artefacts.end(), [](const HistoryArtefact& a) {
                return !a.problem.empty();
            });
        QCOMPARE(hurt, std::ptrdiff_t{1});
        ReplicaFault fault;
        fault.verb = ReplicaVerb::Get;
        fault.times = 0;
        maker.replica().addFault(fault);
        const auto failed = loadHistory(maker.replica(), maker.location(), nullptr, nullptr, {});
        QVERIFY(!failed.ok() && failed.error().code == ErrorCode::Unavailable);
    }

    void loadHistory_stopped_isCancelled() {
        HistoryMaker maker;
        fill(maker);
        std::stop_source stop;
        stop.request_stop();
        const auto history =
            loadHistory(maker.replica(), maker.location(), nullptr, nullptr, stop.get_token());
        QVERIFY(!history.ok() && history.error().code == ErrorCode::Cancelled);
    }

private:
    static void fill(HistoryMaker& maker) {
        std::mt19937_64 random(1);
        const std::size_t a = maker.begin(TxId{1}, Time{1}, maker.randomImage(5, random));
        const std::size_t b = maker.follow(a, TxId{2}, Time{2}, maker.randomImage(6, random));
        const std::size_t c = maker.follow(b, TxId{3}, Time{3}, maker.randomImage(7, random), true);
        maker.snapshot(a);
        maker.segment(a, {b});
        maker.segment(b, {c});
    }
};

QTEST_GUILESS_MAIN(TestListing)
#include "tst_listing.moc"
