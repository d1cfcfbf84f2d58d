// SPDX-License-Identifier: Apache-2.0
// Head and summary as JSON, and the fixed header's version rule.
#include <QtTest>

#include "engine/format/artefact_json.h"
#include "engine/format/artefact_layout.h"

using namespace engine;

namespace {

ArtefactHead sampleHead() {
    ArtefactHead head;
    head.id = ArtefactId::parse("0123456789abcdef00112233445566ff").value();
    head.kind = ArtefactKind::Segment;
    head.database.value = 1;
    head.generation.value = 2;
    head.writer.value = 3;
    head.engine = DatabaseEngine::Bolt;
    head.parentTxId.value = ~std::uint64_t{0} - 1;
    head.firstTxId.value = ~std::uint64_t{0};
    head.pageSize = 65536;
    head.seed = ~std::uint64_t{0};
    head.compression = Compression{Codec::None, 11, 18};
    head.createdAt = Time{1'781'438'531'123};
    head.keyId = "key";
    head.additionalAttrs = {{"a", "1"}, {"b", ""}};
    return head;
}

ArtefactSummary sampleSummary() {
    ArtefactSummary summary;
    summary.txId.value = 9;
    summary.lastTxId.value = 9;
    summary.pageCount = 30;
    summary.highWaterMark = 20;
    summary.root = Hash128{1, 2};
    summary.parts = {PartSummary{1000, 77, 0, 20}, PartSummary{0, 0, 20, 10}};
    summary.additionalAttrs = {{"salt", "1"}};
    return summary;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    ENSURE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

class TestArtefactJson : public QObject {
    Q_OBJECT
private slots:
    void head_roundTrip_isTheSame();
    void summary_roundTrip_isTheSame();
    void head_unknownKeys_areWrittenBack();
    void head_textThatIsNoUtf8_staysReadable();
    void head_badValue_isCorruption_data();
    void head_badValue_isCorruption();
    void head_missingKey_isCorruption();
    void summary_badValue_isCorruption_data();
    void summary_badValue_isCorruption();
    void json_hostileShape_isCorruption_data();
    void json_hostileShape_isCorruption();
    void header_newerMajor_isUnsupported();
    void header_newerMinor_isRead();
};

void TestArtefactJson::head_roundTrip_isTheSame() {
    const ArtefactHead head = sampleHead();
    const std::string text = headToJson(head);
    const auto again = parseHead(text);
    QVERIFY2(again.ok(), again.ok() ? "" : again.error().message.c_str());
    QCOMPARE(headToJson(again.value()), text);
    QVERIFY(again.value().id == head.id);
    QVERIFY(again.value().kind == head.kind && again.value().engine == head.engine);
    QVERIFY(again.value().database == head.database && again.value().generation == head.generation);
    QVERIFY(again.value().writer == head.writer);
    QVERIFY(again.value().parentTxId == head.parentTxId &&
            again.value().firstTxId == head.firstTxId);
    QCOMPARE(again.value().seed, head.seed);
    QVERIFY(again.value().compression == head.compression);
    QVERIFY(again.value().createdAt == head.createdAt);
    QCOMPARE(again.value().keyId, head.keyId);
    QVERIFY(again.value().additionalAttrs == head.additionalAttrs);
    QVERIFY(again.value().otherKeys.empty());
}

void TestArtefactJson::summary_roundTrip_isTheSame() {
    const ArtefactSummary summary = sampleSummary();
    const std::string text = summaryToJson(summary);
    const auto again = parseSummary(text);
    QVERIFY2(again.ok(), again.ok() ? "" : again.error().message.c_str());
    QCOMPARE(summaryToJson(again.value()), text);
    QVERIFY(again.value().root == summary.root);
    QCOMPARE(again.value().parts.size(), std::size_t{2});
    QCOMPARE(again.value().parts.front().checksum, std::uint64_t{77});
    QCOMPARE(again.value().parts.back().firstFrame, std::uint64_t{20});
    QVERIFY(again.value().additionalAttrs == summary.additionalAttrs);
}

void TestArtefactJson::head_unknownKeys_areWrittenBack() {
    const std::string text =
        replaced(headToJson(sampleHead()), "{", R"({"ahead":{"x":[1,2,null]},"alsoNew":"y",)");
    const auto head = parseHead(text);
    QVERIFY(head.ok());
    QCOMPARE(head.value().otherKeys, std::string(R"({"ahead":{"x":[1,2,null]},"alsoNew":"y"})"));
    const auto again = parseHead(headToJson(head.value()));
    QVERIFY(again.ok());
    QCOMPARE(again.value().otherKeys, head.value().otherKeys);
}

void TestArtefactJson::head_textThatIsNoUtf8_staysReadable() {
    ArtefactHead head = sampleHead();
    head.additionalAttrs["path"] = "/a/\xff\xfe";
    const auto again = parseHead(headToJson(head));
    QVERIFY(again.ok());
    QCOMPARE(again.value().additionalAttrs.at("path"), std::string("/a/\xef\xbf\xbd\xef\xbf\xbd"));
}

void TestArtefactJson::head_badValue_isCorruption_data() {
    QTest::addColumn<QByteArray>("from");
    QTest::addColumn<QByteArray>("to");
    const auto row = [](const char* from, const char* to) {
        QTest::newRow(to) << QByteArray(from) << QByteArray(to);
    };
    row(R"("magic":"strandline")", R"("magic":"BTLS")");
    row(R"("version":1)", R"("version":2)");
    row(R"("version":1)", R"("version":0)");
    row(R"("version":1)", R"("version":"1")");
    row(R"("kind":"segment")", R"("kind":"Segment")");
    row(R"("kind":"segment")", R"("kind":1)");
    row(R"("engine":"bolt")", R"("engine":"badger")");
    row(R"("pageSize":65536)", R"("pageSize":65537)");
    row(R"("pageSize":65536)", R"("pageSize":131072)");
    row(R"("pageSize":65536)", R"("pageSize":256)");
    row(R"("pageSize":65536)", R"("pageSize":-4096)");
    row(R"("pageSize":65536)", R"("pageSize":4096.0)");
    row(R"("pageSize":65536)", R"("pageSize":4294971392)");
    row(R"("firstTxId":18446744073709551615)", R"("firstTxId":18446744073709551616)");
    row(R"("firstTxId":18446744073709551615)", R"("firstTxId":-1)");
    row(R"("firstTxId":18446744073709551615)", R"("firstTxId":null)");
    row(R"("compressionLevel":11)", R"("compressionLevel":12)");
    row(R"("compressionWindow":18)", R"("compressionWindow":99)");
    row(R"("compressionWindow":18)", R"("compressionWindow":4294967296)");
    row(R"("compression":"none")", R"("compression":"lz4")");
    row(R"("createdAt":"2026-06-14T12:02:11.123Z")", R"("createdAt":"2026-06-31T12:02:11.123Z")");
    row(R"("createdAt":"2026-06-14T12:02:11.123Z")", R"("createdAt":1781438531)");
    row(R"("createdAt":"2026-06-14T12:02:11.123Z")", R"("createdAt":"0000-01-01T00:00:00+23:00")");
    row(R"("seed":"ffffffffffffffff")", R"("seed":"FFFFFFFFFFFFFFFF")");
    row(R"("seed":"ffffffffffffffff")", R"("seed":"ff")");
    row(R"("databaseId":"0000000000000001")", R"("databaseId":"../../../etc/pass")");
    row(R"("additionalAttrs":{"a":"1","b":""})", R"("additionalAttrs":{"a":1})");
    row(R"("additionalAttrs":{"a":"1","b":""})", R"("additionalAttrs":["a"])");
    row(R"("additionalAttrs":{"a":"1","b":""})", R"("additionalAttrs":null)");
}

void TestArtefactJson::head_badValue_isCorruption() {
    QFETCH(QByteArray, from);
    QFETCH(QByteArray, to);
    const std::string text =
        replaced(headToJson(sampleHead()), from.toStdString(), to.toStdString());
    const auto head = parseHead(text);
    QVERIFY(!head.ok());
    QCOMPARE(head.error().code, ErrorCode::Corruption);
}

void TestArtefactJson::head_missingKey_isCorruption() {
    const QJsonObject whole =
        QJsonDocument::fromJson(QByteArray::fromStdString(headToJson(sampleHead()))).object();
    QCOMPARE(whole.size(), 18);
    for (const QString& key : whole.keys()) {
        QJsonObject less = whole;
        less.remove(key);
        const auto head = parseHead(QJsonDocument(less).toJson().toStdString());
        QVERIFY2(!head.ok(), qPrintable(key));
        QCOMPARE(head.error().code, ErrorCode::Corruption);
    }
}

void TestArtefactJson::summary_badValue_isCorruption_data() {
    QTest::addColumn<QByteArray>("from");
    QTest::addColumn<QByteArray>("to");
    const auto row = [](const char* from, const char* to) {
        QTest::newRow(to) << QByteArray(from) << QByteArray(to);
    };
    row(R"("pageCount":30)", R"("pageCount":31)");
    row(R"("pageCount":30)", R"("pageCount":18446744073709551615)");
    row(R"("highWaterMark":20)", R"("highWaterMark":281474976710657)");
    row(R"("root":"00000000000000010000000000000002")", R"("root":"1")");
    row(R"([0,"0000000000000000",20,10])", R"([0,"0000000000000000",21,10])");
    row(R"([0,"0000000000000000",20,10])", R"([0,"0000000000000000",20,1048577])");
    row(R"([0,"0000000000000000",20,10])", R"([33554433,"0000000000000000",20,10])");
    row(R"([0,"0000000000000000",20,10])", R"([0,0,20,10])");
    row(R"([0,"0000000000000000",20,10])", R"([0,"0000000000000000",20])");
    row(R"([0,"0000000000000000",20,10])", R"({})");
    row(R"([[1000,"000000000000004d",0,20],[0,"0000000000000000",20,10]])", R"([])");
    row(R"([[1000,"000000000000004d",0,20],[0,"0000000000000000",20,10]])", R"({"0":1})");
}

void TestArtefactJson::summary_badValue_isCorruption() {
    QFETCH(QByteArray, from);
    QFETCH(QByteArray, to);
    const std::string text =
        replaced(summaryToJson(sampleSummary()), from.toStdString(), to.toStdString());
    const auto summary = parseSummary(text);
    QVERIFY(!summary.ok());
    QCOMPARE(summary.error().code, ErrorCode::Corruption);
}

void TestArtefactJson::json_hostileShape_isCorruption_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("no object") << QByteArray("[]");
    QTest::newRow("null") << QByteArray("null");
    QTest::newRow("torn") << QByteArray(R"({"magic":"stra)");
    QTest::newRow("bytes behind") << QByteArray("{} {}");
    QTest::newRow("not UTF-8") << QByteArray("{\"a\":\"\xff\"}");
    QTest::newRow("deep arrays") << QByteArray("{\"a\":") + QByteArray(30'000, '[') +
                                        QByteArray(30'000, ']') + "}";
    QTest::newRow("deep objects, torn") << QByteArray("{\"a\":").repeated(10'000);
    QTest::newRow("long") << QByteArray("{\"a\":\"") + QByteArray(9 << 20, 'x') + "\"}";
}

void TestArtefactJson::json_hostileShape_isCorruption() {
    QFETCH(QByteArray, text);
    const auto head = parseHead(text.toStdString());
    QVERIFY(!head.ok());
    QCOMPARE(head.error().code, ErrorCode::Corruption);
    const auto summary = parseSummary(text.toStdString());
    QVERIFY(!summary.ok());
    QCOMPARE(summary.error().code, ErrorCode::Corruption);
}

static Buffer headerOfVersion(std::uint16_t major, std::uint16_t minor) {
    PartHeader header;
    header.identity.part = 1;
    header.headBytes = 100;
    Buffer bytes;
    appendHeader(bytes, header);
    storeLe(bytes.data() + 8, major);
    storeLe(bytes.data() + 10, minor);
    storeLe(bytes.data() + 72, xxh3(ByteView(bytes).first(72)));
    return bytes;
}

void TestArtefactJson::header_newerMajor_isUnsupported() {
    const auto header = parseHeader(headerOfVersion(2, 0));
    QVERIFY(!header.ok());
    QCOMPARE(header.error().code, ErrorCode::Unsupported);
    QVERIFY(header.error().message.find("version 2") != std::string::npos);
    QVERIFY(!header.error().fix.empty());
}

void TestArtefactJson::header_newerMinor_isRead() {
    QVERIFY(parseHeader(headerOfVersion(1, 0)).ok());
    QVERIFY(parseHeader(headerOfVersion(1, 9)).ok());
    QVERIFY(!parseHeader(headerOfVersion(0, 0)).ok());
}

QTEST_GUILESS_MAIN(TestArtefactJson)
#include "tst_artefact_json.moc"
