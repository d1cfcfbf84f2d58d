// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <QtTest>

#include "engine/base/file_system.h"
#include "engine/restore/restorer.h"
#include "engine/restore/verifier.h"

#include "tests/history/history_maker.h"
#include "tests/replica/small_disk.h"
#include "tests/restore/room.h"

using namespace engine;

namespace {

RestoreTarget point(const MadeState& state) {
    return RestoreTarget{.kind = RestoreTarget::Kind::Tx,
                         .generation = state.generation,
                         .tx = state.tx,
                         .moment = {},
                         .root = state.root};
}

/// Runs SQL on a new or existing database file.
void runSql(const std::string& path, const std::string& sql) {
    sqlite3* handle = nullptr;
    ENSURE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
    char* message = nullptr;
    if (sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message) != SQLITE_OK) {
        qFatal("%s: %s", sql.c_str(), message);
    }
    sqlite3_close(handle);
}

Buffer bufferOf(std::string_view text) {
    const ByteView bytes = viewOf(text);
    return Buffer(bytes.begin(), bytes.end());
}

Result<RestoreReport> restore(const HistoryMaker& maker,
                              const MadeState& state,
                              const std::string& target,
                              VerifyLevel verify = VerifyLevel::Pages,
                              std::stop_token stop = {},
                              std::function<void(const RestoreProgress&)> progress = {}) {
    const History history = maker.load();
    const PlanResult plan = planRestore(history, point(state));
    if (!plan.ok()) {
        return Error{plan.failure.code, plan.failure.reason};
    }
    RestoreOptions options;
    options.targetPath = target;
    options.verify = verify;
    options.progress = std::move(progress);
    return restoreToFile(
        {&maker.replica(), nullptr}, history, *plan.plan, options, std::move(stop));
}

/// One state and the next; nothing is stored yet.
std::pair<std::size_t, std::size_t> twoStates(HistoryMaker& maker) {
    std::mt19937_64 random(7);
    const std::size_t first = maker.begin(TxId{1}, Time{1}, maker.randomImage(900, random));
    return {first, maker.follow(first, TxId{2}, Time{2}, maker.randomImage(900, random))};
}

}  // namespace

class TestRestorer : public QObject {
    Q_OBJECT

private slots:

    void sqliteHistory_everyPoint_isExact_data() {
        QTest::addColumn<int>("pageSize");
        QTest::addColumn<bool>("wal");
        for (const int size : {512, 4096, 65536}) {
            QTest::addRow("page size %d, rollback journal", size) << size << false;
            QTest::addRow("page size %d, header says WAL", size) << size << true;
        }
    }

    void sqliteHistory_everyPoint_isExact() {
        QFETCH(int, pageSize);
        QFETCH(bool, wal);
        const Room room;
        const std::string source = room.path("source.db");
        runSql(source,
               "PRAGMA page_size=" + std::to_string(pageSize) +
                   (wal ? ";PRAGMA journal_mode=WAL" : "") +
                   ";CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT); CREATE INDEX i ON t(v);");
        HistoryMaker maker(static_cast<std::uint32_t>(pageSize));
        std::vector<std::size_t> states{maker.begin(TxId{1}, Time{1000}, bytesOf(source))};
        for (std::uint64_t i = 2; i <= 12; ++i) {
            runSql(
                source,
                "INSERT INTO t(v) SELECT hex(randomblob(300)) FROM (VALUES(1),(2),(3),(4),(5));");
            if (i == 8) {
                runSql(source, "DELETE FROM t; VACUUM;");
            }
            const Time time{static_cast<std::int64_t>(i) * 1000};
            states.push_back(maker.follow(states.back(), TxId{i}, time, bytesOf(source)));
        }
        maker.setPartBytes(16u << 10);
        maker.snapshot(states[0]);
        maker.segment(states[0], {states.begin() + 1, states.begin() + 7});
        maker.segment(states[6], {states.begin() + 7, states.end()});
        maker.snapshot(states[9], TxId{9});
        for (const std::size_t number : states) {
            const MadeState& state = maker.states()[number];
            const std::string target = room.path("out-" + std::to_string(state.tx.value));
            const Result<RestoreReport> report = restore(maker, state, target, VerifyLevel::Full);
            QVERIFY2(report.ok(), report.ok() ? "" : report.error().message.c_str());
            QVERIFY(bytesOf(target) == state.image);
            QCOMPARE(report.value().bytes, static_cast<std::uint64_t>(state.image.size()));
            QVERIFY(report.value().notes.empty());
            QCOMPARE(factsOf(target).value().mode & 0777u, 0600u);
        }
        // Nothing but the source (with its WAL, if any) and the restored files.
        const std::vector<FolderEntry> entries = listFolder(room.folder()).value();
        for (const FolderEntry& entry : entries) {
            QVERIFY2(entry.name.find(".part") == std::string::npos, entry.name.c_str());
        }
    }

    void emptyDatabase_isAnEmptyFile() {
        const Room room;
        HistoryMaker maker;
        const std::size_t state = maker.begin(TxId{1}, Time{1}, Buffer());
        maker.snapshot(state);
        const auto report =
            restore(maker, maker.states()[state], room.path("out"), VerifyLevel::Full);
        QVERIFY2(report.ok(), report.ok() ? "" : report.error().message.c_str());
        QCOMPARE(bytesOf(room.path("out")).size(), std::size_t{0});
    }

    void boltImage_countsPagesFromZero() {
        const Room room;
        std::mt19937_64 random(4);
        HistoryMaker maker(4096, DatabaseEngine::Bolt);
        const std::size_t first = maker.begin(TxId{1}, Time{1}, maker.randomImage(20, random));
        Buffer image = maker.changed(maker.states()[first].image, random, 30);
        const std::size_t second = maker.follow(first, TxId{2}, Time{2}, std::move(image));
        maker.snapshot(first);
        maker.segment(first, {second});
        const auto report =
            restore(maker, maker.states()[second], room.path("out"), VerifyLevel::Full);
        QVERIFY2(report.ok(), report.ok() ? "" : report.error().message.c_str());
        QVERIFY(bytesOf(room.path("out")) == maker.states()[second].image);
    }

    void cutOffAndGrownAgain_isZeroNotStale() {
        const Room room;
        std::mt19937_64 random(5);
        HistoryMaker maker;
        const std::size_t a = maker.begin(TxId{1}, Time{1}, maker.randomImage(20, random));
        Buffer image = maker.states()[a].image;
        image.resize(5 * 512);
        const std::size_t b = maker.follow(a, TxId{2}, Time{2}, image);
        image.resize(20 * 512);
        const std::size_t c = maker.follow(b, TxId{3}, Time{3}, image);
        maker.snapshot(a);
        maker.segment(a, {b});
        maker.segment(b, {c});
        const auto report = restore(maker, maker.states()[c], room.path("out"));
        QVERIFY2(report.ok(), report.ok() ? "" : report.error().message.c_str());
        QVERIFY(bytesOf(room.path("out")) == image);
    }

    void fewCommitsOfAWideSegment_areFetchedByRange() {
        const Room room;
        std::mt19937_64 random(6);
        HistoryMaker maker(4096);
        maker.setPartBytes(16u << 20);
        std::vector<std::size_t> states{
            maker.begin(TxId{1}, Time{1}, maker.randomImage(4, random))};
        for (std::uint64_t i = 2; i <= 12; ++i) {
            const Time time{static_cast<std::int64_t>(i)};
            states.push_back(
                maker.follow(states.back(), TxId{i}, time, maker.randomImage(200, random)));
        }
        maker.snapshot(states[0]);
        maker.segment(states[0], {states.begin() + 1, states.end()});
        const MadeState& state = maker.states()[states[2]];
        const auto report = restore(maker, state, room.path("out"));
        QVERIFY2(report.ok(), report.ok() ? "" : report.error().message.c_str());
        QVERIFY(bytesOf(room.path("out")) == state.image);
        QVERIFY(report.value().fetchedBytes < 3u << 20);  // of 9 MiB
    }

    void damagedObject_anotherWayIsTaken() {
        const Room room;
        HistoryMaker maker;
        const auto [a, b] = twoStates(maker);
        maker.snapshot(a);
        maker.segment(a, {b});
        const std::size_t better = maker.snapshot(b);
        const std::string name = maker.artefacts()[better].objects[0];
        Buffer bytes = maker.replica().place().objects().at(name);
        bytes[bytes.size() / 2] ^= std::byte{1};
        maker.replica().place().store(name, bytes);
        const auto report = restore(maker, maker.states()[b], room.path("out"));
        QVERIFY2(report.ok(), report.ok() ? "" : report.error().message.c_str());
        QVERIFY(bytesOf(room.path("out")) == maker.states()[b].image);
        QCOMPARE(report.value().notes.size(), std::size_t{1});
        QVERIFY(report.value().notes[0].find(name) != std::string::npos);
    }

    void damagedObject_noOtherWay_tellsTheNearestPoint() {
        const Room room;
        HistoryMaker maker;
        const auto [a, b] = twoStates(maker);
        maker.snapshot(a);
        const std::size_t segment = maker.segment(a, {b});
        std::vector<PointInTime> nearest;
        RestoreOptions options;
        options.nearest = [&nearest](const PointInTime& found) { nearest.push_back(found); };
        options.targetPath = room.path("out");
        const History history = maker.load();
        const PlanResult plan = planRestore(history, point(maker.states()[b]));
        QVERIFY(plan.ok());
        maker.replica().place().erase(maker.artefacts()[segment].objects[0]);
        const auto report =
            restoreToFile({&maker.replica(), nullptr}, history, *plan.plan, options, {});
        QVERIFY(!report.ok());
        QCOMPARE(report.error().code, ErrorCode::NotFound);
        QCOMPARE(nearest.size(), std::size_t{1});
        QCOMPARE(nearest[0].first.tx.value, std::uint64_t{1});
        QVERIFY(nearest[0].second == Time{1});
    }

    void target_existsOrIsADanglingLink_isNotTouched() {
        const Room room;
        HistoryMaker maker;
        const MadeState& state = simple(maker);
        ENSURE(writeFileAtomically(room.path("out"), viewOf("mine")).ok());
        QVERIFY(restore(maker, state, room.path("out")).error().code == ErrorCode::AlreadyExists);
        QCOMPARE(textOf(bytesOf(room.path("out"))), std::string("mine"));
        ENSURE(::symlink("/nowhere", room.path("link").c_str()) == 0);
        QVERIFY(restore(maker, state, room.path("link")).error().code == ErrorCode::AlreadyExists);
        ENSURE(writeFileAtomically(room.path("db-wal"), viewOf("stale")).ok());
        QVERIFY(restore(maker, state, room.path("db")).error().code == ErrorCode::AlreadyExists);
        QCOMPARE(room.files(), std::size_t{3});
    }

    void target_appearsMeanwhile_isNotReplaced() {
        const Room room;
        HistoryMaker maker;
        const MadeState& state = simple(maker);
        const std::string target = room.path("out");
        const auto progress = [&](const RestoreProgress& now) {
            if (now.stage == RestoreProgress::Stage::Publish) {
                ENSURE(writeFileAtomically(target, viewOf("mine")).ok());
            }
        };
        const auto report = restore(maker, state, target, VerifyLevel::Pages, {}, progress);
        QVERIFY(report.error().code == ErrorCode::AlreadyExists);
        QCOMPARE(textOf(bytesOf(target)), std::string("mine"));
        QCOMPARE(room.files(), std::size_t{1});
    }

    void folder_missingOrAFile_isRefused() {
        const Room room;
        HistoryMaker maker;
        const MadeState& state = simple(maker);
        QVERIFY(restore(maker, state, room.path("no/out")).error().code == ErrorCode::NotFound);
        ENSURE(writeFileAtomically(room.path("file"), viewOf("x")).ok());
        QVERIFY(!restore(maker, state, room.path("file/out")).ok());
        QCOMPARE(room.files(), std::size_t{1});
    }

    void folder_readOnly_isPermissionDenied() {
        const Room room;
        HistoryMaker maker;
        const MadeState& state = simple(maker);
        // Root may write everywhere, so that a process of root becomes nobody for the time.
        const bool isRoot = ::geteuid() == 0;
        ENSURE(::chmod(room.folder().c_str(), 0555) == 0);
        ENSURE(!isRoot || ::seteuid(65534) == 0);
        const auto report = restore(maker, state, room.path("out"));
        ENSURE(!isRoot || ::seteuid(0) == 0);
        ENSURE(::chmod(room.folder().c_str(), 0700) == 0);
        QVERIFY(report.error().code == ErrorCode::PermissionDenied);
    }

    void disk_tooSmall_isNoSpaceWithNumbers() {
        const Room room;
        const std::string mounted = room.path("small");
        const auto disk = mountSmall(mounted);
        REQUIRE_OR_SKIP(disk != nullptr, "mount");
        HistoryMaker maker(4096);
        const auto report = restore(maker, large(maker), mounted + "/out");
        QVERIFY(report.error().code == ErrorCode::NoSpace);
        QVERIFY(report.error().message.find("4096000 bytes") != std::string::npos);
        QCOMPARE(listFolder(mounted).value().size(), std::size_t{0});
    }

    void disk_fillsUpMeanwhile_namesTheTarget() {
        const Room room;
        const std::string mounted = room.path("small");
        const auto disk = mountSmall(mounted, 8u << 20);
        REQUIRE_OR_SKIP(disk != nullptr, "mount");
        HistoryMaker maker(4096);
        const auto fill = [&](const RestoreProgress& now) {
            if (now.stage == RestoreProgress::Stage::Fetch && now.bytesDone == 0) {
                ignoreError(writeFileAtomically(mounted + "/a", Buffer(5u << 20)), "may be less");
            }
        };
        const auto report =
            restore(maker, large(maker), mounted + "/out", VerifyLevel::Pages, {}, fill);
        QVERIFY(report.error().code == ErrorCode::NoSpace);
        const QString message = QString::fromStdString(report.error().message);
        QVERIFY2(message.contains(QString::fromStdString(mounted + "/out")), qPrintable(message));
        QVERIFY2(!message.contains(QStringLiteral(".part")), qPrintable(message));
    }

    void disk_readOnly_namesTheFolder() {
        const Room room;
        const std::string mounted = room.path("small");
        const auto disk = mountSmall(mounted);
        REQUIRE_OR_SKIP(disk != nullptr && disk->setReadOnly(true), "mount");
        HistoryMaker maker;
        const auto report = restore(maker, simple(maker), mounted + "/out");
        QCOMPARE(report.error().message, "create a file in " + mounted + ": Read-only file system");
    }

    void stop_atEveryStage_leavesNothing_data() {
        QTest::addColumn<int>("stage");
        QTest::newRow("plan") << static_cast<int>(RestoreProgress::Stage::Plan);
        QTest::newRow("fetch") << static_cast<int>(RestoreProgress::Stage::Fetch);
        QTest::newRow("rebuild") << static_cast<int>(RestoreProgress::Stage::Rebuild);
        QTest::newRow("check") << static_cast<int>(RestoreProgress::Stage::Check);
    }

    void stop_atEveryStage_leavesNothing() {
        QFETCH(int, stage);
        const Room room;
        HistoryMaker maker;
        const MadeState& state = simple(maker);
        std::stop_source stop;
        const auto progress = [&](const RestoreProgress& now) {
            if (static_cast<int>(now.stage) == stage) {
                stop.request_stop();
            }
        };
        const auto report =
            restore(maker, state, room.path("out"), VerifyLevel::Full, stop.get_token(), progress);
        QVERIFY(report.error().code == ErrorCode::Cancelled);
        QCOMPARE(room.files(), std::size_t{0});
    }

    void stop_whileAReplicaHangs_returnsWithinTwoSeconds() {
        const Room room;
        HistoryMaker maker;
        const MadeState& state = simple(maker);
        const History history = maker.load();
        const PlanResult plan = planRestore(history, point(state));
        ReplicaFault fault;
        fault.verb = ReplicaVerb::Get;
        fault.effect = ReplicaFault::Effect::Hang;
        maker.replica().addFault(fault);
        std::stop_source stop;
        maker.replica().setPause([&](ReplicaVerb, std::string_view) { stop.request_stop(); });
        QElapsedTimer timer;
        timer.start();
        RestoreOptions options;
        options.targetPath = room.path("out");
        const auto report = restoreToFile(
            {&maker.replica(), nullptr}, history, *plan.plan, options, stop.get_token());
        QVERIFY(report.error().code == ErrorCode::Cancelled);
        QVERIFY(timer.elapsed() < 2000);
        QCOMPARE(room.files(), std::size_t{0});
    }

    void leftoversOfAKilledRestore_goWithTheNext() {
        const Room room;
        HistoryMaker maker;
        const MadeState& state = simple(maker);
        const std::string abandoned = room.path(".out.strandline-0011223344556677.part");
        const std::string locked = room.path(".out.strandline-8899aabbccddeeff.part");
        const std::string other = room.path(".other.strandline-0011223344556677.part");
        for (const std::string& path : {abandoned, abandoned + "-journal", locked, other}) {
            ENSURE(writeFileAtomically(path, viewOf("x")).ok());
        }
        const File used = File::open(locked, File::Mode::Read).value();
        QCOMPARE(::flock(used.fd(), LOCK_EX | LOCK_NB), 0);
        QVERIFY(restore(maker, state, room.path("out")).ok());
        QCOMPARE(room.files(), std::size_t{3});
        QVERIFY(factsOf(locked).ok() && factsOf(other).ok());
    }

    void asideWanted_theOldFileIsKeptWithItsSideFiles() {
        const Room room;
        HistoryMaker maker;
        const MadeState& state = simple(maker);
        ENSURE(writeFileAtomically(room.path("out"), viewOf("broken")).ok());
        ENSURE(writeFileAtomically(room.path("out-wal"), viewOf("its log")).ok());
        QCOMPARE(::chmod(room.path("out").c_str(), 0640), 0);
        const History history = maker.load();
        const PlanResult plan = planRestore(history, point(state));
        RestoreOptions options;
        options.targetPath = room.path("out");
        options.asidePath = room.path("kept");
        options.verify = VerifyLevel::Pages;
        bool free = false;
        options.mayReplace = [&free] {
            return free ? Status{} : Status{Error{ErrorCode::Refused, "in use"}};
        };
        const auto run = [&] {
            return restoreToFile({&maker.replica(), nullptr}, history, *plan.plan, options, {});
        };
        QVERIFY(run().error().code == ErrorCode::Refused);
        QCOMPARE(room.files(), std::size_t{2});
        QVERIFY(bytesOf(room.path("out")) == bufferOf("broken"));
        free = true;
        const auto report = run();
        QVERIFY2(report.ok(), report.ok() ? "" : report.error().message.c_str());
        QCOMPARE(room.files(), std::size_t{3});
        QVERIFY(bytesOf(room.path("out")) == state.image);
        QCOMPARE(factsOf(room.path("out")).value().mode & 07777u, 0640u);
        QVERIFY(bytesOf(room.path("kept")) == bufferOf("broken"));
        QVERIFY(bytesOf(room.path("kept-wal")) == bufferOf("its log"));
    }

    void brokenName_isShortEnoughForSideFiles() {
        const Time time{1'781'445'731'250};
        QCOMPARE(brokenNameOf("/a/notes.db", time),
                 std::string("/a/notes.db.broken-20260614T140211.250Z"));
        const std::string longName = brokenNameOf("/a/" + std::string(247, 'n'), time);
        QCOMPARE(fileNameOf(longName + "-journal").size(), std::size_t{255});
        for (const char* begin : {"/a/", "/a/x"}) {
            std::string wide = begin;
            for (int i = 0; i < 123; ++i) {
                wide += "\xc3\xa4";
            }
            QCOMPARE(brokenNameOf(wide, time).find("\xc3."), std::string::npos);
        }
    }

    void asideTaken_isRefusedBeforeAnythingIsDone() {
        const Room room;
        for (const char* name : {"out", "kept-journal"}) {
            ENSURE(writeFileAtomically(room.path(name), viewOf("x")).ok());
        }
        QVERIFY(checkRestoreTarget(room.path("out"), room.path("other"), true).ok());
        const Status taken = checkRestoreTarget(room.path("out"), room.path("kept"), true);
        QVERIFY(taken.error().code == ErrorCode::AlreadyExists);
        QVERIFY(!checkRestoreTarget(room.folder(), room.path("other"), true).ok());
    }

    void shortOutage_isRiddenOut() {
        const Room room;
        HistoryMaker maker;
        const MadeState& state = simple(maker);
        const History history = maker.load();
        const PlanResult plan = planRestore(history, point(state));
        ReplicaFault fault;
        fault.verb = ReplicaVerb::Get;
        fault.times = 2;
        maker.replica().addFault(fault);
        RestoreOptions options;
        options.targetPath = room.path("out");
        options.verify = VerifyLevel::Pages;
        const auto report =
            restoreToFile({&maker.replica(), nullptr}, history, *plan.plan, options, {});
        QVERIFY2(report.ok(), report.ok() ? "" : report.error().message.c_str());
    }

    void integrity_damagedTree_isCorruptionAndNothingIsPublished() {
        const Room room;
        const std::string source = room.path("source");
        runSql(source,
               "CREATE TABLE t(v); INSERT INTO t SELECT hex(randomblob(2000)) FROM "
               "(VALUES(1),(2),(3),(4),(5),(6),(7),(8));");
        Buffer image = bytesOf(source);
        std::fill(image.end() - 4096, image.end(), std::byte{0x55});
        HistoryMaker maker(4096);
        const std::size_t state = maker.begin(TxId{1}, Time{1}, image);
        maker.snapshot(state);
        const auto report =
            restore(maker, maker.states()[state], room.path("out"), VerifyLevel::Full);
        QVERIFY(report.error().code == ErrorCode::Corruption);
        QVERIFY(!report.error().fix.empty());
        QCOMPARE(room.files(), std::size_t{1});
        QVERIFY(restore(maker, maker.states()[state], room.path("out"), VerifyLevel::Pages).ok());
        QVERIFY(bytesOf(room.path("out")) == image);
    }

private:
    /// A disk of its own on a folder of the room; nullptr where that is not possible.
    static std::unique_ptr<testing::SmallDisk> mountSmall(const std::string& folder,
                                                          std::uint64_t bytes = 2u << 20) {
        ENSURE(makeFolders(folder).ok());
        return testing::SmallDisk::mount(folder, bytes);
    }

    /// 1000 pages, in a snapshot.
    static const MadeState& large(HistoryMaker& maker) {
        std::mt19937_64 random(9);
        const std::size_t state = maker.begin(TxId{1}, Time{1}, maker.randomImage(1000, random));
        maker.snapshot(state);
        return maker.states()[state];
    }

    static const MadeState& simple(HistoryMaker& maker) {
        std::mt19937_64 random(11);
        const std::size_t a = maker.begin(TxId{1}, Time{1}, maker.randomImage(50, random));
        const std::size_t b =
            maker.follow(a, TxId{2}, Time{2}, maker.changed(maker.states()[a].image, random, 60));
        maker.snapshot(a);
        maker.segment(a, {b});
        return maker.states()[b];
    }
};

int main(int argc, char** argv) {
    // Root of a namespace of its own could not become another user in it.
    if (::geteuid() == 0) {
        testing::enterMountNamespace();
    }
    QCoreApplication app(argc, argv);
    TestRestorer test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_restorer.moc"
