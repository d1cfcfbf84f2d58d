// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include "engine/config/json_value.h"

using namespace engine;

class TestJsonValue final : public QObject {
    Q_OBJECT

private slots:
    void parse_everyKind_keepsOrderAndValues();
    void parse_hostileText_isInvalidWithAReason_data();
    void parse_hostileText_isInvalidWithAReason();
    void parse_anyPrefixOfGoodText_neverBreaks();
};

static constexpr std::uint64_t kBytesMax = 4u << 20;

void TestJsonValue::parse_everyKind_keepsOrderAndValues() {
    const Result<JsonValue> parsed =
        parseJson(R"({"b":[1,-2,2.5,true,null],"a":"text","big":18446744073709551615})", kBytesMax);
    QVERIFY(parsed.ok());
    const JsonValue& root = parsed.value();
    QCOMPARE(root.keys.size(), std::size_t{3});
    QCOMPARE(root.keys[0], std::string("b"));
    const auto& items = root.items[0].items;
    QCOMPARE(items.size(), std::size_t{5});
    QCOMPARE(items[1].integer, std::int64_t{-2});
    QCOMPARE(items[2].number, 2.5);
    QVERIFY(items[3].boolean);
    QVERIFY(items[4].kind == JsonValue::Kind::Null);
    QCOMPARE(root.find("a")->text, std::string("text"));
    QVERIFY(root.find("big")->kind == JsonValue::Kind::Number);
    QVERIFY(root.find("c") == nullptr);
}

void TestJsonValue::parse_hostileText_isInvalidWithAReason_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("reason");
    QTest::newRow("nothing") << QByteArray() << "line 1, column 1";
    QTest::newRow("half an object") << QByteArray("{\n\"a\":") << "line 2";
    QTest::newRow("something after it") << QByteArray("{} {}") << "not JSON";
    QTest::newRow("a key twice") << QByteArray(R"({"path":1,"path":2})") << "twice";
    QTest::newRow("a hundred thousand brackets") << QByteArray(100000, '[') << "nested deeper";
    QTest::newRow("a hundred thousand objects")
        << QByteArray(R"({"a":)").repeated(100000) << "nested deeper";
    QTest::newRow("too many values") << "[" + QByteArray("1,").repeated(300000) + "1]"
                                     << "values";
    QTest::newRow("too large") << QByteArray(kBytesMax + 1, ' ') << "larger than";
    QTest::newRow("not UTF-8") << QByteArray("\"\xff\xfe\"") << "not JSON";
    QTest::newRow("a lone surrogate") << QByteArray(R"("\ud800")") << "not JSON";
    QTest::newRow("a number beyond all") << QByteArray("1e999") << "not JSON";
    QTest::newRow("a zero byte") << QByteArray("{\"a\0\":1}", 8) << "not JSON";
    QTest::newRow("comment") << QByteArray("{} // x") << "not JSON";
}

void TestJsonValue::parse_hostileText_isInvalidWithAReason() {
    QFETCH(QByteArray, text);
    QFETCH(QString, reason);
    const Result<JsonValue> parsed = parseJson(text.toStdString(), kBytesMax);
    QVERIFY(!parsed.ok());
    QCOMPARE(parsed.error().code, ErrorCode::InvalidArgument);
    QVERIFY2(QString::fromStdString(parsed.error().message).contains(reason),
             parsed.error().message.c_str());
}

void TestJsonValue::parse_anyPrefixOfGoodText_neverBreaks() {
    const std::string good =
        R"({"version":1,"a":[{"x":"\u00e9"},{"y":[1,2,3.5e-3]}],"z":{"q":false}})";
    for (std::size_t length = 0; length < good.size(); ++length) {
        QVERIFY(!parseJson(good.substr(0, length), kBytesMax).ok());
    }
    QVERIFY(parseJson(good, kBytesMax).ok());
}

QTEST_GUILESS_MAIN(TestJsonValue)
#include "tst_json_value.moc"
