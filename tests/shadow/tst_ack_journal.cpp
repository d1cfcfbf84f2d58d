// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/base/checksum.h"
#include "engine/base/file_system.h"
#include "engine/base/thread.h"
#include "engine/shadow/ack_journal.h"

#include "tests/replica/check_result.h"
#include "tests/replica/small_disk.h"

using namespace engine;

namespace {

const GenerationId kGeneration{7};

ArtefactId artefactOf(std::uint64_t number) {
    ArtefactId id;
    storeBe(id.bytes.data() + 8, number);
    return id;
}

PendingUpload segmentUpload(std::uint64_t number) {
    PendingUpload upload;
    upload.generation = kGeneration;
    upload.artefact = artefactOf(number);
    upload.firstTx = TxId{number * 10 + 1};
    upload.lastTx = TxId{number * 10 + 10};
    upload.createdAt = Time{1781438531123 + static_cast<std::int64_t>(number)};
    return upload;
}

PendingUpload snapshotUpload(std::uint64_t number) {
    PendingUpload upload = segmentUpload(number);
    upload.kind = ArtefactKind::Snapshot;
    upload.lastTx = TxId{0};
    return upload;
}

/// All that a journal says.
struct Everything {
    std::map<GenerationId, AckState> states;
    std::vector<PendingUpload> pending;
    friend bool operator==(const Everything&, const Everything&) = default;
};

Everything everythingOf(const AckJournal& journal) {
    Everything all;
    for (const GenerationId generation : journal.generations()) {
        all.states[generation] = journal.state(generation);
    }
    all.pending = journal.pending();
    return all;
}

}  // namespace

class TestAckJournal : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;

    std::string path() const { return m_folder->path().toStdString() + "/acks/disk.acks"; }

    std::unique_ptr<AckJournal> openNew() const {
        Result<std::unique_ptr<AckJournal>> journal = AckJournal::open(path());
        if (!journal.ok()) {
            qFatal("open: %s", journal.error().message.c_str());
        }
        return std::move(journal).value();
    }

    Buffer bytes() const { return readWholeFile(path(), 64u << 20).value(); }

    void write(ByteView contents) const {
        File file = File::open(path(), File::Mode::CreateTrunc).value();
        QVERIFY(file.writeAt(0, contents).ok());
    }

    /// A bit of everything; returns what the journal said after each record, first of an empty one.
    std::vector<Everything> makeHistory() const {
        const auto journal = openNew();
        std::vector<Everything> after = {everythingOf(*journal)};
        const auto note = [&](const Status& done) {
            after.push_back(done.ok() ? everythingOf(*journal) : Everything{});
        };
        note(journal->startGeneration(kGeneration, TxId{5}));
        note(journal->begin(snapshotUpload(1)));
        note(journal->partStored(artefactOf(1), "a/b/one.p00001"));
        note(journal->begin(segmentUpload(2)));
        note(journal->stored(artefactOf(2), TxId{30}, Time{2000}, 400));
        note(journal->partStored(artefactOf(1), "a/b/one.p00002"));
        note(journal->stored(artefactOf(1), TxId{12}, Time{3000}, 5000));
        note(journal->begin(segmentUpload(3)));
        note(journal->dropped(artefactOf(3)));
        note(journal->startGeneration(GenerationId{8}, TxId{30}));
        note(journal->begin(segmentUpload(4)));
        note(journal->partStored(artefactOf(4), "a/b/four.p00001"));
        return after;
    }

private slots:

    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void open_new_isEmptyAndPrivate() {
        const auto journal = openNew();
        QVERIFY(journal->generations().empty() && journal->pending().empty());
        QVERIFY(!journal->recovery().damaged && journal->recovery().bytesCut == 0);
        QVERIFY(journal->state(kGeneration) == AckState{});
        QCOMPARE(factsOf(path()).value().mode & 07777, 0600u);
    }

    void stored_segment_movesSegmentsTx() {
        const auto journal = openNew();
        VERIFY_OK(journal->startGeneration(kGeneration, TxId{10}));
        QCOMPARE(journal->state(kGeneration).segmentsTx.value, std::uint64_t(10));
        VERIFY_OK(journal->begin(segmentUpload(1)));
        QCOMPARE(journal->pending().size(), std::size_t(1));
        VERIFY_OK(journal->stored(artefactOf(1), TxId{20}, Time{5000}, 700));
        const AckState state = journal->state(kGeneration);
        QVERIFY(!state.snapshotTx.has_value());
        QCOMPARE(state.segmentsTx.value, std::uint64_t(20));
        QCOMPARE(state.lastUploadAt.ms, 5000);
        QCOMPARE(state.segmentBytesSinceSnapshot, std::uint64_t(700));
        QVERIFY(journal->pending().empty());
        // A late baseline of the same generation takes nothing back.
        VERIFY_OK(journal->startGeneration(kGeneration, TxId{10}));
        QCOMPARE(journal->state(kGeneration).segmentsTx.value, std::uint64_t(20));
    }

    void stored_snapshot_resetsTheBytesSince() {
        const auto journal = openNew();
        VERIFY_OK(journal->begin(segmentUpload(1)));
        VERIFY_OK(journal->begin(snapshotUpload(2)));
        VERIFY_OK(journal->stored(artefactOf(1), TxId{20}, Time{5000}, 700));
        VERIFY_OK(journal->stored(artefactOf(2), TxId{18}, Time{6000}, 90'000));
        const AckState state = journal->state(kGeneration);
        QCOMPARE(state.snapshotTx->value, std::uint64_t(18));
        QCOMPARE(state.snapshotAt.ms, 6000);
        QCOMPARE(state.snapshotBytes, std::uint64_t(90'000));
        QCOMPARE(state.segmentBytesSinceSnapshot, std::uint64_t(0));
        QCOMPARE(state.segmentsTx.value, std::uint64_t(20));
    }

    void unknownArtefact_isNotFoundAndWritesNothing() {
        const auto journal = openNew();
        const Buffer before = bytes();
        COMPARE_CODE(journal->partStored(artefactOf(1), "a"), NotFound);
        COMPARE_CODE(journal->stored(artefactOf(1), TxId{1}, Time{1}, 1), NotFound);
        COMPARE_CODE(journal->dropped(artefactOf(1)), NotFound);
        VERIFY_OK(journal->begin(segmentUpload(2)));
        COMPARE_CODE(journal->begin(segmentUpload(2)), InvalidArgument);
        VERIFY_OK(journal->dropped(artefactOf(2)));
        COMPARE_CODE(journal->dropped(artefactOf(2)), NotFound);
        QVERIFY(bytes().size() > before.size());
    }

    void forgetGeneration_takesWhatIsPendingWithIt() {
        const auto journal = openNew();
        VERIFY_OK(journal->startGeneration(kGeneration, TxId{10}));
        VERIFY_OK(journal->startGeneration(GenerationId{8}, TxId{11}));
        VERIFY_OK(journal->begin(segmentUpload(1)));
        VERIFY_OK(journal->forgetGeneration(kGeneration));
        QVERIFY(journal->pending().empty());
        QVERIFY(journal->generations() == std::vector<GenerationId>{GenerationId{8}});
        QVERIFY(openNew()->generations() == std::vector<GenerationId>{GenerationId{8}});
    }

    void open_again_resumes() {
        const std::vector<Everything> history = makeHistory();
        const auto journal = openNew();
        QVERIFY(everythingOf(*journal) == history.back());
        QCOMPARE(journal->recovery().records, static_cast<std::uint64_t>(history.size()));
        const std::vector<PendingUpload> pending = journal->pending();
        QCOMPARE(pending.size(), std::size_t(1));
        QCOMPARE(pending[0].createdAt.ms, segmentUpload(4).createdAt.ms);
        QCOMPARE(pending[0].parts, std::vector<std::string>{"a/b/four.p00001"});
        VERIFY_OK(journal->partStored(artefactOf(4), "a/b/four.p00001"));
        QCOMPARE(journal->pending()[0].parts.size(), std::size_t(1));
    }

    void read_neverTouchesTheFile() {
        COMPARE_CODE(AckJournal::read(path()), NotFound);
        QVERIFY(!factsOf(parentOf(path())).ok());
        const std::vector<Everything> history = makeHistory();
        Buffer torn = bytes();
        torn.resize(torn.size() - 3);
        write(torn);
        const auto journal = AckJournal::read(path());
        VERIFY_OK(journal);
        QVERIFY(everythingOf(*journal.value()) == history[history.size() - 2]);
        QVERIFY(bytes() == torn);
    }

    void open_tornAtEveryByte_isTheStateBefore() {
        const std::vector<Everything> history = makeHistory();
        const Buffer whole = bytes();
        std::size_t lines = 0;
        for (std::size_t size = 0; size <= whole.size(); ++size) {
            write(ByteView(whole).first(size));
            lines += size > 0 && whole[size - 1] == std::byte{'\n'} ? 1u : 0u;
            {
                const auto journal = openNew();
                const Everything& expected = lines == 0 ? history[0] : history[lines - 1];
                QVERIFY2(everythingOf(*journal) == expected, qPrintable(QString::number(size)));
                QVERIFY(!journal->recovery().damaged);
                VERIFY_OK(journal->startGeneration(GenerationId{99}, TxId{1}));
            }
            const auto again = openNew();
            QCOMPARE(again->recovery().bytesCut, std::uint64_t(0));
            QCOMPARE(again->state(GenerationId{99}).segmentsTx.value, std::uint64_t(1));
        }
        QCOMPARE(lines, history.size());
    }

    void open_flippedAtEveryByte_isTheStateBefore() {
        const std::vector<Everything> history = makeHistory();
        const Buffer whole = bytes();
        std::size_t lines = 0;
        for (std::size_t at = 0; at < whole.size(); ++at) {
            Buffer flipped = whole;
            flipped[at] ^= std::byte{0x01};
            write(flipped);
            const auto journal = openNew();
            const Everything& expected = lines == 0 ? history[0] : history[lines - 1];
            QVERIFY2(everythingOf(*journal) == expected, qPrintable(QString::number(at)));
            QVERIFY(journal->recovery().bytesCut > 0);
            // Not a crash of ours, which leaves at most one unfinished line.
            QCOMPARE(journal->recovery().damaged, at + 1 < whole.size());
            lines += whole[at] == std::byte{'\n'} ? 1u : 0u;
        }
    }

    void open_zerosBehindTheEnd_areCut() {
        const std::vector<Everything> history = makeHistory();
        Buffer extended = bytes();
        const std::size_t size = extended.size();
        extended.resize(size + 4096);
        write(extended);
        QVERIFY(everythingOf(*openNew()) == history.back());
        QCOMPARE(bytes().size(), size);
    }

    void open_newerVersion_isUnsupportedAndTouchesNothing() {
        const std::string json = R"({"op":"format","version":2})";
        const std::string line = toHex16(xxh3(viewOf(json))) + " " + json + "\nsomething new\n";
        QVERIFY(makeFolders(parentOf(path())).ok());
        write(viewOf(line));
        COMPARE_CODE(AckJournal::open(path()), Unsupported);
        QCOMPARE(textOf(bytes()), line);
    }

    void journal_longHistory_staysSmall() {
        {
            const auto journal = openNew();
            VERIFY_OK(journal->begin(snapshotUpload(1)));
            VERIFY_OK(journal->partStored(artefactOf(1), "a/b/one.p00001"));
            for (std::uint64_t i = 2; i < 5000; ++i) {
                VERIFY_OK(journal->begin(segmentUpload(i)));
                VERIFY_OK(journal->stored(
                    artefactOf(i), TxId{i}, Time{static_cast<std::int64_t>(i)}, 10));
            }
        }
        QVERIFY2(bytes().size() < 300'000, qPrintable(QString::number(bytes().size())));
        const auto journal = openNew();
        QCOMPARE(journal->state(kGeneration).segmentsTx.value, std::uint64_t(4999));
        QCOMPARE(journal->state(kGeneration).segmentBytesSinceSnapshot, std::uint64_t(4998 * 10));
        QCOMPARE(journal->pending().size(), std::size_t(1));
        QCOMPARE(journal->pending()[0].parts.size(), std::size_t(1));
        QCOMPARE(listFolder(parentOf(path())).value().size(), std::size_t(1));
    }

    void open_leftoverOfARewrite_isRemoved() {
        makeHistory();
        QVERIFY(writeFileAtomically(path() + ".tmp-0011223344556677", viewOf("x")).ok());
        openNew();
        QCOMPARE(listFolder(parentOf(path())).value().size(), std::size_t(1));
    }

    void lanes_atTheSameTime_loseNothing() {
        {
            const auto journal = openNew();
            std::atomic<int> failures{0};
            const auto lane = [&](std::uint64_t first) {
                for (std::uint64_t i = first; i < first + 300; ++i) {
                    failures += journal->begin(segmentUpload(i)).ok() ? 0 : 1;
                    failures += journal->partStored(artefactOf(i), "p").ok() ? 0 : 1;
                    failures += journal->stored(artefactOf(i), TxId{i}, Time{1}, 1).ok() ? 0 : 1;
                }
            };
            {
                const Thread one("one", [&](std::stop_token) { lane(1000); });
                const Thread two("two", [&](std::stop_token) { lane(5000); });
            }
            QCOMPARE(failures.load(), 0);
        }
        const auto journal = openNew();
        QCOMPARE(journal->recovery().bytesCut, std::uint64_t(0));
        QCOMPARE(journal->state(kGeneration).segmentBytesSinceSnapshot, std::uint64_t(600));
        QVERIFY(journal->pending().empty());
    }

    void fullDisk_isNoSpaceAndTheStateStays() {
        QVERIFY(makeFolders(parentOf(path())).ok());
        const auto disk = testing::SmallDisk::mount(parentOf(path()), 64u << 10);
        REQUIRE_OR_SKIP(disk != nullptr, "mount");
        const auto journal = openNew();
        Everything before = everythingOf(*journal);
        Status last;
        for (std::uint64_t i = 1; last.ok(); ++i) {
            before = everythingOf(*journal);
            last = journal->begin(segmentUpload(i));
        }
        COMPARE_CODE(last, NoSpace);
        QVERIFY(everythingOf(*journal) == before);
        QVERIFY(before.pending.size() > 10);
        QVERIFY(everythingOf(*openNew()) == before);
        QVERIFY(disk->resize(1u << 20));
        VERIFY_OK(journal->dropped(before.pending.front().artefact));
        QVERIFY(everythingOf(*openNew()) == everythingOf(*journal));
    }

    void killed_afterReturn_keepsTheRecord() {
        for (int round = 0; round < 5; ++round) {
            int ends[2];
            QVERIFY(::pipe(ends) == 0);
            const pid_t child = ::fork();
            QVERIFY(child >= 0);
            if (child == 0) {
                const auto journal = openNew();
                for (std::uint64_t i = journal->state(kGeneration).segmentsTx.value + 1;; ++i) {
                    if (!journal->startGeneration(kGeneration, TxId{i}).ok() ||
                        ::write(ends[1], &i, sizeof i) != sizeof i) {
                        ::_exit(1);
                    }
                }
            }
            ::close(ends[1]);
            std::uint64_t last = 0;
            for (int i = 0; i < 200; ++i) {
                QCOMPARE(::read(ends[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
            }
            QVERIFY(::kill(child, SIGKILL) == 0);
            int status = 0;
            QCOMPARE(::waitpid(child, &status, 0), child);
            while (::read(ends[0], &last, sizeof last) == static_cast<ssize_t>(sizeof last)) {}
            ::close(ends[0]);
            const auto journal = openNew();
            QVERIFY(!journal->recovery().damaged);
            QVERIFY(journal->state(kGeneration).segmentsTx.value >= last);
        }
    }
};

int main(int argc, char** argv) {
    testing::enterMountNamespace();
    QCoreApplication application(argc, argv);
    TestAckJournal test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_ack_journal.moc"
