// SPDX-License-Identifier: Apache-2.0
// Every field of cli.md part 3, every way to get it wrong.
#include <sys/stat.h>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/base/file_system.h"
#include "engine/config/config_file.h"
#include "engine/config/supported.h"

#include "tests/config/config_example.h"

using namespace engine;

namespace {

constexpr DurationMs kHour = 3600LL * 1000;

/// The example of the contract; at the end, because moc 6.4 loses its way in it.
std::string example();

std::string oneDatabase(const std::string& fields) {
    return R"x({"replicas":[{"name":"disk","type":"file","path":"/b"}],
                "databases":[{"name":"n","path":"/n.db","replicas":["disk"])x" +
           fields + "}]}";
}

std::string oneReplica(const std::string& fields) {
    return R"x({"replicas":[{"name":"r",)x" + fields + "}]}";
}

/// A wrong document shows itself in the test that wanted it right.
Config configOf(const std::string& json) {
    const Result<LoadedConfig> loaded = parseConfig(json);
    if (!loaded.ok()) {
        qWarning("%s", loaded.error().message.c_str());
    }
    return loaded.ok() ? loaded.value().config : Config{};
}

DatabaseConfig databaseOf(const std::string& fields) {
    const Config config = configOf(oneDatabase(fields));
    return config.databases.empty() ? DatabaseConfig{} : config.databases.front();
}

template <class Options>
Options optionsOf(const std::string& fields) {
    const Config config = configOf(oneReplica(fields));
    const Options* options =
        config.replicas.empty() ? nullptr : std::get_if<Options>(&config.replicas.front().options);
    return options == nullptr ? Options{} : *options;
}

}  // namespace

class TestConfigFile final : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void parse_exampleOfTheContract_everyValue();
    void parse_nothing_isAllDefaults();
    void defaults_databaseOverridesOneField_othersStay();
    void durations_integers_areNanoseconds();
    void compression_shortForm_isTheCodec();
    void thresholdZero_isDisabled_othersZeroAreDefaults();
    void s3_defaults_areAwsOfTheRegion();
    void s3_schemeInEndpoint_isAccepted();
    void sftp_portMissingOrZero_is22();
    void secrets_fourForms_areTold();
    void secrets_plainInSharedFile_warns();
    void newerVersion_unknownKeys_areWarnings();
    void refused_everyMistake_namesPlaceAndReason_data();
    void refused_everyMistake_namesPlaceAndReason();
    void refused_severalMistakes_areTold();
    void refused_mistypedKey_comesBeforeTheMissingOne();
    void effective_roundTrip_isTheSameConfig();
    void effective_plainSecret_isMaskedAndNotTakenBack();
    void load_fileModes_decideTheWarning();
    void load_strangeFiles_areInvalid();
    void supported_presentKinds_pass();
    void supported_missingFeatures_areNamed_data();
    void supported_missingFeatures_areNamed();
    void contract_everyField_worksOrIsRefusedByName_data();
    void contract_everyField_worksOrIsRefusedByName();
    void contract_everyField_misspelt_isRefusedWithTheRightName();
    void notYetApplied_retention_isSaid();
};

void TestConfigFile::initTestCase() {
    qputenv("HOME", "/home/someone");
    qunsetenv("XDG_STATE_HOME");
    qunsetenv("XDG_CONFIG_HOME");
}

void TestConfigFile::parse_exampleOfTheContract_everyValue() {
    const Result<LoadedConfig> loaded = parseConfig(example());
    QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().message.c_str());
    QVERIFY(loaded.value().warnings.empty());
    const Config& config = loaded.value().config;
    QCOMPARE(config.replicas.size(), std::size_t{5});
    QCOMPARE(config.databases.size(), std::size_t{2});

    const DatabaseConfig& notes = config.databases[0];
    QCOMPARE(notes.name, std::string("notes"));
    QCOMPARE(notes.path, std::string("/home/someone/notes/notes.db"));
    QCOMPARE(notes.shadowDir, std::string("/home/someone/.local/state/strandline/shadow"));
    QCOMPARE(notes.snapshotInterval, 6 * kHour);
    QCOMPARE(notes.retention.snapshotRetention, 720 * kHour);
    QCOMPARE(notes.retention.checkInterval, kHour);
    QCOMPARE(notes.retention.tiers.size(), std::size_t{4});
    QVERIFY((notes.retention.tiers[1] == RetentionTier{60000, 168 * kHour}));
    QVERIFY(notes.compression == Compression{});
    QCOMPARE(notes.dataLossWindowThreshold, DurationMs{300000});
    QCOMPARE(notes.replicas, (std::vector<std::string>{"disk", "cloud"}));

    const DatabaseConfig& cache = config.databases[1];
    QCOMPARE(cache.snapshotInterval, kHour);
    QCOMPARE(cache.replicas, std::vector<std::string>{"cache/local"});
    QCOMPARE(config.replicas[4].name, std::string("cache/local"));

    const auto& cloud = std::get<S3ReplicaOptions>(config.replicas[1].options);
    QCOMPARE(cloud.bucket, std::string("example-bucket"));
    QVERIFY((cloud.accessKey == SecretSource{SecretSource::Kind::Env, "AWS_ACCESS_KEY_ID"}));
    QVERIFY((cloud.secretKey == SecretSource{SecretSource::Kind::Keychain, "cloud"}));
    QVERIFY(cloud.sessionToken == SecretSource{});
    QVERIFY(cloud.forcePathStyle == std::optional<bool>(false));
    QCOMPARE(config.replicas[1].syncInterval, DurationMs{1000});
    QCOMPARE(config.replicas[1].uploadLimit, std::uint64_t{2} << 20);
    QVERIFY(config.replicas[1].encryption.enabled);
    QCOMPARE(config.replicas[1].encryption.keyId, std::string("0a1b"));
    const auto& nas = std::get<SftpReplicaOptions>(config.replicas[2].options);
    QCOMPARE(nas.keyPath, std::string("/home/someone/.ssh/nas"));
    QCOMPARE(nas.path, std::string("backups/db"));
    QCOMPARE(config.replicas[2].syncInterval, DurationMs{10000});
    const auto& bus = std::get<NatsReplicaOptions>(config.replicas[3].options);
    QCOMPARE(bus.url, std::string("nats://nats.example.com:4222"));
    QCOMPARE(bus.prefix, std::string("cluster-a/db"));
}

void TestConfigFile::parse_nothing_isAllDefaults() {
    QVERIFY(configOf("{}") == Config{});
    const DatabaseConfig database = databaseOf("");
    QCOMPARE(database.snapshotInterval, 6 * kHour);
    QCOMPARE(database.retention.snapshotInterval, 6 * kHour);  // inherited
    QCOMPARE(database.retention.tiers.size(), std::size_t{4});
    QCOMPARE(database.shadowDir, std::string("/home/someone/.local/state/strandline/shadow"));
    ConfigContext context;
    context.stateDir = "/var/lib/s";
    QCOMPARE(parseConfig(oneDatabase(""), context).value().config.databases[0].shadowDir,
             std::string("/var/lib/s/shadow"));
    QCOMPARE(configOf(R"({"databases":[{"path":"/x/y.db"}]})").databases[0].name,
             std::string("y.db"));
}

void TestConfigFile::defaults_databaseOverridesOneField_othersStay() {
    const Config config =
        configOf(R"({"defaults":{"snapshotInterval":"2h","retention":{"checkInterval":"3h",
        "snapshotRetention":"48h"}},"databases":[{"name":"a","path":"/a","retention":{"snapshotRetention":"96h"}}]})");
    const DatabaseConfig& database = config.databases.at(0);
    QCOMPARE(database.snapshotInterval, 2 * kHour);
    QCOMPARE(database.retention.checkInterval, 3 * kHour);
    QCOMPARE(database.retention.snapshotRetention, 96 * kHour);
    QCOMPARE(database.retention.snapshotInterval, 2 * kHour);
}

void TestConfigFile::durations_integers_areNanoseconds() {
    QCOMPARE(databaseOf(R"(,"snapshotInterval":21600000000000)").snapshotInterval, 6 * kHour);
    QCOMPARE(databaseOf(R"(,"snapshotInterval":"250ms")").snapshotInterval, DurationMs{250});
}

void TestConfigFile::compression_shortForm_isTheCodec() {
    QVERIFY(databaseOf(R"(,"compression":"none")").compression.codec == Codec::None);
    QVERIFY(databaseOf(R"(,"compression":"zstd")").compression == Compression{});
    const Compression full =
        databaseOf(R"(,"compression":{"codec":"zstd","level":11,"window":20})").compression;
    QCOMPARE(full.level, 11);
    QCOMPARE(full.window, 20);
}

void TestConfigFile::thresholdZero_isDisabled_othersZeroAreDefaults() {
    const DatabaseConfig database = databaseOf(
        R"(,"dataLossWindowThreshold":0,"snapshotInterval":0,"retention":{"snapshotRetention":0,"checkInterval":0})");
    QCOMPARE(database.dataLossWindowThreshold, DurationMs{0});
    QCOMPARE(database.snapshotInterval, 6 * kHour);
    QCOMPARE(database.retention.snapshotRetention, 720 * kHour);
    QCOMPARE(database.retention.checkInterval, kHour);
}

void TestConfigFile::s3_defaults_areAwsOfTheRegion() {
    QCOMPARE(optionsOf<S3ReplicaOptions>(R"("type":"s3","bucket":"b")").endpoint,
             std::string("s3.us-east-1.amazonaws.com"));
    QCOMPARE(optionsOf<S3ReplicaOptions>(
                 R"("type":"s3","bucket":"b","region":"eu-west-3","endpoint":"")")
                 .endpoint,
             std::string("s3.eu-west-3.amazonaws.com"));
    QVERIFY(!optionsOf<S3ReplicaOptions>(R"("type":"s3","bucket":"b")").forcePathStyle.has_value());
}

void TestConfigFile::s3_schemeInEndpoint_isAccepted() {
    const auto local = optionsOf<S3ReplicaOptions>(
        R"("type":"s3","bucket":"b","endpoint":"http://localhost:9000/")");
    QCOMPARE(local.endpoint, std::string("localhost:9000"));
    QVERIFY(local.insecure);
    const auto remote = optionsOf<S3ReplicaOptions>(
        R"("type":"s3","bucket":"b","endpoint":"https://minio.example.com")");
    QCOMPARE(remote.endpoint, std::string("minio.example.com"));
    QVERIFY(!remote.insecure);
    const auto sealed = optionsOf<S3ReplicaOptions>(
        R"("type":"s3","bucket":"b","endpoint":"minio.example.com","insecure":true,"encryption":{"enabled":true})");
    QVERIFY(sealed.insecure);
}

void TestConfigFile::sftp_portMissingOrZero_is22() {
    QCOMPARE(optionsOf<SftpReplicaOptions>(R"("type":"sftp","host":"h")").port, std::uint16_t{22});
    QCOMPARE(optionsOf<SftpReplicaOptions>(R"("type":"sftp","host":"h","port":0)").port,
             std::uint16_t{22});
    QCOMPARE(optionsOf<SftpReplicaOptions>(R"("type":"sftp","host":"h","port":2222)").port,
             std::uint16_t{2222});
    QVERIFY(!optionsOf<SftpReplicaOptions>(R"("type":"sftp","host":"h","agent":false)").agent);
}

void TestConfigFile::secrets_fourForms_areTold() {
    const auto password = [](const std::string& json) {
        return optionsOf<SftpReplicaOptions>(R"("type":"sftp","host":"h","password":)" + json)
            .password;
    };
    QVERIFY((password(R"("plain")") == SecretSource{SecretSource::Kind::Plain, "plain"}));
    QVERIFY((password(R"({"env":"NAME"})") == SecretSource{SecretSource::Kind::Env, "NAME"}));
    QVERIFY((password(R"({"file":"~/secret"})") ==
             SecretSource{SecretSource::Kind::File, "/home/someone/secret"}));
    QVERIFY(
        (password(R"({"keychain":"nas"})") == SecretSource{SecretSource::Kind::Keychain, "nas"}));
    QVERIFY(password(R"("")") == SecretSource{});
    QVERIFY(password("null") == SecretSource{});
}

void TestConfigFile::secrets_plainInSharedFile_warns() {
    ConfigContext shared;
    shared.readableByOthers = true;
    const std::string json = oneReplica(R"("type":"sftp","host":"h","password":"hunter2")");
    const Result<LoadedConfig> loaded = parseConfig(json, shared);
    QVERIFY(loaded.ok());
    QCOMPARE(loaded.value().warnings.size(), std::size_t{1});
    QVERIFY(loaded.value().warnings[0].find("replicas[0].password") == 0);
    QVERIFY(loaded.value().warnings[0].find("hunter2") == std::string::npos);
    QVERIFY(parseConfig(json).value().warnings.empty());
}

void TestConfigFile::newerVersion_unknownKeys_areWarnings() {
    const Result<LoadedConfig> loaded = parseConfig(
        R"({"version":2,"fancy":{"x":1},"databases":[{"name":"a","path":"/a","mirror":true}]})");
    QVERIFY(loaded.ok());
    const std::vector<std::string>& warnings = loaded.value().warnings;
    QVERIFY(std::any_of(warnings.begin(), warnings.end(), [](const std::string& text) {
        return text.find("fancy") == 0;
    }));
    QVERIFY(std::any_of(warnings.begin(), warnings.end(), [](const std::string& text) {
        return text.find("databases[0].mirror") == 0;
    }));
}

void TestConfigFile::refused_everyMistake_namesPlaceAndReason_data() {
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("place");
    QTest::addColumn<QString>("reason");
    const auto row =
        [](const char* name, const std::string& json, const char* place, const char* reason) {
            QTest::newRow(name) << QByteArray::fromStdString(json) << place << reason;
        };
    row("not an object", "[]", "", "must be an object");
    row("not JSON", "{", "", "not JSON");
    row("unknown key at the top", R"({"database":[]})", "database", "did you mean databases?");
    row("unknown key of a database",
        oneDatabase(R"(,"retension":{})"),
        "databases[0].retension",
        "did you mean retention?");
    row("unknown key, nothing near",
        oneDatabase(R"(,"colour":1)"),
        "databases[0].colour",
        "unknown key");
    row("unknown key of retention",
        oneDatabase(R"(,"retention":{"teirs":[]})"),
        "databases[0].retention.teirs",
        "did you mean tiers?");
    row("unknown key of a tier",
        oneDatabase(R"(,"retention":{"tiers":[{"evry":"1s","for":"1h"}]})"),
        "databases[0].retention.tiers[0].evry",
        "did you mean every?");
    row("unknown key of compression",
        oneDatabase(R"(,"compression":{"lvl":1})"),
        "databases[0].compression.lvl",
        "unknown key");
    row("unknown key of restore",
        oneDatabase(R"(,"restore":{"enable":true})"),
        "databases[0].restore.enable",
        "did you mean enabled?");
    row("unknown key of encryption",
        oneReplica(R"("type":"file","path":"/x","encryption":{"keyid":""})"),
        "replicas[0].encryption.keyid",
        "did you mean keyId?");
    row("unknown key of a secret",
        oneReplica(R"("type":"sftp","host":"h","password":{"enviroment":"X"})"),
        "replicas[0].password.enviroment",
        "unknown key");
    row("key of another type",
        oneReplica(R"("type":"file","path":"/x","bucket":"b")"),
        "replicas[0].bucket",
        "unknown key");
    row("key of a newer version without saying so",
        R"({"version":1,"fancy":1})",
        "fancy",
        "unknown key");
    row("version zero", R"({"version":0})", "version", "must be from");
    row("version as text", R"({"version":"1"})", "version", "must be a whole number");
    row("a key twice", R"({"version":1,"version":1})", "", "twice");
    row("type missing", oneReplica(R"("path":"/x")"), "replicas[0].type", "is missing");
    row("type unknown",
        oneReplica(R"("type":"ftp")"),
        "replicas[0].type",
        "file, s3, sftp or nats");
    row("replica name missing",
        R"({"replicas":[{"type":"file","path":"/x"}]})",
        "replicas[0].name",
        "is missing");
    row("replica name with a slash",
        R"({"replicas":[{"name":"a/b","type":"file","path":"/x"}]})",
        "replicas[0].name",
        "must not hold a /");
    row("replica name twice",
        R"({"replicas":[{"name":"a","type":"file","path":"/x"},{"name":"a","type":"file","path":"/y"}]})",
        "replicas[1].name",
        "twice");
    row("file path missing", oneReplica(R"("type":"file")"), "replicas[0].path", "is missing");
    row("file path relative",
        oneReplica(R"("type":"file","path":"backups")"),
        "replicas[0].path",
        "absolute");
    row("file path of another home",
        oneReplica(R"("type":"file","path":"~root/x")"),
        "replicas[0].path",
        "absolute");
    row("file path with a newline",
        oneReplica(R"("type":"file","path":"/a\nb")"),
        "replicas[0].path",
        "control character");
    row("file path with a zero",
        oneReplica(R"("type":"file","path":"/a\u0000b")"),
        "replicas[0].path",
        "control character");
    row("file path endless",
        oneReplica(R"("type":"file","path":"/)" + std::string(5000, 'x') + "\""),
        "replicas[0].path",
        "longer than");
    row("bucket missing", oneReplica(R"("type":"s3")"), "replicas[0].bucket", "is missing");
    row("plain HTTP to elsewhere",
        oneReplica(R"("type":"s3","bucket":"b","endpoint":"http://minio.example.com")"),
        "replicas[0].insecure",
        "plain HTTP");
    row("https and insecure",
        oneReplica(R"("type":"s3","bucket":"b","endpoint":"https://x","insecure":true)"),
        "replicas[0].endpoint",
        "exclude");
    row("endpoint with a path",
        oneReplica(R"("type":"s3","bucket":"b","endpoint":"x/y")"),
        "replicas[0].endpoint",
        "HOST");
    row("endpoint with a secret",
        oneReplica(R"("type":"s3","bucket":"b","endpoint":"k:s@x")"),
        "replicas[0].endpoint",
        "HOST");
    row("host missing", oneReplica(R"("type":"sftp")"), "replicas[0].host", "is missing");
    row("port too large",
        oneReplica(R"("type":"sftp","host":"h","port":65536)"),
        "replicas[0].port",
        "must be from 0 to 65535");
    row("port negative",
        oneReplica(R"("type":"sftp","host":"h","port":-1)"),
        "replicas[0].port",
        "must be from");
    row("port as text",
        oneReplica(R"("type":"sftp","host":"h","port":"22")"),
        "replicas[0].port",
        "must be a whole number");
    row("nats url missing",
        oneReplica(R"("type":"nats","bucket":"b")"),
        "replicas[0].url",
        "is missing");
    row("nats url of another scheme",
        oneReplica(R"("type":"nats","bucket":"b","url":"http://h")"),
        "replicas[0].url",
        "nats://");
    row("nats url with a password",
        oneReplica(R"("type":"nats","bucket":"b","url":"nats://u:p@h")"),
        "replicas[0].url",
        "must not hold");
    row("nats certificate without key",
        oneReplica(R"("type":"nats","bucket":"b","url":"nats://h","clientCert":"/c")"),
        "replicas[0].clientCert",
        "clientKey");
    row("nats authorities not a list",
        oneReplica(R"("type":"nats","bucket":"b","url":"nats://h","rootCAs":"/c")"),
        "replicas[0].rootCAs",
        "must be a list");
    row("nats authority a number",
        oneReplica(R"("type":"nats","bucket":"b","url":"nats://h","rootCAs":[1])"),
        "replicas[0].rootCAs",
        "list of texts");
    row("secret a number",
        oneReplica(R"("type":"sftp","host":"h","password":1234)"),
        "replicas[0].password",
        "must be a text");
    row("secret empty object",
        oneReplica(R"("type":"sftp","host":"h","password":{})"),
        "replicas[0].password",
        "exactly one");
    row("secret two forms",
        oneReplica(R"("type":"sftp","host":"h","password":{"env":"A","keychain":"b"})"),
        "replicas[0].password",
        "exactly one");
    row("secret masked",
        oneReplica("\"type\":\"sftp\",\"host\":\"h\",\"password\":"
                   "\"\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\""),
        "replicas[0].password",
        "masked");
    row("secret masked longer",
        oneReplica("\"type\":\"sftp\",\"host\":\"h\",\"password\":"
                   "\"\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\""),
        "replicas[0].password",
        "masked");
    row("secret file relative",
        oneReplica(R"("type":"sftp","host":"h","password":{"file":"x"})"),
        "replicas[0].password.file",
        "absolute");
    row("sync interval wrong",
        oneReplica(R"("type":"file","path":"/x","syncInterval":"soon")"),
        "replicas[0].syncInterval",
        "not a duration");
    row("sync interval a fraction",
        oneReplica(R"("type":"file","path":"/x","syncInterval":1.5)"),
        "replicas[0].syncInterval",
        "must be a duration");
    row("upload limit wrong",
        oneReplica(R"("type":"file","path":"/x","uploadLimit":"fast")"),
        "replicas[0].uploadLimit",
        "not a size");
    row("max size negative",
        oneReplica(R"("type":"file","path":"/x","maxSize":-1)"),
        "replicas[0].maxSize",
        "must be a size");
    row("database path missing",
        R"({"databases":[{"name":"a"}]})",
        "databases[0].path",
        "is missing");
    row("database path relative",
        R"({"databases":[{"name":"a","path":"a.db"}]})",
        "databases[0].path",
        "absolute");
    row("database name twice",
        R"({"databases":[{"name":"a","path":"/a"},{"name":"a","path":"/b"}]})",
        "databases[1].name",
        "twice");
    row("database file twice",
        R"({"databases":[{"name":"a","path":"/a"},{"name":"b","path":"/a"}]})",
        "databases[1].path",
        "same file");
    row("database name with a slash",
        R"({"databases":[{"name":"a/b","path":"/a"}]})",
        "databases[0].name",
        "must not hold a /");
    row("unknown replica",
        R"({"replicas":[{"name":"disk","type":"file","path":"/b"}],"databases":[{"name":"a","path":"/a","replicas":["dsk"]}]})",
        "databases[0].replicas[0]",
        "did you mean disk?");
    row("replica of another database",
        R"({"databases":[{"name":"a","path":"/a","replicas":[{"name":"l","type":"file","path":"/x"}]},
        {"name":"b","path":"/b","replicas":["a/l"]}]})",
        "databases[1].replicas[0]",
        "there is no replica");
    row("replica named twice",
        R"({"replicas":[{"name":"disk","type":"file","path":"/b"}],"databases":[{"name":"a","path":"/a","replicas":["disk","disk"]}]})",
        "databases[0].replicas[1]",
        "twice");
    row("two names for one place",
        R"({"replicas":[{"name":"x","type":"file","path":"/b"},{"name":"y","type":"file","path":"/b/"}],
        "databases":[{"name":"a","path":"/a","replicas":["x","y"]}]})",
        "databases[0].replicas",
        "same place");
    row("replicas not a list",
        oneDatabase("").replace(oneDatabase("").find("[\"disk\"]"), 8, "\"disk\""),
        "databases[0].replicas",
        "must be a list");
    row("replica entry a number",
        R"({"databases":[{"name":"a","path":"/a","replicas":[7]}]})",
        "databases[0].replicas[0]",
        "must be an object");
    row("database entry a text", R"({"databases":["/a.db"]})", "databases[0]", "must be an object");
    row("interval wrong",
        oneDatabase(R"(,"snapshotInterval":"6 hours")"),
        "databases[0].snapshotInterval",
        "not a duration");
    row("interval negative",
        oneDatabase(R"(,"snapshotInterval":-1)"),
        "databases[0].snapshotInterval",
        "not negative");
    row("level too high",
        oneDatabase(R"(,"compression":{"level":12})"),
        "databases[0].compression.level",
        "from 0 to 11");
    row("level negative",
        oneDatabase(R"(,"compression":{"level":-1})"),
        "databases[0].compression.level",
        "from 0 to 11");
    row("window too small",
        oneDatabase(R"(,"compression":{"window":9})"),
        "databases[0].compression.window",
        "from 10 to 31");
    row("window too large",
        oneDatabase(R"(,"compression":{"window":32})"),
        "databases[0].compression.window",
        "from 0 to 31");
    row("codec unknown",
        oneDatabase(R"(,"compression":"gzip")"),
        "databases[0].compression",
        "none or zstd");
    row("codec unknown in the long form",
        oneDatabase(R"(,"compression":{"codec":"lz4"})"),
        "databases[0].compression.codec",
        "none or zstd");
    row("compression a number",
        oneDatabase(R"(,"compression":3)"),
        "databases[0].compression",
        "must be an object");
    row("tier without for",
        oneDatabase(R"(,"retention":{"tiers":[{"every":"1m"}]})"),
        "databases[0].retention.tiers[0].for",
        "longer than 0");
    row("tiers out of order",
        oneDatabase(
            R"(,"retention":{"tiers":[{"every":"1h","for":"24h"},{"every":"1m","for":"48h"}]})"),
        "databases[0].retention.tiers[1].every",
        "tier before");
    row("defaults with a name", R"({"defaults":{"name":"x"}})", "defaults.name", "unknown key");
    row("restore path relative",
        oneDatabase(R"(,"restore":{"targetPath":"x"})"),
        "databases[0].restore.targetPath",
        "absolute");
}

void TestConfigFile::refused_everyMistake_namesPlaceAndReason() {
    QFETCH(QByteArray, json);
    QFETCH(QString, place);
    QFETCH(QString, reason);
    const Result<LoadedConfig> loaded = parseConfig(json.toStdString());
    QVERIFY(!loaded.ok());
    QCOMPARE(loaded.error().code, ErrorCode::InvalidArgument);
    const QString message = QString::fromStdString(loaded.error().message);
    QVERIFY2(message.startsWith(place), loaded.error().message.c_str());
    QVERIFY2(message.contains(reason), loaded.error().message.c_str());
}

void TestConfigFile::refused_severalMistakes_areTold() {
    const Result<LoadedConfig> three = parseConfig(R"({"a1":1,"b2":2,"c3":3})");
    QVERIFY(!three.ok());
    QCOMPARE(three.error().message,
             std::string("a1: unknown key (also: b2: unknown key, c3: unknown key)"));
    const Result<LoadedConfig> six = parseConfig(R"({"a1":1,"b2":2,"c3":3,"d4":4,"e5":5,"f6":6})");
    QVERIFY(!six.ok());
    QVERIFY2(six.error().message.ends_with(", d4: unknown key, and 2 more)"),
             six.error().message.c_str());
}

void TestConfigFile::refused_mistypedKey_comesBeforeTheMissingOne() {
    const Result<LoadedConfig> loaded =
        parseConfig(R"({"version":1,"replicas":[{"name":"d","type":"file","path":"/d"}],
                        "databases":[{"name":"a","pathh":"/a","replicas":["d"]}]})");
    QVERIFY(!loaded.ok());
    QCOMPARE(loaded.error().message,
             std::string("databases[0].pathh: unknown key, did you mean path? (also: "
                         "databases[0].path: is missing)"));
}

void TestConfigFile::effective_roundTrip_isTheSameConfig() {
    const Config config = configOf(example());
    const Result<LoadedConfig> again = parseConfig(effectiveConfigJson(config));
    QVERIFY2(again.ok(), again.ok() ? "" : again.error().message.c_str());
    QVERIFY(again.value().config.databases == config.databases);
    QVERIFY(again.value().config.replicas == config.replicas);
}

void TestConfigFile::effective_plainSecret_isMaskedAndNotTakenBack() {
    const Config config = configOf(oneReplica(R"("type":"sftp","host":"h","password":"hunter2")"));
    const std::string shown = effectiveConfigJson(config);
    QVERIFY(shown.find("hunter2") == std::string::npos);
    QVERIFY(shown.find(kMaskedSecret) != std::string::npos);
    const Result<LoadedConfig> again = parseConfig(shown);
    QVERIFY(!again.ok());
    QVERIFY(again.error().message.find("masked") != std::string::npos);
}

void TestConfigFile::load_fileModes_decideTheWarning() {
    const QTemporaryDir dir;
    const std::string path = dir.filePath(QStringLiteral("config.json")).toStdString();
    const std::string json = oneReplica(R"("type":"sftp","host":"h","password":"hunter2")");
    QVERIFY(writeFileAtomically(path, viewOf(json)).ok());
    QVERIFY(loadConfig(path).value().warnings.empty());
    QCOMPARE(::chmod(path.c_str(), 0644), 0);
    QCOMPARE(loadConfig(path).value().warnings.size(), std::size_t{1});
}

void TestConfigFile::load_strangeFiles_areInvalid() {
    const QTemporaryDir dir;
    QCOMPARE(loadConfig(dir.filePath(QStringLiteral("none")).toStdString()).error().code,
             ErrorCode::NotFound);
    QCOMPARE(loadConfig(dir.path().toStdString()).error().code, ErrorCode::InvalidArgument);
    QCOMPARE(loadConfig("/dev/zero").error().code, ErrorCode::InvalidArgument);
    const std::string pipe = dir.filePath(QStringLiteral("pipe")).toStdString();
    QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
    QCOMPARE(loadConfig(pipe).error().code, ErrorCode::InvalidArgument);
    const std::string huge = dir.filePath(QStringLiteral("huge")).toStdString();
    Result<File> file = File::open(huge, File::Mode::CreateNew);
    QVERIFY(file.ok() && file.value().truncate(1ull << 40).ok());
    QCOMPARE(loadConfig(huge).error().code, ErrorCode::InvalidArgument);
}

void TestConfigFile::supported_presentKinds_pass() {
    QVERIFY(checkSupported(configOf(oneDatabase(""))).ok());
    // A replica that no database names may be of any kind.
    QVERIFY(checkSupported(configOf(oneReplica(R"("type":"s3","bucket":"b")"))).ok());
}

void TestConfigFile::supported_missingFeatures_areNamed_data() {
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("what");
    const auto row = [](const char* name, const std::string& replica, const char* what) {
        QTest::newRow(name)
            << QByteArray::fromStdString(
                   R"({"databases":[{"name":"a","path":"/a","replicas":[{"name":"r",)" + replica +
                   "}]}]}")
            << what;
    };
    row("encryption", R"("type":"file","path":"/x","encryption":{"enabled":true})", "encryption");
    row("maxSize", R"("type":"file","path":"/x","maxSize":"1GiB")", "maxSize");
    QTest::newRow("automatic restore")
        << QByteArray::fromStdString(oneDatabase(R"(,"restore":{"enabled":true})"))
        << "restore.enabled";
}

void TestConfigFile::supported_missingFeatures_areNamed() {
    QFETCH(QByteArray, json);
    QFETCH(QString, what);
    const Status supported = checkSupported(configOf(json.toStdString()));
    QVERIFY(!supported.ok());
    QCOMPARE(supported.error().code, ErrorCode::Unsupported);
    QVERIFY2(QString::fromStdString(supported.error().message).contains(what),
             supported.error().message.c_str());
    QVERIFY(!supported.error().effect.empty());
    QVERIFY(!supported.error().fix.empty());
}

namespace {

/// A field of the contract, in the block where it stands, with a value that is not its default.
struct ContractField {
    enum class Block { Database, Replica };
    Block block;
    const char* name;
    const char* value;
    const char* refusedAs;  // "" = it works
};

constexpr auto kDatabase = ContractField::Block::Database;
constexpr auto kReplica = ContractField::Block::Replica;

constexpr ContractField kContract[] = {
    {kDatabase, "shadowDir", R"("/s")", ""},
    {kDatabase, "snapshotInterval", R"("1h")", ""},
    {kDatabase, "retention", R"({"snapshotInterval":"1h"})", ""},
    {kDatabase, "retention", R"({"snapshotRetention":"100h"})", ""},
    {kDatabase, "retention", R"({"checkInterval":"2h"})", ""},
    {kDatabase, "retention", R"({"tiers":[{"every":"0s","for":"1h"}]})", ""},
    {kDatabase, "compression", R"({"codec":"none"})", ""},
    {kDatabase, "compression", R"({"level":11})", ""},
    {kDatabase, "compression", R"({"window":20})", ""},
    {kDatabase, "compression", R"("none")", ""},
    {kDatabase, "dataLossWindowThreshold", R"("1m")", ""},
    {kDatabase, "restore", R"({"targetPath":"/t"})", ""},
    {kDatabase, "restore", R"({"tempDir":"/t"})", ""},
    {kDatabase, "restore", R"({"enabled":true})", "restore.enabled"},
    {kReplica, "syncInterval", R"("3s")", ""},
    {kReplica, "uploadLimit", R"("2MiB")", ""},
    {kReplica, "encryption", R"({"keyId":"0a"})", ""},
    {kReplica, "encryption", R"({"enabled":true})", "encryption"},
    {kReplica, "maxSize", R"("20GiB")", "maxSize"},
};

std::string withField(const ContractField& field, const std::string& name) {
    const std::string pair = ",\"" + name + "\":" + field.value;
    return R"x({"databases":[{"path":"/n.db","name":"n")x" +
           (field.block == kDatabase ? pair : std::string()) +
           R"x(,"replicas":[{"name":"r","type":"file","path":"/b")x" +
           (field.block == kReplica ? pair : std::string()) + "}]}]}";
}

}  // namespace

void TestConfigFile::contract_everyField_worksOrIsRefusedByName_data() {
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QByteArray>("refusedAs");
    for (const ContractField& field : kContract) {
        QTest::addRow("%s %s", field.name, field.value)
            << QByteArray::fromStdString(withField(field, field.name))
            << QByteArray(field.refusedAs);
    }
    for (const char* type : {R"("s3","bucket":"b")",
                             R"("sftp","host":"h")",
                             R"("nats","url":"nats://h","bucket":"b")"}) {
        QTest::addRow("type %s", type)
            << QByteArray(R"({"databases":[{"path":"/n.db","replicas":[{"name":"r","type":)") +
                   type + "}]}]}"
            << "the type " + QByteArray(type).split('"')[1];
    }
}

/// A field that is accepted says something in the configuration; the rest is refused, not ignored.
void TestConfigFile::contract_everyField_worksOrIsRefusedByName() {
    QFETCH(QByteArray, json);
    QFETCH(QByteArray, refusedAs);
    const Result<LoadedConfig> loaded = parseConfig(json.toStdString());
    QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().message.c_str());
    const Config plain = configOf(
        R"({"databases":[{"path":"/n.db","name":"n","replicas":[{"name":"r","type":"file","path":"/b"}]}]})");
    QVERIFY(!(loaded.value().config == plain));
    const Status supported = checkSupported(loaded.value().config);
    QCOMPARE(supported.ok(), refusedAs.isEmpty());
    if (!supported.ok()) {
        QVERIFY2(supported.error().message.find(refusedAs.toStdString()) != std::string::npos,
                 supported.error().message.c_str());
    }
}

void TestConfigFile::contract_everyField_misspelt_isRefusedWithTheRightName() {
    for (const ContractField& field : kContract) {
        std::string misspelt = field.name;
        std::swap(misspelt[2], misspelt[3]);
        const Result<LoadedConfig> loaded = parseConfig(withField(field, misspelt));
        QVERIFY2(!loaded.ok(), misspelt.c_str());
        QVERIFY2(loaded.error().message.find(std::string("did you mean ") + field.name + "?") !=
                     std::string::npos,
                 loaded.error().message.c_str());
    }
}

void TestConfigFile::notYetApplied_retention_isSaid() {
    const std::vector<std::string> notes = notYetApplied(configOf(oneDatabase("")));
    QCOMPARE(notes.size(), std::size_t{1});
    QVERIFY2(notes.front().find("nothing is pruned") != std::string::npos, notes.front().c_str());
    QVERIFY(notYetApplied(configOf(oneDatabase(R"(,"retention":{"tiers":[]})"))).empty());
}

namespace {

std::string example() {
    return std::string("{") + kExampleDefaults + R"(
  "replicas": [
    {"name": "disk", "type": "file", "path": "/backups"},
    {"name": "cloud", "type": "s3", "endpoint": "s3.us-east-1.amazonaws.com", "region": "us-east-1",
     "bucket": "example-bucket", "prefix": "stream", "accessKey": {"env": "AWS_ACCESS_KEY_ID"},
     "secretKey": {"keychain": "cloud"}, "sessionToken": "", "insecure": false, "forcePathStyle": false,
     "syncInterval": "1s", "uploadLimit": "2MiB", "encryption": {"enabled": true, "keyId": "0a1b"}},
    {"name": "nas", "type": "sftp", "host": "backup.example.com", "port": 22, "user": "replicator",
     "password": {"keychain": "nas"}, "keyPath": "~/.ssh/nas", "keyPassphrase": {"keychain": "nas-key"},
     "agent": true, "knownHosts": "~/.ssh/known_hosts", "path": "backups/db"},
    {"name": "bus", "type": "nats", "url": "nats://nats.example.com:4222", "bucket": "backups",
     "prefix": "cluster-a/db", "creds": "/etc/bus.creds", "nkey": "", "user": "", "password": "", "token": "",
     "clientCert": "", "clientKey": "", "rootCAs": []}
  ],
  "databases": [
    {"name": "notes", "path": "~/notes/notes.db", "replicas": ["disk", "cloud"]},
    {"name": "cache", "path": "~/cache/index.bolt", "snapshotInterval": "1h",
     "replicas": [{"name": "local", "type": "file", "path": "/tmp/copies"}]}
  ]
})";
}

}  // namespace

QTEST_GUILESS_MAIN(TestConfigFile)
#include "tst_config_file.moc"
