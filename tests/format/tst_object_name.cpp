// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <QtTest>

#include "engine/format/object_name.h"

using namespace engine;

namespace {

PartName sample() {
    PartName name;
    name.location = DatabaseLocation{ComputerId{0xc0}, DatabaseId{0xdb}};
    name.generation.value = 0x9e;
    name.kind = ArtefactKind::Snapshot;
    name.firstTx.value = 0x4d2;
    name.writer.value = 0x33;
    name.artefact = ArtefactId::parse("0123456789abcdef00112233445566ff").value();
    name.part = 1;
    return name;
}

constexpr auto kFolder = "00000000000000c0/00000000000000db/000000000000009e/";
constexpr auto kStem = "00000000000004d2.snap.0000000000000033.0123456789abcdef00112233445566ff";

}  // namespace

class TestObjectName : public QObject {
    Q_OBJECT
private slots:
    void text_ofParts_isAsDocumented();
    void folders_areAsDocumented();
    void parse_everyText_givesTheNameBack();
    void parse_hostile_isInvalidArgument_data();
    void parse_hostile_isInvalidArgument();
    void parse_anyCharacterChanged_isAnotherNameOrRefused();
    void names_sort_likeTxIds();
    void names_useOnlyLegalCharacters();
};

void TestObjectName::text_ofParts_isAsDocumented() {
    PartName name = sample();
    QCOMPARE(name.text(), std::string(kFolder) + kStem + ".p00001");
    name.part = 2;
    name.last = LastPart{TxId{0x4d3}, Time{1'781'438'531'123}, Time{1'781'438'532'000}};
    QCOMPARE(name.text(),
             std::string(kFolder) + kStem +
                 ".p00002.00000000000004d3.20260614t120211123z.20260614t120212000z");
}

void TestObjectName::folders_areAsDocumented() {
    const DatabaseLocation location{ComputerId{1}, DatabaseId{2}};
    QCOMPARE(folderOf(location), std::string("0000000000000001/0000000000000002/"));
    QCOMPARE(databaseObjectName(location),
             std::string("0000000000000001/0000000000000002/database.json"));
    QCOMPARE(folderOf(location, GenerationId{3}),
             std::string("0000000000000001/0000000000000002/0000000000000003/"));
}

void TestObjectName::parse_everyText_givesTheNameBack() {
    for (const ArtefactKind kind : {ArtefactKind::Segment, ArtefactKind::Snapshot}) {
        for (const std::uint32_t part : {1u, 9u, 10u, kPartsMax}) {
            for (const std::uint64_t tx : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
                for (const Time time : {kTimeMin, Time{0}, Time{951'782'399'999}, kTimeMax}) {
                    PartName name = sample();
                    name.kind = kind;
                    name.part = part;
                    name.firstTx.value = tx;
                    for (const bool last : {false, true}) {
                        if (last) {
                            name.last = LastPart{TxId{tx}, time, kTimeMax};
                        }
                        const auto parsed = PartName::parse(name.text());
                        QVERIFY(parsed.ok());
                        QCOMPARE(parsed.value().text(), name.text());
                        QVERIFY(parsed.value().last == name.last);
                        QCOMPARE(parsed.value().part, part);
                    }
                }
            }
        }
    }
}

void TestObjectName::parse_hostile_isInvalidArgument_data() {
    QTest::addColumn<QByteArray>("name");
    const QByteArray folder = kFolder;
    const QByteArray stem = kStem;
    const QByteArray last = ".00000000000004d3.20260614t120211123z.20260614t120212000z";
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("a folder") << folder;
    QTest::newRow("no part") << folder + stem;
    QTest::newRow("part 0") << folder + stem + ".p00000";
    QTest::newRow("part without zeros") << folder + stem + ".p1";
    QTest::newRow("part of six digits") << folder + stem + ".p100000";
    QTest::newRow("part with a sign") << folder + stem + ".p+0001";
    QTest::newRow("part with a space") << folder + stem + ".p 0001";
    QTest::newRow("a dot behind") << folder + stem + ".p00001.";
    QTest::newRow("last TxId alone") << folder + stem + ".p00001.00000000000004d3";
    QTest::newRow("a field too many") << folder + stem + ".p00001" + last + ".x";
    QTest::newRow("no such kind") << folder + QByteArray(stem).replace("snap", "snip") + ".p00001";
    QTest::newRow("upper-case hex") << folder + QByteArray(stem).replace("4d2", "4D2") + ".p00001";
    QTest::newRow("upper-case folder") << QByteArray(folder).toUpper() + stem + ".p00001";
    QTest::newRow("a slash in front") << "/" + folder + stem + ".p00001";
    QTest::newRow("two slashes") << QByteArray(folder).replace("/", "//") + stem + ".p00001";
    QTest::newRow("up a folder") << "../" + folder + stem + ".p00001";
    QTest::newRow("up in between")
        << QByteArray(folder).replace("00000000000000db", "..") + stem + ".p00001";
    QTest::newRow("a NUL behind") << folder + stem + ".p00001" + QByteArray(1, '\0');
    QTest::newRow("a NUL inside") << QByteArray(folder).replace(3, 1, QByteArray(1, '\0')) + stem +
                                         ".p00001";
    QTest::newRow("a new line") << folder + stem + ".p00001\n";
    QTest::newRow("backslashes") << QByteArray(folder).replace("/", "\\") + stem + ".p00001";
    QTest::newRow("percent-encoded") << QByteArray(folder).replace("/", "%2f") + stem + ".p00001";
    QTest::newRow("a long folder") << "0" + folder + stem + ".p00001";
    QTest::newRow("no such day")
        << folder + stem + ".p00001.00000000000004d3.20260230t120211123z.20260614t120212000z";
    QTest::newRow("a leap second")
        << folder + stem + ".p00001.00000000000004d3.20260614t120260123z.20260614t120212000z";
    QTest::newRow("hour 24")
        << folder + stem + ".p00001.00000000000004d3.20260614t240000000z.20260614t120212000z";
    QTest::newRow("temporary file") << folder + stem + ".p00001.tmp-0123456789abcdef";
    QTest::newRow("the description")
        << QByteArray("00000000000000c0/00000000000000db/database.json");
    QTest::newRow("the marker") << QByteArray("strandline-replica.json");
    QTest::newRow("many dots") << folder + QByteArray(100'000, '.');
    QTest::newRow("many slashes") << QByteArray(100'000, '/');
}

void TestObjectName::parse_hostile_isInvalidArgument() {
    QFETCH(QByteArray, name);
    const auto parsed =
        PartName::parse(std::string_view(name.constData(), static_cast<std::size_t>(name.size())));
    QVERIFY(!parsed.ok());
    QCOMPARE(parsed.error().code, ErrorCode::InvalidArgument);
}

void TestObjectName::parse_anyCharacterChanged_isAnotherNameOrRefused() {
    PartName name = sample();
    name.last = LastPart{TxId{0x4d3}, Time{1'781'438'531'123}, Time{1'781'438'532'000}};
    const std::string text = name.text();
    for (std::size_t i = 0; i < text.size(); ++i) {
        for (int c = 0; c < 256; ++c) {
            std::string changed = text;
            changed[i] = static_cast<char>(c);
            const auto parsed = PartName::parse(changed);
            QVERIFY(!parsed.ok() || parsed.value().text() == changed);
        }
        QVERIFY(!PartName::parse(text.substr(0, i)).ok() ||
                text.substr(0, i) == text.substr(0, text.find(".p00001") + 7));
    }
}

void TestObjectName::names_sort_likeTxIds() {
    std::vector<std::string> names;
    for (const std::uint64_t tx : {std::uint64_t{1},
                                   std::uint64_t{9},
                                   std::uint64_t{10},
                                   std::uint64_t{255},
                                   std::uint64_t{256},
                                   std::uint64_t{1} << 32,
                                   ~std::uint64_t{0}}) {
        PartName name = sample();
        name.firstTx.value = tx;
        names.push_back(name.text());
    }
    QVERIFY(std::is_sorted(names.begin(), names.end()));
}

void TestObjectName::names_useOnlyLegalCharacters() {
    PartName name = sample();
    name.last = LastPart{TxId{0x4d3}, Time{1}, Time{2}};
    QCOMPARE(name.text().find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-/"),
             std::string::npos);
}

QTEST_GUILESS_MAIN(TestObjectName)
#include "tst_object_name.moc"
