// SPDX-License-Identifier: Apache-2.0
// What opening makes of a folder after whatever happened to it: at every byte.
#include <QtTest>

#include "engine/base/file_system.h"

#include "tests/replica/check_result.h"
#include "tests/shadow/shadow_fixture.h"

using namespace engine;
using namespace testing;

class TestShadowRecovery : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<ShadowFixture> m_fixture;
    Chain m_chain;
    std::map<std::string, Buffer> m_files;  // of the generation, as written

    std::string folder() const { return m_fixture->generationFolder(m_chain); }

    std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& [name, bytes] : m_files) {
            names.push_back(name);
        }
        return names;
    }

    /// Three segments of two commits each.
    void makeLog(const SegmentPlan& plan = {}) {
        const auto log = m_fixture->open();
        for (int i = 0; i < 3; ++i) {
            VERIFY_OK(m_fixture->append(*log, m_chain, plan));
        }
        m_files = filesOf(folder());
    }

    /// Opened, the log holds the first `segments` and goes on from there.
    void compareFirst(std::size_t segments, std::uint64_t setAside) {
        const auto log = m_fixture->open();
        QCOMPARE(log->recovery().segments, static_cast<std::uint64_t>(segments));
        QCOMPARE(log->recovery().setAside, setAside);
        QCOMPARE(log->recovery().firstProblem.empty(), setAside == 0);
        const auto seen = replayAll(*log, m_chain.generation);
        VERIFY_OK(seen);
        const auto expected = std::vector<SeenCommit>(
            m_chain.commits.begin(),
            m_chain.commits.begin() + static_cast<std::ptrdiff_t>(segments * 2));
        QVERIFY(seen.value() == expected);
        // Opened once more there is nothing left to complain about.
        const auto again = m_fixture->open();
        QCOMPARE(again->recovery().setAside, std::uint64_t(0));
        QCOMPARE(again->recovery().segments, static_cast<std::uint64_t>(segments));
    }

    std::vector<SeenCommit> withoutMiddle() const {
        std::vector<SeenCommit> commits = m_chain.commits;
        commits.erase(commits.begin() + 2, commits.begin() + 4);
        return commits;
    }

private slots:

    void init() {
        m_fixture = std::make_unique<ShadowFixture>();
        m_chain = Chain{.generation = GenerationId{7}, .lastTx = TxId{10}};
    }

    void open_truncatedAtEveryByte_isSetAside() {
        makeLog();
        const std::string last = names().back();
        const Buffer whole = m_files[last];
        for (std::size_t size = 0; size < whole.size(); ++size) {
            m_files[last] =
                Buffer(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            restoreFiles(folder(), m_files);
            compareFirst(2, 1);
            if (QTest::currentTestFailed()) {
                qInfo("truncated to %zu of %zu bytes", size, whole.size());
                return;
            }
        }
    }

    void open_flippedAtEveryByte_neverReplaysOtherContents() {
        makeLog();
        const std::string middle = names()[1];
        const Buffer whole = m_files[middle];
        std::size_t atOpen = 0;
        std::size_t atReplay = 0;
        for (std::size_t at = 0; at < whole.size(); ++at) {
            m_files[middle] = whole;
            m_files[middle][at] ^= std::byte{0x40};
            restoreFiles(folder(), m_files);
            const auto log = m_fixture->open();
            if (log->recovery().setAside == 0) {
                ++atReplay;
                const auto segments = log->segmentsAfter(m_chain.generation, TxId{0});
                QCOMPARE(segments.size(), std::size_t(3));
                RecordingSink sink;
                QVERIFY2(!log->replay(segments[1], sink).ok(), qPrintable(QString::number(at)));
                // What the one who replays does then.
                VERIFY_OK(log->setAside(segments[1]));
            } else {
                ++atOpen;
                QCOMPARE(log->recovery().setAside, std::uint64_t(1));
            }
            const auto seen = replayAll(*log, m_chain.generation);
            VERIFY_OK(seen);
            QVERIFY(seen.value() == withoutMiddle());
        }
        qInfo("of %zu flipped bytes %zu were seen by open, %zu by replay",
              whole.size(),
              atOpen,
              atReplay);
        QVERIFY(atOpen > 0 && atReplay > 0);
    }

    void open_hole_keepsWhatIsBehindIt() {
        makeLog();
        m_files.erase(names()[1]);
        restoreFiles(folder(), m_files);
        const auto log = m_fixture->open();
        QCOMPARE(log->recovery().segments, std::uint64_t(2));
        QCOMPARE(log->recovery().setAside, std::uint64_t(0));
        QCOMPARE(log->recovery().holes, std::uint64_t(1));
        QVERIFY(log->recovery().firstProblem.find("13 to 14 are missing") != std::string::npos);
        QVERIFY(replayAll(*log, m_chain.generation).value() == withoutMiddle());
        VERIFY_OK(m_fixture->append(*log, m_chain));
    }

    void open_missingBeginning_isATrimmedLog() {
        makeLog();
        QVERIFY(removeFile(folder() + "/" + names()[0]).ok());
        const auto log = m_fixture->open();
        QCOMPARE(log->recovery().setAside, std::uint64_t(0));
        QCOMPARE(log->recovery().segments, std::uint64_t(2));
    }

    void open_otherRoot_setsAside() {
        makeLog();
        Chain fork = m_chain;
        fork.root = Root{9, 9};
        // The same TxIds from another history, written by a log of their own.
        ShadowFixture other;
        const auto log = other.open();
        VERIFY_OK(other.append(*log, fork));
        const auto files = filesOf(other.generationFolder(fork));
        m_files.insert(files.begin(), files.end());
        restoreFiles(folder(), m_files);
        compareFirst(3, 1);
    }

    void open_sameSegmentTwice_keepsOne() {
        makeLog();
        // A copy under another artefact's name does not match its contents.
        PartName name =
            PartName::parse(folderOf(m_fixture->location(), m_chain.generation) + names()[1])
                .value();
        name.artefact = ArtefactId{};
        m_files[fileNameOf(name.text())] = m_files[names()[1]];
        restoreFiles(folder(), m_files);
        const auto log = m_fixture->open();
        QVERIFY(log->recovery().setAside > 0);
        const auto seen = replayAll(*log, m_chain.generation);
        VERIFY_OK(seen);
        QVERIFY(seen.value() == m_chain.commits || seen.value() == withoutMiddle());
    }

    void open_renamedSegment_isSetAside() {
        makeLog();
        PartName name =
            PartName::parse(folderOf(m_fixture->location(), m_chain.generation) + names()[2])
                .value();
        const std::string old = fileNameOf(name.text());
        name.last->lastTx = TxId{99};
        m_files[fileNameOf(name.text())] = m_files[old];
        m_files.erase(old);
        restoreFiles(folder(), m_files);
        compareFirst(2, 1);
    }

    void open_otherDatabase_isNotTouched() {
        makeLog();
        const auto other = ShadowLog::open(m_fixture->folder(),
                                           DatabaseLocation{ComputerId{0xc0}, DatabaseId{0xdc}});
        VERIFY_OK(other);
        QCOMPARE(other.value()->recovery().segments, std::uint64_t(0));
        QVERIFY(other.value()->generations().empty());
    }

    void open_severalParts_missingOne_costsItsSegment_data() {
        QTest::addColumn<int>("missing");
        QTest::addColumn<quint64>("setAside");
        QTest::addColumn<quint64>("unpublished");
        QTest::newRow("first part") << 2 << quint64(1) << quint64(0);
        // Without its last part it was never published.
        QTest::newRow("last part") << 3 << quint64(0) << quint64(1);
    }

    void open_severalParts_missingOne_costsItsSegment() {
        QFETCH(int, missing);
        QFETCH(quint64, setAside);
        QFETCH(quint64, unpublished);
        const auto log = m_fixture->open();
        const SegmentPlan twoParts{.commits = 2, .pages = 160, .pageSize = 65536};
        for (int i = 0; i < 2; ++i) {
            VERIFY_OK(m_fixture->append(*log, m_chain, twoParts));
        }
        m_files = filesOf(folder());
        QCOMPARE(m_files.size(), std::size_t(4));
        QVERIFY(removeFile(folder() + "/" + names()[static_cast<std::size_t>(missing)]).ok());
        const auto again = m_fixture->open();
        QCOMPARE(again->recovery().segments, std::uint64_t(1));
        QCOMPARE(again->recovery().setAside, std::uint64_t(setAside));
        QCOMPARE(again->recovery().unpublished, std::uint64_t(unpublished));
    }

    void open_temporariesAndForeignFiles_areToldApart() {
        makeLog();
        const std::map<std::string, Buffer> foreign = {{"notes.txt", Buffer(3)},
                                                       {"old.bad", Buffer(3)}};
        m_files.insert(foreign.begin(), foreign.end());
        m_files[".tmp-" + names()[0]] = Buffer(10);
        restoreFiles(folder(), m_files);
        QVERIFY(makeFolders(m_fixture->folder() + "/not a generation/x").ok());
        const auto log = m_fixture->open();
        QCOMPARE(log->recovery().unpublished, std::uint64_t(1));
        QCOMPARE(log->recovery().setAside, std::uint64_t(0));
        QCOMPARE(log->recovery().segments, std::uint64_t(3));
        QCOMPARE(namesIn(folder()).size(), std::size_t(5));
        QVERIFY(factsOf(m_fixture->folder() + "/not a generation/x").ok());
    }

    void open_newerVersion_isUnsupportedAndTouchesNothing() {
        makeLog();
        Buffer& last = m_files[names().back()];
        storeLe<std::uint16_t>(last.data() + 8, kFormatVersion + 1);
        storeLe<std::uint64_t>(last.data() + 72, xxh3(ByteView(last).first(72)));
        m_files[".tmp-x"] = Buffer(10);
        restoreFiles(folder(), m_files);
        COMPARE_CODE(ShadowLog::open(m_fixture->folder(), m_fixture->location()), Unsupported);
        QVERIFY(filesOf(folder()) == m_files);
    }

    void open_badGeneration_doesNotHarmAnother() {
        makeLog();
        Chain other{.generation = GenerationId{8}, .time = Time{1781438599000}};
        VERIFY_OK(m_fixture->append(*m_fixture->open(), other));
        for (const std::string& name : names()) {
            m_files[name].resize(10);
        }
        restoreFiles(folder(), m_files);
        const auto log = m_fixture->open();
        QCOMPARE(log->recovery().segments, std::uint64_t(1));
        QCOMPARE(log->recovery().setAside, std::uint64_t(3));
        QVERIFY(log->generations() == std::vector<GenerationId>{other.generation});
        QVERIFY(replayAll(*log, other.generation).value() == other.commits);
    }
};

QTEST_GUILESS_MAIN(TestShadowRecovery)
#include "tst_shadow_recovery.moc"
