// SPDX-License-Identifier: Apache-2.0
// Artefacts of every format version that was ever released stay readable. The files are made once:
//     STRANDLINE_WRITE_GOLDEN=tests/format/golden tst_artefact_golden
// writes them anew for the present version; those of released versions are never written again.
#include <zstd.h>

#include <QtTest>

#include "engine/base/file_system.h"
#include "engine/format/page_map.h"

#include "tests/format/artefact_samples.h"

using namespace engine;
using namespace engine::samples;

namespace {

constexpr int kZstdOfTheFiles = 10504;  // another zstd may pack to other bytes

struct Golden {
    const char* name;
    Sample sample;
    std::uint32_t partBytesTarget;
};

/// Pages of zeros but for their first bytes: small files, and dumps that people can read.
Sample sparse(Sample sample) {
    for (RecordedCommit& recorded : sample.commits) {
        for (Frame& frame : recorded.frames) {
            std::fill(frame.bytes.begin() + 16, frame.bytes.end(), std::byte{0});
        }
    }
    return sample;
}

std::vector<Golden> goldens() {
    const Compression stored{Codec::None, 0, 0};
    const Compression packed{Codec::Zstd, 0, 0};
    Sample tiny = sparse(segmentOf(512, stored, 3, 1));
    tiny.head.additionalAttrs.clear();
    return {{"v1-tiny", std::move(tiny), 16u << 20},
            {"v1-segment-stored", segmentOf(512, stored, 4, 3), 16u << 20},
            {"v1-segment-zstd", segmentOf(1024, Compression{Codec::Zstd, 7, 12}, 6, 4), 16u << 20},
            {"v1-snapshot-parts", sparse(snapshotOf(4096, packed, 150)), 1},
            {"v1-bolt", boltSegmentOf(1024, packed), 16u << 20}};
}

std::string pathOf(const std::string& name) {
    const QByteArray writeTo = qgetenv("STRANDLINE_WRITE_GOLDEN");
    return joinPath(writeTo.isEmpty() ? GOLDEN_FOLDER : writeTo.toStdString(), name);
}

std::string partPath(const Golden& golden, std::size_t number) {
    return pathOf(std::string(golden.name) + ".p" + std::to_string(number) + ".bin");
}

/// The table, and each commit's frames with the hash of their bytes.
std::string expectation(const ArtefactTable& table, const std::vector<RecordedCommit>& commits) {
    std::string text = "{\"table\": " + describeTable(table) + ",\n\"frames\": [";
    const char* comma = "\n";
    for (const RecordedCommit& recorded : commits) {
        for (const Frame& frame : recorded.frames) {
            text += comma;
            text += "  {\"txId\": " + std::to_string(recorded.commit.tx.value) +
                    ", \"page\": " + std::to_string(frame.page) +
                    ", \"overflow\": " + std::to_string(frame.overflow) + ", \"h64\": \"" +
                    toHex16(pageHash(frame.bytes, table.head.seed)) + "\"}";
            comma = ",\n";
        }
    }
    return text + "\n]}\n";
}

std::vector<FinishedPart> load(const Golden& golden) {
    std::vector<FinishedPart> parts;
    for (std::size_t number = 1;; ++number) {
        Result<Buffer> bytes = readWholeFile(partPath(golden, number), kPartBytesMax);
        if (!bytes.ok()) {
            return parts;
        }
        parts.emplace_back();
        parts.back().bytes = std::move(bytes).value();
    }
}

PageMap goldenMap() {
    PageMap map(4096, 1, 0x5eed);
    map.resize(6);
    map.set(2, 0x0123456789abcdef);
    map.set(5, 1);
    return map;
}

}  // namespace

class TestArtefactGolden : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void files_readToday_giveWhatTheySaid_data();
    void files_readToday_giveWhatTheySaid();

    void bytes_writtenToday_areThoseOfTheFiles_data() { files_readToday_giveWhatTheySaid_data(); }

    void bytes_writtenToday_areThoseOfTheFiles();
    void pageMap_file_isReadAndWrittenAlike();
    void document_dumps_areThoseOfTheFile();
};

void TestArtefactGolden::initTestCase() {
    if (!qEnvironmentVariableIsSet("STRANDLINE_WRITE_GOLDEN")) {
        return;
    }
    for (const Golden& golden : goldens()) {
        const auto parts =
            write(golden.sample, optionsFor(golden.sample.head, golden.partBytesTarget));
        VERIFY_OK(parts);
        for (std::size_t i = 0; i < parts.value().size(); ++i) {
            VERIFY_OK(writeFileAtomically(partPath(golden, i + 1), parts.value()[i].bytes));
        }
        const std::string text =
            expectation(tableOf(parts.value()).value(), readBack(parts.value()).value());
        VERIFY_OK(writeFileAtomically(pathOf(std::string(golden.name) + ".json"), viewOf(text)));
    }
    VERIFY_OK(savePageMap(pathOf("v1-page-map.bin"),
                          GenerationId{0x9e},
                          TxId{77},
                          {{"salt", "8c5e01d2"}},
                          goldenMap()));
}

void TestArtefactGolden::files_readToday_giveWhatTheySaid_data() {
    QTest::addColumn<int>("number");
    int number = 0;
    for (const Golden& golden : goldens()) {
        QTest::newRow(golden.name) << number++;
    }
}

void TestArtefactGolden::files_readToday_giveWhatTheySaid() {
    QFETCH(int, number);
    const Golden golden = goldens()[static_cast<std::size_t>(number)];
    const std::vector<FinishedPart> parts = load(golden);
    QVERIFY(!parts.empty());
    const auto table = tableOf(parts);
    VERIFY_OK(table);
    const auto commits = readBack(parts);
    VERIFY_OK(commits);
    const auto expected = readWholeFile(pathOf(std::string(golden.name) + ".json"), 1u << 20);
    VERIFY_OK(expected);
    QCOMPARE(expectation(table.value(), commits.value()), textOf(expected.value()));
    QVERIFY(sameCommits(commits.value(), golden.sample.commits));
}

void TestArtefactGolden::bytes_writtenToday_areThoseOfTheFiles() {
    QFETCH(int, number);
    const Golden golden = goldens()[static_cast<std::size_t>(number)];
    if (golden.sample.head.compression.codec == Codec::Zstd &&
        ZSTD_versionNumber() != kZstdOfTheFiles) {
        QSKIP("another zstd packs to other bytes");
    }
    const auto parts = write(golden.sample, optionsFor(golden.sample.head, golden.partBytesTarget));
    VERIFY_OK(parts);
    const std::vector<FinishedPart> files = load(golden);
    QCOMPARE(parts.value().size(), files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
        QVERIFY(parts.value()[i].bytes == files[i].bytes);
    }
}

void TestArtefactGolden::pageMap_file_isReadAndWrittenAlike() {
    const auto loaded = loadPageMap(pathOf("v1-page-map.bin"));
    VERIFY_OK(loaded);
    QVERIFY(loaded.value().map == goldenMap());
    QCOMPARE(loaded.value().tx.value, std::uint64_t{77});
    QTemporaryDir folder;
    const std::string path = joinPath(folder.path().toStdString(), "map");
    VERIFY_OK(savePageMap(path,
                          loaded.value().generation,
                          loaded.value().tx,
                          loaded.value().position,
                          loaded.value().map));
    QVERIFY(readWholeFile(path, 1u << 20).value() ==
            readWholeFile(pathOf("v1-page-map.bin"), 1u << 20).value());
}

void TestArtefactGolden::document_dumps_areThoseOfTheFile() {
    const auto document = readWholeFile(FORMAT_DOCUMENT, 1u << 20);
    const auto file = readWholeFile(pathOf("v1-tiny.p1.bin"), 1u << 20);
    VERIFY_OK(document);
    VERIFY_OK(file);
    const QByteArray text = QByteArray::fromStdString(textOf(document.value()));
    const QByteArray whole = QByteArray::fromStdString(textOf(file.value()));
    qsizetype shown = 0;
    for (const QByteArray& line : text.split('\n')) {
        bool isAddress = false;
        const qsizetype address = line.left(8).toInt(&isAddress, 16);
        if (line.indexOf(": ") != 8 || !isAddress) {
            continue;
        }
        const QByteArray bytes = QByteArray::fromHex(line.mid(10));
        QCOMPARE(bytes, whole.mid(address, bytes.size()));
        shown += bytes.size();
    }
    QVERIFY(shown > 350);
}

QTEST_GUILESS_MAIN(TestArtefactGolden)
#include "tst_artefact_golden.moc"
