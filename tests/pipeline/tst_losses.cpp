// SPDX-License-Identifier: Apache-2.0
// What was lost or damaged on our own disk, given up for want of space, or touched by somebody
// else on the replica: the recording goes on soundly and says so.
#include <algorithm>

#include <QDir>
#include <QFile>
#include <QTest>

#include "engine/base/file_system.h"

#include "pipeline_fixture.h"

using namespace engine;
using engine::test::FakeSource;
using engine::test::PipelineFixture;

namespace {

Buffer bytesOf(const std::string& path) {
    auto bytes = readWholeFile(path, 64u << 20);
    ENSURE(bytes.ok());
    return std::move(bytes).value();
}

void flip(const std::string& path, std::size_t at) {
    Buffer bytes = bytesOf(path);
    bytes.at(at) ^= std::byte{0x10};
    ENSURE(writeFileAtomically(path, bytes).ok());
}

/// A byte of a page's contents: nothing notices it before the segment is read.
void damagePage(const std::string& segmentFile, const Buffer& image, std::uint64_t page) {
    const Buffer bytes = bytesOf(segmentFile);
    const auto begin = image.begin() + static_cast<std::ptrdiff_t>((page - 1) * 512);
    const auto found = std::search(bytes.begin(), bytes.end(), begin, begin + 512);
    ENSURE(found != bytes.end());
    flip(segmentFile, static_cast<std::size_t>(found - bytes.begin()) + 100);
}

std::size_t setAside(const std::string& folder) {
    QDir root(QString::fromStdString(folder + "/shadow"));
    std::size_t count = 0;
    for (const QString& database : root.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        QDir inner(root.filePath(database));
        for (const QString& generation : inner.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
            const QDir files(inner.filePath(generation));
            count += static_cast<std::size_t>(
                files.entryList({QStringLiteral("*.bad")}, QDir::Files).size());
        }
    }
    return count;
}

/// Five changes, each a segment of its own.
void fiveChanges(PipelineFixture& f) {
    for (std::uint64_t i = 1; i <= 5; ++i) {
        f.source.write({i});
        f.capture();
    }
}

/// The five changes were recorded and one of them is damaged on the disk.
void damageOne(PipelineFixture& f, std::size_t index) {
    const std::vector<std::string> files = f.segmentFiles();
    ENSURE(files.size() == 5);
    damagePage(files[index], f.source.image(), index + 1);
}

RestoreTarget pointOf(GenerationId generation, TxId tx) {
    RestoreTarget target;
    target.kind = RestoreTarget::Kind::Tx;
    target.generation = generation;
    target.tx = tx;
    return target;
}

/// How often each verb met a name that contains the text.
class Calls {
public:
    void watch(MemoryReplica& replica) {
        replica.setPause([this](ReplicaVerb verb, std::string_view name) {
            MutexLock lock(m_mutex);
            m_calls.emplace_back(verb, std::string(name));
        });
    }

    std::size_t count(ReplicaVerb verb, std::string_view part) const {
        MutexLock lock(m_mutex);
        return static_cast<std::size_t>(
            std::count_if(m_calls.begin(), m_calls.end(), [&](const auto& call) {
                return call.first == verb && call.second.find(part) != std::string::npos;
            }));
    }

private:
    mutable Mutex m_mutex;
    std::vector<std::pair<ReplicaVerb, std::string>> m_calls;
};

}  // namespace

class TestLosses : public QObject {
    Q_OBJECT
private slots:
    void damagedSegment_nobodyHasIt_costsOnlyWhatStoodOnIt();
    void damagedSegment_storedAlready_costsNothing();
    void damagedSegment_fileMovedOn_startsAGeneration();
    void damagedSegment_foundWhenSent_isSkippedWithASnapshot();
    void lostEndOfTheLog_isNotGoneOnFrom();
    void damagedJournal_nothingIsSentAgainOrRemoved_data();
    void damagedJournal_nothingIsSentAgainOrRemoved();
    void damagedJournal_killedBeforeTheLook_isLookedUpLater();
    void damagedJournal_unsentChanges_areSent();
    void olderStateFolder_startsAGenerationBeyond_data();
    void olderStateFolder_startsAGenerationBeyond();
    void lostSnapshot_isMadeAgain();
    void lostSegment_isSentAgainWhereTheLogHasIt();
    void otherWriter_inOurGeneration_stopsTheLanes();
    void otherWriter_ofOurState_startsAGeneration();
    void logCannotBeWritten_isToldUntilItIsRecorded();
    void fullLog_oneReplicaAway_isBounded();
    void fullLog_allAway_killed_isBoundedAndCaughtUp();
};

void TestLosses::damagedSegment_nobodyHasIt_costsOnlyWhatStoodOnIt() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    f.lanes(0).setPaused(true);
    const PublishedPosition baseline = *f.controller().published();
    fiveChanges(f);
    f.killEngine();
    damageOne(f, 2);
    f.startEngine();
    f.lanes(0).setPaused(true);
    f.capture();
    QCOMPARE(setAside(f.folder()), std::size_t{1});
    QVERIFY(f.controller().status().loss.find("damaged") != std::string::npos);
    // The file is as the log ends, so the history goes on there.
    QCOMPARE(f.controller().published()->generation, baseline.generation);
    QCOMPARE(f.controller().published()->tx, (TxId{baseline.tx.value + 5}));
    f.lanes(0).setPaused(false);
    QVERIFY(f.waitStored());
    QVERIFY(f.restoreLatest() == f.source.image());
    for (const std::size_t n : {0u, 1u, 2u, 5u}) {
        QVERIFY(f.restore(pointOf(baseline.generation, TxId{baseline.tx.value + n})) ==
                f.source.imageAfter(n));
    }
    // Everybody has all that followed: nothing is left to say.
    QVERIFY(
        f.captureUntil(0, [&](const LaneStatus&) { return f.controller().status().loss.empty(); }));
}

void TestLosses::damagedSegment_storedAlready_costsNothing() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    const PublishedPosition baseline = *f.controller().published();
    f.source.write({1});
    f.capture();
    f.source.write({2});
    f.capture();
    QVERIFY(f.waitStored());
    f.lanes(0).setPaused(true);
    for (std::uint64_t i = 3; i <= 5; ++i) {
        f.source.write({i});
        f.capture();
    }
    f.killEngine();
    damageOne(f, 0);
    const std::size_t snapshots = f.replicas[0]->place().objects().size();
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    QCOMPARE(f.controller().published()->generation, baseline.generation);
    for (std::size_t n = 0; n <= 5; ++n) {
        QVERIFY(f.restore(pointOf(baseline.generation, TxId{baseline.tx.value + n})) ==
                f.source.imageAfter(n));
    }
    // One segment came, no snapshot.
    QCOMPARE(f.replicas[0]->place().objects().size(), snapshots + 1);
}

void TestLosses::damagedSegment_fileMovedOn_startsAGeneration() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    const PublishedPosition baseline = *f.controller().published();
    fiveChanges(f);
    QVERIFY(f.waitStored());
    f.killEngine();
    damageOne(f, 3);
    f.source.write({7});
    f.startEngine();
    f.capture();
    QVERIFY(f.controller().published()->generation != baseline.generation);
    QVERIFY(f.controller().published()->tx.value > baseline.tx.value + 5);
    QVERIFY(f.waitStored());
    QVERIFY(f.restoreLatest() == f.source.image());
    // What was stored under these numbers stays what it was.
    for (std::size_t n = 0; n <= 5; ++n) {
        QVERIFY(f.restore(pointOf(baseline.generation, TxId{baseline.tx.value + n})) ==
                f.source.imageAfter(n));
    }
}

void TestLosses::damagedSegment_foundWhenSent_isSkippedWithASnapshot() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    const PublishedPosition baseline = *f.controller().published();
    f.lanes(0).setPaused(true);
    fiveChanges(f);
    damagePage(f.segmentFiles()[1], f.source.image(), 2);
    f.lanes(0).setPaused(false);
    QVERIFY(f.waitFor(
        0, [](const LaneStatus& lane) { return !lane.state.segments.lastError.empty(); }));
    f.capture();
    QCOMPARE(f.controller().published()->generation, baseline.generation);
    QVERIFY(f.controller().status().loss.find("damaged") != std::string::npos);
    QCOMPARE(setAside(f.folder()), std::size_t{1});
    f.source.write({9});
    f.capture();
    QVERIFY(f.waitStored());
    QVERIFY(f.restoreLatest() == f.source.image());
    // The change before the damage was sent, too.
    QVERIFY(f.restore(pointOf(baseline.generation, TxId{baseline.tx.value + 1})) ==
            f.source.imageAfter(1));
}

/// The page map is ahead of what is left of the log: its chain must not go on at the map's end.
void TestLosses::lostEndOfTheLog_isNotGoneOnFrom() {
    PipelineFixture f(10);
    f.startEngine();
    f.lanes(0).setPaused(true);
    f.capture();
    const PublishedPosition baseline = *f.controller().published();
    fiveChanges(f);
    f.stopEngine();  // writes the page map
    const std::vector<std::string> files = f.segmentFiles();
    QCOMPARE(files.size(), std::size_t{5});
    for (const std::size_t i : {3u, 4u}) {
        flip(files[i], bytesOf(files[i]).size() - 8);  // the table: seen when the log is opened
    }
    f.startEngine();
    f.capture();
    QVERIFY(f.controller().published()->generation != baseline.generation);
    QVERIFY(f.controller().status().loss.find("damaged") != std::string::npos);
    f.source.write({8});
    f.capture();
    QVERIFY(f.waitStored());
    QVERIFY(f.restoreLatest() == f.source.image());
}

void TestLosses::damagedJournal_nothingIsSentAgainOrRemoved_data() {
    QTest::addColumn<double>("flipAt");
    QTest::addColumn<double>("cutAt");
    QTest::newRow("first line flipped") << 0.02 << 1.0;
    QTest::newRow("middle flipped") << 0.5 << 1.0;
    QTest::newRow("near the end flipped") << 0.8 << 1.0;
    for (int part = 0; part <= 10; ++part) {
        QTest::addRow("cut at %d of 10", part) << -1.0 << part / 10.0;
    }
    QTest::newRow("removed") << -1.0 << -1.0;
}

/// Whatever becomes of what we remember: the replica says what it has.
void TestLosses::damagedJournal_nothingIsSentAgainOrRemoved() {
    QFETCH(const double, flipAt);
    QFETCH(const double, cutAt);
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    fiveChanges(f);
    QVERIFY(f.waitStored());
    const PublishedPosition end = *f.controller().published();
    f.lanes(0).setPaused(true);
    f.source.write({6});
    f.capture();
    f.source.write({7});
    f.capture();
    f.killEngine();
    const auto objects = f.replicas[0]->place().objects();
    const double size = static_cast<double>(bytesOf(f.ackFile()).size());
    if (flipAt >= 0) {
        flip(f.ackFile(), static_cast<std::size_t>(size * flipAt));
    }
    if (cutAt < 0) {
        QVERIFY(removeFile(f.ackFile()).ok());
    } else {
        QVERIFY(
            QFile::resize(QString::fromStdString(f.ackFile()), static_cast<qint64>(size * cutAt)));
    }
    Calls calls;
    calls.watch(*f.replicas[0]);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    QCOMPARE(f.controller().published()->generation, end.generation);
    QCOMPARE(calls.count(ReplicaVerb::Put, ".seg."), std::size_t{1});
    QCOMPARE(calls.count(ReplicaVerb::Put, ".snap."), std::size_t{0});
    QCOMPARE(calls.count(ReplicaVerb::Remove, ""), std::size_t{0});
    const auto after = f.replicas[0]->place().objects();
    for (const auto& [name, bytes] : objects) {
        QVERIFY2(after.contains(name), name.c_str());
    }
    for (std::size_t n = 0; n <= 7; ++n) {
        QVERIFY(f.restore(pointOf(end.generation, TxId{end.tx.value - 5 + n})) ==
                f.source.imageAfter(n));
    }
    f.stopEngine();
    f.replicas[0]->setPause(nullptr);
}

void TestLosses::damagedJournal_killedBeforeTheLook_isLookedUpLater() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    fiveChanges(f);
    QVERIFY(f.waitStored());
    f.stopEngine();
    const std::size_t objects = f.replicas[0]->place().objects().size();
    flip(f.ackFile(), bytesOf(f.ackFile()).size() / 3);
    ReplicaFault down;
    down.verb = ReplicaVerb::Open;
    down.times = 0;
    f.replicas[0]->addFault(down);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitFor(0, [](const LaneStatus& lane) { return lane.linkError.has_value(); }));
    f.killEngine();
    f.replicas[0]->clearFaults();
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    QCOMPARE(f.replicas[0]->place().objects().size(), objects);
    QVERIFY(f.restoreLatest() == f.source.image());
}

void TestLosses::damagedJournal_unsentChanges_areSent() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    const PublishedPosition baseline = *f.controller().published();
    f.lanes(0).setPaused(true);
    fiveChanges(f);
    f.killEngine();
    flip(f.ackFile(), 5);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    QCOMPARE(f.controller().published()->generation, baseline.generation);
    for (std::size_t n = 0; n <= 5; ++n) {
        QVERIFY(f.restore(pointOf(baseline.generation, TxId{baseline.tx.value + n})) ==
                f.source.imageAfter(n));
    }
}

void TestLosses::olderStateFolder_startsAGenerationBeyond_data() {
    QTest::addColumn<int>("before");
    QTest::addColumn<int>("alone");
    QTest::newRow("nothing new") << 3 << 0;
    QTest::newRow("fewer changes than are stored") << 3 << 1;
    QTest::newRow("as many") << 3 << 3;
    QTest::newRow("more, recorded before anybody looked") << 3 << 5;
}

/// A state folder from a backup: the numbers after it are taken by other changes.
void TestLosses::olderStateFolder_startsAGenerationBeyond() {
    QFETCH(const int, before);
    QFETCH(const int, alone);
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    const PublishedPosition baseline = *f.controller().published();
    f.stopEngine();
    f.saveState("old");
    f.startEngine();
    std::uint64_t page = 0;
    for (int i = 0; i < before; ++i) {
        f.source.write({1 + page++ % 10});
        f.capture();
    }
    QVERIFY(f.waitStored());
    f.stopEngine();
    f.putStateBack("old");
    f.source.mergeNext(static_cast<std::uint64_t>(before), true);
    // Recorded on its own while the replica cannot be asked, then once more from the start.
    f.startEngine();
    f.lanes(0).setPaused(true);
    f.capture();
    for (int i = 0; i < alone; ++i) {
        f.source.write({1 + page++ % 10});
        f.capture();
    }
    f.killEngine();
    f.startEngine();
    QVERIFY(f.captureUntil(0, [&](const LaneStatus& lane) {
        return lane.state.looked && f.controller().published() &&
               f.controller().published()->generation != baseline.generation;
    }));
    f.source.write({1 + page++ % 10});
    f.capture();
    QVERIFY(f.waitStored());
    QVERIFY(f.restoreLatest() == f.source.image());
    const auto taken = baseline.tx.value + static_cast<std::uint64_t>(before);
    QVERIFY(f.controller().published()->tx.value > taken);
    for (std::size_t n = 0; n <= static_cast<std::size_t>(before); ++n) {
        QVERIFY(f.restore(pointOf(baseline.generation, TxId{baseline.tx.value + n})) ==
                f.source.imageAfter(n));
    }
}

void TestLosses::lostSnapshot_isMadeAgain() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    fiveChanges(f);
    QVERIFY(f.waitStored());
    f.stopEngine();
    MemoryPlace& place = f.replicas[0]->place();
    for (const auto& [name, bytes] : place.objects()) {
        if (name.find(".snap.") != std::string::npos) {
            place.erase(name);
        }
    }
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    QVERIFY(f.restoreLatest() == f.source.image());
}

void TestLosses::lostSegment_isSentAgainWhereTheLogHasIt() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    const PublishedPosition baseline = *f.controller().published();
    for (std::uint64_t i = 1; i <= 5; ++i) {
        f.source.write({i});
        f.capture();
        QVERIFY(f.waitStored());
    }
    f.killEngine();
    MemoryPlace& place = f.replicas[0]->place();
    const std::string third = toHex16(baseline.tx.value + 3) + ".seg.";
    std::size_t erased = 0;
    for (const auto& [name, bytes] : place.objects()) {
        if (name.find(third) != std::string::npos) {
            place.erase(name);
            ++erased;
        }
    }
    QCOMPARE(erased, std::size_t{1});
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    for (std::size_t n = 0; n <= 5; ++n) {
        QVERIFY(f.restore(pointOf(baseline.generation, TxId{baseline.tx.value + n})) ==
                f.source.imageAfter(n));
    }
}

void TestLosses::otherWriter_inOurGeneration_stopsTheLanes() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    f.source.write({1});
    f.capture();
    QVERIFY(f.waitStored());
    f.stopEngine();
    // As a program would that goes on from a copy of our state folder.
    MemoryPlace& place = f.replicas[0]->place();
    std::string foreign;
    const auto stored = place.objects();
    for (const auto& [name, bytes] : stored) {
        Result<PartName> part = PartName::parse(name);
        if (part.ok() && part.value().kind == ArtefactKind::Segment) {
            part.value().writer = WriterId{99};
            part.value().artefact = randomArtefactId();
            foreign = part.value().text();
            place.store(foreign, bytes);
        }
    }
    QVERIFY(!foreign.empty());
    const auto before = place.objects();
    f.startEngine();
    f.source.write({2});
    f.capture();
    const auto stopped = [](const LaneStatus& lane) {
        return lane.state.segments.stopped && lane.state.segments.code == ErrorCode::Refused &&
               lane.state.segments.lastError.find("another computer") != std::string::npos;
    };
    QVERIFY(f.waitFor(0, stopped));
    QVERIFY(place.objects() == before);
    f.lanes(0).retryNow();
    QVERIFY(f.waitFor(0, stopped));
    QVERIFY(place.objects() == before);
    QVERIFY(f.controller().status().settled);  // recording goes on
    place.erase(foreign);
    f.lanes(0).retryNow();
    QVERIFY(f.waitStored());
    QVERIFY(f.restoreLatest() == f.source.image());
}

void TestLosses::otherWriter_ofOurState_startsAGeneration() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    fiveChanges(f);
    QVERIFY(f.waitStored());
    const PublishedPosition old = *f.controller().published();
    f.stopEngine();
    f.writer = WriterId{4};  // the state folder came to another machine
    f.startEngine();
    f.capture();
    QVERIFY(f.controller().published()->generation != old.generation);
    QVERIFY(f.controller().published()->tx > old.tx);
    f.source.write({9});
    f.capture();
    QVERIFY(f.waitStored());
    QVERIFY(f.restoreLatest() == f.source.image());
    QVERIFY(f.restore(pointOf(old.generation, old.tx)) == f.source.imageAfter(5));
}

/// However often it opens again in between: what is not in the log is not recorded.
void TestLosses::logCannotBeWritten_isToldUntilItIsRecorded() {
    PipelineFixture f(10);
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    const QString log =
        QString::fromStdString(f.folder() + "/shadow/" + f.location.database.text());
    QVERIFY(QFile::rename(log, log + QStringLiteral(".away")));
    QVERIFY(QFile(log).open(QIODevice::WriteOnly));  // a file where the folder has to be
    f.source.write({1});
    const auto tryAgain = [&f] {
        f.controller().retryNow();
        f.controller().requestPublish();
        f.controller().run(std::stop_token{});
        return f.controller().status();
    };
    for (ControllerStatus status = tryAgain(); status.lastError.empty();) {
        status = tryAgain();
    }
    const std::optional<Time> since = f.controller().status().dirtySince;
    QVERIFY(since.has_value());
    bool opened = false;
    for (int i = 0; i < 20; ++i) {
        const ControllerStatus status = tryAgain();
        opened = opened || status.state == ControllerState::Recording;
        QVERIFY(!status.lastError.empty());
        QVERIFY(!status.settled);
        QVERIFY(status.dirtySince == since);
    }
    QVERIFY(opened);
    QVERIFY(QFile::remove(log));
    QVERIFY(QFile::rename(log + QStringLiteral(".away"), log));
    tryAgain();
    f.capture();
    QVERIFY(f.controller().status().lastError.empty());
    QVERIFY(!f.controller().status().dirtySince);
    QVERIFY(f.waitStored());
    QVERIFY(f.restoreLatest() == f.source.image());
}

void TestLosses::fullLog_oneReplicaAway_isBounded() {
    PipelineFixture f(40, 2);
    f.logBytesMax = 64u << 10;
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored(0));
    QVERIFY(f.waitStored(1));
    const PublishedPosition baseline = *f.controller().published();
    ReplicaFault down;
    down.verb = ReplicaVerb::Put;
    down.times = 0;
    f.replicas[0]->addFault(down);
    std::uint64_t most = 0;
    for (std::uint64_t i = 0; i < 120; ++i) {
        f.source.write({1 + i % 40, 1 + (i + 7) % 40, 1 + (i + 13) % 40});
        f.capture();
        most = std::max(most, f.controller().status().logBytes);
        if (i % 5 == 4) {
            QVERIFY(f.waitStored(1));
        }
    }
    QVERIFY2(most <= 2 * f.logBytesMax, qPrintable(QString::number(most)));
    QVERIFY(f.controller().status().loss.find("limit") != std::string::npos);
    QVERIFY(f.restoreLatest(1) == f.source.image());
    for (const std::size_t n : {std::size_t{20}, std::size_t{77}}) {
        QVERIFY(f.restore(pointOf(baseline.generation, TxId{baseline.tx.value + n}), 1) ==
                f.source.imageAfter(n));
    }
    QCOMPARE(f.controller().published()->generation, baseline.generation);
    // It is back: the state comes, what lay between does not, and nothing pretends otherwise.
    f.replicas[0]->clearFaults();
    f.lanes(0).retryNow();
    f.source.write({5});
    f.capture();
    QVERIFY(f.waitStored(0));
    QVERIFY(f.restoreLatest(0) == f.source.image());
    QVERIFY(f.restore(pointOf(baseline.generation, baseline.tx), 0) == f.source.imageAfter(0));
    QVERIFY(!planRestore(f.history(0), pointOf(baseline.generation, TxId{baseline.tx.value + 20}))
                 .ok());
    QVERIFY(
        f.captureUntil(0, [&](const LaneStatus&) { return f.controller().status().loss.empty(); }));
}

void TestLosses::fullLog_allAway_killed_isBoundedAndCaughtUp() {
    PipelineFixture f(40);
    f.logBytesMax = 32u << 10;
    f.startEngine();
    f.capture();
    QVERIFY(f.waitStored());
    const PublishedPosition baseline = *f.controller().published();
    f.lanes(0).setPaused(true);
    std::uint64_t most = 0;
    for (std::uint64_t i = 0; i < 60; ++i) {
        f.source.write({1 + i % 40, 1 + (i + 7) % 40});
        f.capture();
        most = std::max(most, f.controller().status().logBytes);
    }
    QVERIFY2(most <= 2 * f.logBytesMax, qPrintable(QString::number(most)));
    f.killEngine();
    f.startEngine();
    f.source.write({3});
    f.capture();
    QVERIFY(f.waitStored());
    QCOMPARE(f.controller().published()->generation, baseline.generation);
    QVERIFY(f.restoreLatest() == f.source.image());
}

QTEST_GUILESS_MAIN(TestLosses)
#include "tst_losses.moc"
