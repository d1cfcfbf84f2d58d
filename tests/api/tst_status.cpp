// SPDX-License-Identifier: Apache-2.0
// The status as JSON: it comes from another process, so every byte of it is input.
#include <random>

#include <QtTest>

#include "engine/api/status.h"

using namespace engine;

namespace {

EngineStatus sample() {
    ReplicaStatus replica;
    replica.name = "disk \"quoted\"\n";
    replica.kind = "file";
    replica.state = ProtectionState::Waiting;
    replica.storedTxId = TxId{41};
    replica.restorable = true;
    replica.lagMs = 1500;
    replica.pendingBytes = 4096;
    replica.lastUploadAt = Time{1'800'000'000'001};
    replica.lastError = "not mounted";
    DatabaseStatus database;
    database.name = "notes";
    database.path = "/home/ann/notes.db";
    database.id = DatabaseId{0xdb};
    database.generation = GenerationId{0x9f};
    database.state = ProtectionState::Waiting;
    database.txId = TxId{42};
    database.storedTxId = TxId{41};
    database.aloneShare = 0.5;
    database.snapshot = SnapshotProgress{1, 2};
    database.replicas = {replica};
    EngineStatus status;
    status.running = true;
    status.pid = 4711;
    status.paused = true;
    status.at = Time{1'800'000'000'000};
    status.databases = {database, DatabaseStatus{}};
    return status;
}

}  // namespace

class TestStatus final : public QObject {
    Q_OBJECT

private slots:
    void roundTrip_everyField_isTheSame();
    void parse_noObject_isCorruption_data();
    void parse_noObject_isCorruption();
    void parse_wrongKinds_areNotBelievedAndDoNoHarm_data();
    void parse_wrongKinds_areNotBelievedAndDoNoHarm();
    void parse_anyByteChanged_endsCleanly();
    void labels_everyState_hasTextAndLabel();
};

void TestStatus::roundTrip_everyField_isTheSame() {
    const std::string json = toJson(sample());
    const Result<EngineStatus> again = parseStatus(json);
    QVERIFY(again.ok());
    QCOMPARE(toJson(again.value()), json);
    QVERIFY(again.value().databases[0].replicas[0].state == ProtectionState::Waiting);
    QCOMPARE(*again.value().databases[0].replicas[0].lagMs, std::int64_t{1500});
    QVERIFY(!again.value().databases[1].lagMs);
}

void TestStatus::parse_noObject_isCorruption_data() {
    QTest::addColumn<QByteArray>("json");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("a list") << QByteArray("[]");
    QTest::newRow("a number") << QByteArray("7");
    QTest::newRow("cut") << QByteArray("{\"running\":tr");
    QTest::newRow("deep") << QByteArray(100'000, '[');
    QTest::newRow("not UTF-8") << QByteArray("{\"pid\":\"\xff\"}");
}

void TestStatus::parse_noObject_isCorruption() {
    QFETCH(QByteArray, json);
    const Result<EngineStatus> parsed = parseStatus(json.toStdString());
    QVERIFY(!parsed.ok());
    QCOMPARE(parsed.error().code, ErrorCode::Corruption);
}

void TestStatus::parse_wrongKinds_areNotBelievedAndDoNoHarm_data() {
    QTest::addColumn<QByteArray>("json");
    for (const char* json :
         {R"({"running":"yes"})",
          R"({"pid":1e300})",
          R"({"pid":-9223372036854775808,"at":7})",
          R"({"databases":{}})",
          R"({"databases":[7,null,"x",[]]})",
          R"({"databases":[{"replicas":7,"txId":-1,"generation":"zz"}]})",
          R"({"databases":[{"state":"excellent","txId":1e99,"aloneShare":"x"}]})",
          R"({"databases":[{"snapshot":[],"replicas":[{"lagMs":"x"}]}]})"}) {
        QTest::newRow(json) << QByteArray(json);
    }
}

void TestStatus::parse_wrongKinds_areNotBelievedAndDoNoHarm() {
    QFETCH(QByteArray, json);
    const Result<EngineStatus> parsed = parseStatus(json.toStdString());
    if (!parsed.ok()) {
        QCOMPARE(parsed.error().code, ErrorCode::Corruption);
        return;
    }
    QVERIFY(!parsed.value().running);
    for (const DatabaseStatus& database : parsed.value().databases) {
        QVERIFY(database.state == ProtectionState::Unknown);
        QVERIFY(!database.lagMs);
    }
}

void TestStatus::parse_anyByteChanged_endsCleanly() {
    const std::string good = toJson(sample());
    std::mt19937 random(5);
    int parsed = 0;
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = static_cast<char>(random() & 0xff);
        const Result<EngineStatus> outcome = parseStatus(bad);
        QVERIFY(outcome.ok() || outcome.error().code == ErrorCode::Corruption);
        parsed += outcome.ok() ? 1 : 0;
    }
    // Both ways were gone.
    QVERIFY(parsed > 0 && parsed < static_cast<int>(good.size()));
}

void TestStatus::labels_everyState_hasTextAndLabel() {
    for (int i = 0; i <= static_cast<int>(ProtectionState::Unknown); ++i) {
        QVERIFY(!toText(static_cast<ProtectionState>(i)).empty());
        QVERIFY(!labelOf(static_cast<ProtectionState>(i)).empty());
    }
}

QTEST_GUILESS_MAIN(TestStatus)
#include "tst_status.moc"
