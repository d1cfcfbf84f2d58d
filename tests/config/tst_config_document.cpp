// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/base/file_system.h"
#include "engine/config/config_document.h"

using namespace engine;
using Json = nlohmann::ordered_json;

class TestConfigDocument final : public QObject {
    Q_OBJECT

private slots:
    void init();
    void store_newFile_isCompleteAndPrivate();
    void store_unknownKeysOfANewerVersion_stay();
    void store_ownReplicasOfADatabase_stay();
    void store_fileChangedMeanwhile_isRefused();
    void store_resultThatDoesNotParse_isRefused();
    void add_takenName_isRefused();
    void add_maskedSecret_isRefused();
    void add_plainSecret_isWrittenAsItIs();
    void remove_replicaInUse_isRefused();
    void remove_missing_isNotFound();
    void load_brokenFile_isInvalidAndUntouched();

private:
    std::string text() const { return textOf(readWholeFile(m_path, 1 << 20).value()); }

    void write(const std::string& json) { QVERIFY(writeFileAtomically(m_path, viewOf(json)).ok()); }

    static ReplicaConfig folder(const std::string& name) {
        ReplicaConfig replica;
        replica.name = name;
        replica.options = FileReplicaOptions{"/backups/" + name};
        replica.syncInterval = 1000;
        return replica;
    }

    std::unique_ptr<QTemporaryDir> m_dir;
    std::string m_path;
};

void TestConfigDocument::init() {
    m_dir = std::make_unique<QTemporaryDir>();
    m_path = m_dir->filePath(QStringLiteral("deep/er/config.json")).toStdString();
    QVERIFY(makeFolders(parentOf(m_path)).ok());
}

void TestConfigDocument::store_newFile_isCompleteAndPrivate() {
    QVERIFY(removeTree(parentOf(m_path)).ok());
    Result<ConfigDocument> document = ConfigDocument::load(m_path);
    QVERIFY(document.ok());
    QVERIFY(document.value().addReplica(folder("disk")).ok());
    QVERIFY(document.value().addDatabase("notes", "~/notes.db", {"disk"}).ok());
    QVERIFY(document.value().store().ok());
    const Result<LoadedConfig> loaded = loadConfig(m_path);
    QVERIFY(loaded.ok());
    QVERIFY(loaded.value().config.replicas.front() == folder("disk"));
    QCOMPARE(loaded.value().config.databases.front().replicas, std::vector<std::string>{"disk"});

    struct stat facts {};

    QCOMPARE(::stat(m_path.c_str(), &facts), 0);
    QCOMPARE(facts.st_mode & 0777, mode_t{0600});
    // Going on with the same document is no foreign change.
    QVERIFY(document.value().setReplicas("notes", {}).ok());
    QVERIFY(document.value().store().ok());
}

void TestConfigDocument::store_unknownKeysOfANewerVersion_stay() {
    write(
        R"({"version":7,"zebra":{"deep":[1,2]},"databases":[{"name":"a","path":"/a","mirror":true}],"alpha":1})");
    Result<ConfigDocument> document = ConfigDocument::load(m_path);
    QVERIFY(document.ok());
    QVERIFY(document.value().addReplica(folder("disk")).ok());
    QVERIFY(document.value().setReplicas("a", {"disk"}).ok());
    QVERIFY(document.value().store().ok());
    const Json root = Json::parse(text());
    QCOMPARE(root["zebra"].dump(), std::string(R"({"deep":[1,2]})"));
    QCOMPARE(root["databases"][0]["mirror"].get<bool>(), true);
    QCOMPARE(root["version"].get<int>(), 7);
    QCOMPARE(root.begin().key(), std::string("version"));
}

void TestConfigDocument::store_ownReplicasOfADatabase_stay() {
    write(
        R"({"databases":[{"name":"a","path":"/a","replicas":[{"name":"own","type":"file","path":"/o"}]}]})");
    Result<ConfigDocument> document = ConfigDocument::load(m_path);
    QVERIFY(document.value().addReplica(folder("disk")).ok());
    QVERIFY(document.value().setReplicas("a", {"disk"}).ok());
    QVERIFY(document.value().store().ok());
    QCOMPARE(loadConfig(m_path).value().config.databases.front().replicas,
             (std::vector<std::string>{"a/own", "disk"}));
}

void TestConfigDocument::store_fileChangedMeanwhile_isRefused() {
    write(R"({"version":1})");
    Result<ConfigDocument> document = ConfigDocument::load(m_path);
    write(R"({"version":1,"databases":[]})");
    QVERIFY(document.value().addReplica(folder("disk")).ok());
    const Status stored = document.value().store();
    QVERIFY(!stored.ok());
    QCOMPARE(stored.error().code, ErrorCode::Refused);
    QCOMPARE(text(), std::string(R"({"version":1,"databases":[]})"));
}

void TestConfigDocument::store_resultThatDoesNotParse_isRefused() {
    write(R"({"version":1})");
    Result<ConfigDocument> document = ConfigDocument::load(m_path);
    QVERIFY(document.value().addDatabase("a", "/a", {"nowhere"}).ok());
    const Status stored = document.value().store();
    QVERIFY(!stored.ok());
    QCOMPARE(stored.error().code, ErrorCode::InvalidArgument);
    QCOMPARE(text(), std::string(R"({"version":1})"));
}

void TestConfigDocument::add_takenName_isRefused() {
    Result<ConfigDocument> document = ConfigDocument::load(m_path);
    QVERIFY(document.value().addReplica(folder("disk")).ok());
    QCOMPARE(document.value().addReplica(folder("disk")).error().code, ErrorCode::AlreadyExists);
    QVERIFY(document.value().addDatabase("a", "/a", {}).ok());
    QCOMPARE(document.value().addDatabase("a", "/b", {}).error().code, ErrorCode::AlreadyExists);
}

void TestConfigDocument::add_maskedSecret_isRefused() {
    ReplicaConfig replica = folder("nas");
    SftpReplicaOptions options;
    options.host = "h";
    options.password = SecretSource{SecretSource::Kind::Plain, std::string(kMaskedSecret)};
    replica.options = options;
    Result<ConfigDocument> document = ConfigDocument::load(m_path);
    QCOMPARE(document.value().addReplica(replica).error().code, ErrorCode::InvalidArgument);
}

void TestConfigDocument::add_plainSecret_isWrittenAsItIs() {
    ReplicaConfig replica = folder("nas");
    SftpReplicaOptions options;
    options.host = "h";
    options.password = SecretSource{SecretSource::Kind::Plain, "hunter2"};
    replica.options = options;
    Result<ConfigDocument> document = ConfigDocument::load(m_path);
    QVERIFY(document.value().addReplica(replica).ok());
    QVERIFY(document.value().store().ok());
    const Config config = loadConfig(m_path).value().config;
    QVERIFY(std::get<SftpReplicaOptions>(config.replicas[0].options).password == options.password);
}

void TestConfigDocument::remove_replicaInUse_isRefused() {
    Result<ConfigDocument> document = ConfigDocument::load(m_path);
    QVERIFY(document.value().addReplica(folder("disk")).ok());
    QVERIFY(document.value().addDatabase("a", "/a", {"disk"}).ok());
    QCOMPARE(document.value().removeReplica("disk").error().code, ErrorCode::Refused);
    QVERIFY(document.value().removeDatabase("a").ok());
    QVERIFY(document.value().removeReplica("disk").ok());
    QVERIFY(document.value().store().ok());
    QVERIFY(loadConfig(m_path).value().config == Config{});
}

void TestConfigDocument::remove_missing_isNotFound() {
    Result<ConfigDocument> document = ConfigDocument::load(m_path);
    QCOMPARE(document.value().removeReplica("x").error().code, ErrorCode::NotFound);
    QCOMPARE(document.value().removeDatabase("x").error().code, ErrorCode::NotFound);
    QCOMPARE(document.value().setReplicas("x", {}).error().code, ErrorCode::NotFound);
}

void TestConfigDocument::load_brokenFile_isInvalidAndUntouched() {
    for (const std::string json : {"{", "[]", R"({"databases":{}})", R"({"databases":[1]})"}) {
        write(json);
        const Result<ConfigDocument> document = ConfigDocument::load(m_path);
        QVERIFY(!document.ok());
        QCOMPARE(document.error().code, ErrorCode::InvalidArgument);
        QCOMPARE(text(), json);
    }
}

QTEST_GUILESS_MAIN(TestConfigDocument)
#include "tst_config_document.moc"
