// SPDX-License-Identifier: Apache-2.0
// What the journal reader must not take for a state: a scripted writer moves between its reads.
// With STRANDLINE_MUTATION 511 and 512 the tests of the removed checks fail.
#include <QTemporaryDir>
#include <QTest>

#include "engine/capture/sqlite_journal_reader.h"
#include "engine/format/sqlite_journal_layout.h"
#include "engine/format/sqlite_layout.h"

#include "tests/capture/fake_source.h"

using namespace engine;
using Kind = JournalLook::Kind;
using Role = SourceRole;

namespace {

constexpr std::uint32_t kPageSize = 1024;
constexpr std::uint32_t kPages = 600;  // some slices
constexpr std::uint64_t kSeed = 99;

}  // namespace

class TestSqliteJournalProofs : public QObject {
    Q_OBJECT

private slots:
    void init();
    void midCommit_underExclusive_isNeverRead();
    void commitDuringTheScan_isNeverMixed();
    void writeInTheSameTick_isWaitedOut();
    void clockSetBack_isNoReasonToWait();
    void clockRunsIntoTheTimes_provesNothing();
    void clockJumps_provesNothing();
    void crash_whoseWriterEndedMeanwhile_isAskedAgain();
    void crash_rolledBackDuringTheScan_isNotMixed();
    void reservedHeld_journalIsIgnored();
    void locksUnknown_isNoPermission();
    void journalUnreadable_isNoPermission();
    void pathReplacedDuringTheScan_isNotHandedOn();
    void journalOlderThanTheFile_underExclusive_isNotTrusted();
    void endlessWriter_isTooBusyWithGrowingPauses();
    void largeFile_isReadAgainAfterARest();
    void counter_wrapsAround_isOneTransaction();
    void mapChangedBetweenLooks_scanStartsAgain();
    void hostileJournal_isHotJournal_data();
    void hostileJournal_isHotJournal();
    void journalWithoutValidHeader_leavesTheFileAsItIs();
    void position_brokenAttributes_areRefused_data();
    void position_brokenAttributes_areRefused();

private:
    FakeFile& database() { return *m_folder->files[Role::Database]; }

    void setPage(std::uint32_t page, char fill);
    void setCounter(std::uint32_t counter);
    void commit(std::uint32_t page, char fill);
    FakeFile& addJournal(std::uint32_t pageCount, const std::vector<std::uint32_t>& pages);

    void lock(const SqliteLockRange& range, LockState state) {
        database().locks[range.offset] = state;
    }

    JournalLook look(StepBudget budget = {});
    /// Looks until something is decided, while the time passes as the looks ask for it.
    JournalLook follow(StepBudget budget = {}, int looksMax = 100);
    void baseline();
    bool fileIsMap() const;

    std::unique_ptr<FakeFolder> m_folder;
    std::unique_ptr<SqliteJournalReader> m_reader;
    FakeClock m_clock;
    QTemporaryDir m_spill;
    std::optional<PageMap> m_map;
    std::optional<JournalPosition> m_position;
    std::map<std::uint64_t, Buffer> m_handedOn;
};

void TestSqliteJournalProofs::init() {
    m_clock = FakeClock();
    m_map.reset();
    m_position.reset();
    m_handedOn.clear();
    m_folder = std::make_unique<FakeFolder>();
    CaptureOptions options;
    options.clock = &m_clock;
    options.seed = kSeed;
    options.spillFolder = m_spill.path().toStdString();
    m_reader = std::make_unique<SqliteJournalReader>(options);

    FakeFile& file = m_folder->add(Role::Database);
    file.bytes.resize(std::size_t{kPageSize} * kPages);
    for (std::uint32_t page = 2; page <= kPages; ++page) {
        setPage(page, 'a');
    }
    std::memcpy(file.bytes.data(), "SQLite format 3", 16);
    storeBe<std::uint16_t>(file.bytes.data() + 16, kPageSize);
    file.bytes[18] = file.bytes[19] = std::byte{1};
    storeBe<std::uint32_t>(file.bytes.data() + 28, kPages);
    setCounter(5);
    m_clock.pass(1000);
}

void TestSqliteJournalProofs::setPage(std::uint32_t page, char fill) {
    const Buffer bytes(kPageSize, static_cast<std::byte>(fill));
    database().write(std::size_t{page - 1} * kPageSize, bytes, m_clock);
}

void TestSqliteJournalProofs::setCounter(std::uint32_t counter) {
    Buffer word(4);
    storeBe<std::uint32_t>(word.data(), counter);
    database().write(24, word, m_clock);
    database().write(92, word, m_clock);
}

void TestSqliteJournalProofs::commit(std::uint32_t page, char fill) {
    setCounter(loadBe<std::uint32_t>(database().bytes.data() + 24) + 1);
    setPage(page, fill);
}

FakeFile& TestSqliteJournalProofs::addJournal(std::uint32_t pageCount,
                                              const std::vector<std::uint32_t>& pages) {
    FakeFile& journal = m_folder->add(Role::Journal);
    Buffer bytes(512);
    const std::uint8_t magic[8] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
    std::memcpy(bytes.data(), magic, 8);
    storeBe<std::uint32_t>(bytes.data() + 8, static_cast<std::uint32_t>(pages.size()));
    storeBe<std::uint32_t>(bytes.data() + 12, 1234);
    storeBe<std::uint32_t>(bytes.data() + 16, pageCount);
    storeBe<std::uint32_t>(bytes.data() + 20, 512);
    storeBe<std::uint32_t>(bytes.data() + 24, kPageSize);
    for (const std::uint32_t page : pages) {
        const std::size_t at = bytes.size();
        bytes.resize(at + kPageSize + 8);
        storeBe<std::uint32_t>(bytes.data() + at, page);
        const std::size_t from = std::size_t{page - 1} * kPageSize;
        if (from < database().bytes.size()) {
            std::memcpy(bytes.data() + at + 4, database().bytes.data() + from, kPageSize);
        }
        const ByteView data = ByteView(bytes).subspan(at + 4, kPageSize);
        storeBe<std::uint32_t>(bytes.data() + at + 4 + kPageSize, journalChecksum(1234, data));
    }
    journal.write(0, bytes, m_clock);
    return journal;
}

JournalLook TestSqliteJournalProofs::look(StepBudget budget) {
    auto file = m_folder->open(Role::Database);
    const JournalSource source{
        *m_folder, *file.value(), m_map ? &*m_map : nullptr, m_position ? &*m_position : nullptr};
    auto looked = m_reader->look(source, budget, {});
    if (!looked.ok()) {
        qFatal("%s", looked.error().message.c_str());
    }
    JournalLook look = std::move(looked).value();
    if (look.position) {
        m_position = look.position;
    }
    if (look.difference && look.difference->fresh) {
        m_map = std::move(look.difference->fresh);
        m_position = look.difference->position;
    } else if (look.difference) {
        m_position = look.difference->position;
        m_map->resize(look.difference->pageCount);
        m_handedOn.clear();
        for (auto next = look.difference->pages.next(); next.ok() && next.value();
             next = look.difference->pages.next()) {
            const SpilledPage& page = *next.value();
            m_map->set(page.page, page.h64);
            m_handedOn[page.page] = Buffer(page.bytes.begin(), page.bytes.end());
        }
    }
    return look;
}

JournalLook TestSqliteJournalProofs::follow(StepBudget budget, int looksMax) {
    for (int i = 0; i < looksMax; ++i) {
        JournalLook last = look(budget);
        const bool soon =
            last.kind == Kind::MoreToRead || (last.kind == Kind::NotNow && !last.waiting);
        if (!soon) {
            return last;
        }
        m_clock.pass(last.callAgain ? last.callAgain->count() : 0);
    }
    return look(budget);
}

void TestSqliteJournalProofs::baseline() {
    QCOMPARE(follow().kind, Kind::Difference);
    QVERIFY(fileIsMap());
}

bool TestSqliteJournalProofs::fileIsMap() const {
    const Buffer& bytes = m_folder->files.at(Role::Database)->bytes;
    PageMap map(kPageSize, 1, kSeed);
    map.resize(bytes.size() / kPageSize);
    for (std::uint64_t page = 1; page < map.endPage(); ++page) {
        map.set(page, map.hashOf(ByteView(bytes).subspan((page - 1) * kPageSize, kPageSize)));
    }
    return map == *m_map;
}

void TestSqliteJournalProofs::midCommit_underExclusive_isNeverRead() {
    baseline();
    addJournal(kPages, {2, 3});
    lock(kReservedLock, LockState::Exclusive);
    lock(kSharedLock, LockState::Exclusive);
    setPage(2, 'b');  // and page 3 not yet: the writer waits for its disk
    m_clock.pass(5000);
    const JournalLook torn = look();
    QVERIFY(torn.kind != Kind::Difference);
    QVERIFY(torn.dirty);
    setPage(3, 'b');
    setCounter(6);
    m_folder->remove(Role::Journal);
    database().locks.clear();
    const JournalLook whole = follow();
    QCOMPARE(whole.kind, Kind::Difference);
    QCOMPARE(m_handedOn.size(), std::size_t{3});
    QVERIFY(fileIsMap());
}

void TestSqliteJournalProofs::commitDuringTheScan_isNeverMixed() {
    baseline();
    commit(2, 'b');
    m_clock.pass(1000);
    bool done = false;
    m_folder->beforeRead = [&](Role role, std::uint64_t offset) {
        if (role == Role::Database && offset >= 256u << 10 && !done) {
            done = true;
            m_clock.pass(1);
            setPage(2, 'c');  // was read already
            setPage(599, 'c');
            setCounter(7);
        }
    };
    const JournalLook mixed = look();
    QVERIFY(done);
    QCOMPARE(mixed.kind, Kind::NotNow);
    QVERIFY(m_handedOn.empty());
    const JournalLook whole = follow();
    QCOMPARE(whole.kind, Kind::Difference);
    QCOMPARE(whole.difference->merged, std::optional<std::uint64_t>(2));
    QVERIFY(fileIsMap());
}

void TestSqliteJournalProofs::writeInTheSameTick_isWaitedOut() {
    baseline();
    commit(2, 'b');
    const JournalLook early = look();
    QCOMPARE(early.kind, Kind::NotNow);
    QVERIFY(!early.waiting);
    QVERIFY(*early.callAgain >= std::chrono::milliseconds(10));
    // The second commit leaves the times as they are; a scan now would not see it come.
    const FileFacts facts = database().facts;
    commit(3, 'b');
    QCOMPARE(database().facts.mtimeNs, facts.mtimeNs);
    const JournalLook both = follow();
    QCOMPARE(both.kind, Kind::Difference);
    QCOMPARE(both.difference->merged, std::optional<std::uint64_t>(2));
    QVERIFY(fileIsMap());
}

void TestSqliteJournalProofs::clockSetBack_isNoReasonToWait() {
    baseline();
    commit(2, 'b');
    m_clock.wallMs -= 3'600'000;
    QCOMPARE(look().kind, Kind::Difference);
}

void TestSqliteJournalProofs::clockRunsIntoTheTimes_provesNothing() {
    baseline();
    m_clock.pass(40);
    commit(2, 'b');
    m_clock.pass(-40);  // set back a little: the times of the file are about to come again
    bool done = false;
    m_folder->beforeRead = [&](Role role, std::uint64_t offset) {
        if (role == Role::Database && offset >= 256u << 10 && !done) {
            done = true;
            m_clock.pass(40);
            setPage(2, 'c');
            setPage(599, 'c');  // same times as before
        }
    };
    QCOMPARE(look().kind, Kind::NotNow);
    QVERIFY(done);
    QCOMPARE(follow().kind, Kind::Difference);
    QVERIFY(fileIsMap());
}

void TestSqliteJournalProofs::clockJumps_provesNothing() {
    baseline();
    commit(2, 'b');
    m_clock.pass(1000);
    bool done = false;
    m_folder->beforeRead = [&](Role role, std::uint64_t offset) {
        if (role == Role::Database && offset >= 256u << 10 && !done) {
            done = true;
            m_clock.wallMs += 60'000;
        }
    };
    QCOMPARE(look().kind, Kind::NotNow);
    QVERIFY(done);
    QCOMPARE(follow().kind, Kind::Difference);
}

void TestSqliteJournalProofs::crash_whoseWriterEndedMeanwhile_isAskedAgain() {
    baseline();
    commit(2, 'b');
    addJournal(kPages, {2});  // of a commit that is about to end
    lock(kReservedLock, LockState::Exclusive);
    m_clock.pass(1000);
    // Between the look at the journal and the question about RESERVED it ends.
    m_folder->beforeQuestion = [&](std::uint64_t start) {
        if (start == kReservedLock.offset) {
            database().locks.clear();
            m_folder->remove(Role::Journal);
        }
    };
    QVERIFY(look().kind != Kind::Difference);
    QCOMPARE(follow().kind, Kind::Difference);
    QVERIFY(!m_position->hotJournal);
    QVERIFY(fileIsMap());
}

void TestSqliteJournalProofs::crash_rolledBackDuringTheScan_isNotMixed() {
    baseline();
    addJournal(kPages, {2, 599});
    setPage(2, 'x');
    setPage(599, 'x');
    m_clock.pass(1000);
    bool done = false;
    m_folder->beforeRead = [&](Role role, std::uint64_t offset) {
        if (role == Role::Database && offset >= 256u << 10 && !done) {
            done = true;
            // Gone without a rollback: the torn file is what there is now.
            m_folder->remove(Role::Journal);
        }
    };
    QCOMPARE(look().kind, Kind::NotNow);
    QVERIFY(done);
    QCOMPARE(follow().kind, Kind::Difference);
    QVERIFY(fileIsMap());
}

void TestSqliteJournalProofs::reservedHeld_journalIsIgnored() {
    baseline();
    addJournal(kPages, {2});
    lock(kReservedLock, LockState::Exclusive);
    m_clock.pass(1000);
    const JournalLook look1 = look();
    QCOMPARE(look1.kind, Kind::NothingNew);
    QVERIFY(!look1.callAgain);  // it may stay so for as long as the app runs
}

void TestSqliteJournalProofs::locksUnknown_isNoPermission() {
    lock(kSharedLock, LockState::Unknown);
    QCOMPARE(look().waiting, std::optional(Waiting::NoPermission));
    lock(kSharedLock, LockState::Free);
    addJournal(kPages, {2});
    lock(kReservedLock, LockState::Unknown);
    QCOMPARE(look().waiting, std::optional(Waiting::NoPermission));
}

void TestSqliteJournalProofs::journalUnreadable_isNoPermission() {
    addJournal(kPages, {2}).readable = false;
    QCOMPARE(look().waiting, std::optional(Waiting::NoPermission));
}

void TestSqliteJournalProofs::pathReplacedDuringTheScan_isNotHandedOn() {
    baseline();
    commit(2, 'b');
    m_clock.pass(1000);
    const std::shared_ptr<FakeFile> old = m_folder->files[Role::Database];
    m_folder->beforeRead = [&](Role role, std::uint64_t offset) {
        if (role == Role::Database && offset >= 256u << 10) {
            m_folder->add(Role::Database).bytes = old->bytes;
        }
    };
    QCOMPARE(look().kind, Kind::NotNow);
    QVERIFY(m_handedOn.empty());
}

void TestSqliteJournalProofs::journalOlderThanTheFile_underExclusive_isNotTrusted() {
    baseline();
    FakeFile& journal = m_folder->add(Role::Journal);  // empty, as after TRUNCATE
    journal.touch(m_clock);
    lock(kSharedLock, LockState::Exclusive);
    m_clock.pass(1000);
    setPage(2, 'b');  // MEMORY, in the middle of a commit
    m_clock.pass(1000);
    QCOMPARE(follow().waiting, std::optional(Waiting::AppHoldsLock));
    journal.touch(m_clock);  // a commit that ended in its journal
    m_clock.pass(1000);
    const JournalLook look1 = follow();
    QCOMPARE(look1.kind, Kind::Difference);
    QVERIFY(look1.difference->catchUp);
}

void TestSqliteJournalProofs::endlessWriter_isTooBusyWithGrowingPauses() {
    baseline();
    m_folder->beforeRead = [&](Role role, std::uint64_t offset) {
        if (role == Role::Database && offset >= 256u << 10) {
            m_clock.pass(20);
            commit(2, static_cast<char>('b' + m_clock.wallMs % 20));
        }
    };
    commit(2, 'b');
    std::chrono::milliseconds longest{0};
    bool tooBusy = false;
    for (int i = 0; i < 200; ++i) {
        const JournalLook busy = look();
        QVERIFY(busy.kind == Kind::NotNow);
        QVERIFY(busy.callAgain && busy.callAgain->count() > 0);
        longest = std::max(longest, *busy.callAgain);
        tooBusy = tooBusy || busy.waiting == Waiting::TooBusy;
        m_clock.pass(busy.callAgain->count());
    }
    QVERIFY(tooBusy);
    QVERIFY(longest >= std::chrono::milliseconds(64));
    m_folder->beforeRead = nullptr;
    m_clock.pass(1000);
    const JournalLook rest = follow();
    QCOMPARE(rest.kind, Kind::Difference);
    QVERIFY(rest.difference->merged.has_value());
    QVERIFY(fileIsMap());
}

void TestSqliteJournalProofs::largeFile_isReadAgainAfterARest() {
    baseline();
    int slices = 0;
    m_folder->beforeRead = [&](Role role, std::uint64_t offset) {
        if (role == Role::Database && offset >= 256u << 10) {
            m_clock.pass(100);
            ++slices;
        }
    };
    commit(2, 'b');
    m_clock.pass(20);
    QCOMPARE(follow().kind, Kind::Difference);
    QVERIFY(slices > 0);
    const std::int64_t cost = slices * 100;
    slices = 0;
    commit(3, 'c');
    m_clock.pass(20);
    const JournalLook rest = look();
    QCOMPARE(rest.kind, Kind::NotNow);
    QVERIFY(rest.dirty && !rest.waiting);
    QCOMPARE(rest.callAgain->count(), 4 * cost - 20);
    QCOMPARE(slices, 0);
    commit(4, 'd');
    m_clock.pass(rest.callAgain->count());
    const JournalLook both = follow();
    QCOMPARE(both.kind, Kind::Difference);
    QCOMPARE(both.difference->merged, std::optional<std::uint64_t>(2));
    QVERIFY(fileIsMap());
}

void TestSqliteJournalProofs::counter_wrapsAround_isOneTransaction() {
    setCounter(0xffff'ffff);
    m_clock.pass(1000);
    baseline();
    commit(2, 'b');
    m_clock.pass(1000);
    const JournalLook look1 = look();
    QCOMPARE(look1.kind, Kind::Difference);
    QVERIFY(!look1.difference->catchUp);
    setCounter(0xffff'fff0);
    m_clock.pass(1000);
    QCOMPARE(look().discontinuity, std::optional(Discontinuity::WentBack));
}

void TestSqliteJournalProofs::mapChangedBetweenLooks_scanStartsAgain() {
    baseline();
    commit(2, 'b');
    m_clock.pass(1000);
    const StepBudget tiny{0, std::chrono::milliseconds{0}};
    QCOMPARE(look(tiny).kind, Kind::MoreToRead);
    m_map->set(2, 0);  // as if a page had been captured otherwise
    m_map->set(3, 0);
    QCOMPARE(follow(tiny).kind, Kind::Difference);
    QVERIFY(fileIsMap());
}

void TestSqliteJournalProofs::hostileJournal_isHotJournal_data() {
    QTest::addColumn<quint32>("pageCount");
    QTest::newRow("more pages than file and journal have") << 0xffff'ffffu;
    QTest::newRow("one page more") << kPages + 1;
    QTest::newRow("no pages") << 0u;
}

void TestSqliteJournalProofs::hostileJournal_isHotJournal() {
    baseline();
    QFETCH(quint32, pageCount);
    addJournal(pageCount, {2, 3});
    setPage(2, 'b');
    m_clock.pass(1000);
    const JournalLook look1 = look();
    QCOMPARE(look1.kind, Kind::NotNow);
    QCOMPARE(look1.waiting, std::optional(Waiting::HotJournal));
    QVERIFY(m_handedOn.empty());
}

void TestSqliteJournalProofs::journalWithoutValidHeader_leavesTheFileAsItIs() {
    baseline();
    FakeFile& journal = addJournal(kPages, {2});
    storeBe<std::uint32_t>(journal.bytes.data() + 20, 3);  // a sector size that cannot be
    commit(2, 'b');
    m_clock.pass(1000);
    QCOMPARE(look().kind, Kind::Difference);
    QVERIFY(fileIsMap());
}

void TestSqliteJournalProofs::position_brokenAttributes_areRefused_data() {
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<QByteArray>("value");
    QTest::newRow("counter text") << QByteArray("journal.changeCounter") << QByteArray("x");
    QTest::newRow("counter too large")
        << QByteArray("journal.changeCounter") << QByteArray("4294967296");
    QTest::newRow("stamp short") << QByteArray("journal.file") << QByteArray("1 2 3");
    QTest::newRow("stamp long") << QByteArray("journal.file") << QByteArray("1 2 3 4 5");
    QTest::newRow("stamp text") << QByteArray("journal.file") << QByteArray("1 2 3 x");
    QTest::newRow("hot journal") << QByteArray("journal.hotJournal") << QByteArray("-1 2 3 4");
}

void TestSqliteJournalProofs::position_brokenAttributes_areRefused() {
    QFETCH(QByteArray, key);
    QFETCH(QByteArray, value);
    JournalPosition position;
    position.changeCounter = 7;
    position.file.size = 4096;
    position.file.mtimeNs = -5;
    Attrs attrs = position.toAttrs();
    QVERIFY(JournalPosition::fromAttrs(attrs)->sameState(position));
    attrs[key.toStdString()] = value.toStdString();
    QVERIFY(!JournalPosition::fromAttrs(attrs));
    QVERIFY(!JournalPosition::fromAttrs({}));
}

QTEST_GUILESS_MAIN(TestSqliteJournalProofs)
#include "tst_sqlite_journal_proofs.moc"
