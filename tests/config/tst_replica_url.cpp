// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include "engine/base/file_system.h"
#include "engine/config/replica_url.h"

using namespace engine;

class TestReplicaUrl final : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void file_everyForm_isThatFolder_data();
    void file_everyForm_isThatFolder();
    void s3_everyParameter_isTaken();
    void s3_nothingButABucket_isAws();
    void sftp_everyParameter_isTaken();
    void sftp_homeFolder_isRelative();
    void sftp_passwordInTheEnvironment_isNamedNotRead();
    void nats_everyParameter_isTaken();
    void name_samePlace_isTheSame();
    void refused_wrongUrl_saysWhy_data();
    void refused_wrongUrl_saysWhy();
    void refused_secretInUrl_isNotRepeated_data();
    void refused_secretInUrl_isNotRepeated();
};

void TestReplicaUrl::initTestCase() {
    qputenv("HOME", "/home/someone");
    qunsetenv("STRANDLINE_SFTP_PASSWORD");
    qunsetenv("STRANDLINE_NATS_PASSWORD");
}

void TestReplicaUrl::file_everyForm_isThatFolder_data() {
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("path");
    QTest::newRow("absolute") << "file:///media/backup"
                              << "/media/backup";
    QTest::newRow("slash at the end") << "file:///media/backup/"
                                      << "/media/backup";
    QTest::newRow("percent") << "file:///media/my%20disk%23"
                             << "/media/my disk#";
    QTest::newRow("home as host") << "file://~/copies"
                                  << "/home/someone/copies";
    QTest::newRow("home as path") << "file:///~/copies"
                                  << "/home/someone/copies";
    QTest::newRow("localhost") << "file://localhost/srv"
                               << "/srv";
    QTest::newRow("tilde inside") << "file:///srv/a~b"
                                  << "/srv/a~b";
}

void TestReplicaUrl::file_everyForm_isThatFolder() {
    QFETCH(QString, url);
    QFETCH(QString, path);
    const Result<ReplicaConfig> parsed = parseReplicaUrl(url.toStdString());
    QVERIFY2(parsed.ok(), parsed.ok() ? "" : parsed.error().message.c_str());
    QCOMPARE(std::get<FileReplicaOptions>(parsed.value().options).path, path.toStdString());
    QCOMPARE(parsed.value().syncInterval, DurationMs{1000});
}

void TestReplicaUrl::s3_everyParameter_isTaken() {
    const Result<ReplicaConfig> parsed = parseReplicaUrl(
        "s3://example-bucket/a/b/"
        "?endpoint=127.0.0.1:9000&region=eu-1&forcePathStyle=true&insecure=true");
    QVERIFY(parsed.ok());
    const auto& options = std::get<S3ReplicaOptions>(parsed.value().options);
    QCOMPARE(options.bucket, std::string("example-bucket"));
    QCOMPARE(options.prefix, std::string("a/b"));
    QCOMPARE(options.endpoint, std::string("127.0.0.1:9000"));
    QCOMPARE(options.region, std::string("eu-1"));
    QVERIFY(options.forcePathStyle == std::optional<bool>(true));
    QVERIFY(options.insecure);
    QCOMPARE(parsed.value().syncInterval, DurationMs{10000});
}

void TestReplicaUrl::s3_nothingButABucket_isAws() {
    const Result<ReplicaConfig> parsed = parseReplicaUrl("s3://example-bucket");
    QVERIFY(parsed.ok());
    const auto& options = std::get<S3ReplicaOptions>(parsed.value().options);
    QCOMPARE(options.endpoint, std::string("s3.us-east-1.amazonaws.com"));
    QVERIFY(!options.forcePathStyle.has_value());
    QVERIFY(!options.insecure);
}

void TestReplicaUrl::sftp_everyParameter_isTaken() {
    const Result<ReplicaConfig> parsed = parseReplicaUrl(
        "sftp://replicator@[::1]:2222/backups/db?keyPath=~/.ssh/id&knownHosts=/etc/known%20hosts");
    QVERIFY(parsed.ok());
    const auto& options = std::get<SftpReplicaOptions>(parsed.value().options);
    QCOMPARE(options.host, std::string("[::1]"));
    QCOMPARE(options.port, std::uint16_t{2222});
    QCOMPARE(options.user, std::string("replicator"));
    QCOMPARE(options.path, std::string("/backups/db"));
    QCOMPARE(options.keyPath, std::string("/home/someone/.ssh/id"));
    QCOMPARE(options.knownHosts, std::string("/etc/known hosts"));
    QVERIFY(options.password.kind == SecretSource::Kind::None);
}

void TestReplicaUrl::sftp_homeFolder_isRelative() {
    const Result<ReplicaConfig> parsed = parseReplicaUrl("sftp://u@example.com/~/backups");
    QVERIFY(parsed.ok());
    const auto& options = std::get<SftpReplicaOptions>(parsed.value().options);
    QCOMPARE(options.path, std::string("backups"));
    QCOMPARE(options.port, std::uint16_t{22});
    QCOMPARE(options.knownHosts, std::string("/home/someone/.ssh/known_hosts"));
}

void TestReplicaUrl::sftp_passwordInTheEnvironment_isNamedNotRead() {
    qputenv("STRANDLINE_SFTP_PASSWORD", "hunter2");
    const Result<ReplicaConfig> parsed = parseReplicaUrl("sftp://u@example.com/x");
    qunsetenv("STRANDLINE_SFTP_PASSWORD");
    QVERIFY(parsed.ok());
    const auto& password = std::get<SftpReplicaOptions>(parsed.value().options).password;
    QVERIFY(password.kind == SecretSource::Kind::Env);
    QCOMPARE(password.value, std::string("STRANDLINE_SFTP_PASSWORD"));
}

void TestReplicaUrl::nats_everyParameter_isTaken() {
    const Result<ReplicaConfig> parsed = parseReplicaUrl(
        "tls://nats.example.com/backups/cluster-a/db?creds=~/u.creds&nkey=/k.nk&rootCA=/ca.pem");
    QVERIFY(parsed.ok());
    const auto& options = std::get<NatsReplicaOptions>(parsed.value().options);
    QCOMPARE(options.url, std::string("tls://nats.example.com:4222"));
    QCOMPARE(options.bucket, std::string("backups"));
    QCOMPARE(options.prefix, std::string("cluster-a/db"));
    QCOMPARE(options.creds, std::string("/home/someone/u.creds"));
    QCOMPARE(options.nkey, std::string("/k.nk"));
    QCOMPARE(options.rootCAs, std::vector<std::string>{"/ca.pem"});
}

void TestReplicaUrl::name_samePlace_isTheSame() {
    const std::string first = parseReplicaUrl("file:///media/backup").value().name;
    QCOMPARE(parseReplicaUrl("file:///media/backup/").value().name, first);
    QVERIFY(parseReplicaUrl("file:///media/other/backup").value().name != first);
    QVERIFY(first.find('/') == std::string::npos);
    QVERIFY2(first.rfind("file-backup-", 0) == 0, first.c_str());
}

void TestReplicaUrl::refused_wrongUrl_saysWhy_data() {
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("reason");
    QTest::newRow("empty") << ""
                           << "begins with";
    QTest::newRow("a path") << "/media/backup"
                            << "begins with";
    QTest::newRow("unknown scheme") << "ftp://host/x"
                                    << "begins with";
    QTest::newRow("two slashes") << "file://media/backup"
                                 << "three slashes";
    QTest::newRow("no path") << "file://"
                             << "no folder";
    QTest::newRow("no bucket") << "s3:///x"
                               << "no bucket";
    QTest::newRow("no nats bucket") << "nats://host:4222/"
                                    << "no bucket";
    QTest::newRow("no host") << "sftp:///x"
                             << "no computer";
    QTest::newRow("unknown parameter") << "s3://b/p?regoin=eu"
                                       << "did you mean region";
    QTest::newRow("parameter of another kind") << "file:///x?region=eu"
                                               << "unknown parameter";
    QTest::newRow("twice") << "s3://b?region=a&region=b"
                           << "twice";
    QTest::newRow("no value") << "s3://b?region"
                              << "no value";
    QTest::newRow("empty value") << "s3://b?region="
                                 << "no value";
    QTest::newRow("not a boolean") << "s3://b?insecure=yes"
                                   << "true or false";
    QTest::newRow("plain http to somewhere") << "s3://b?endpoint=minio.example.com&insecure=true"
                                             << "plain HTTP";
    QTest::newRow("plain http by scheme") << "s3://b?endpoint=http://minio.example.com"
                                          << "plain HTTP";
    QTest::newRow("almost loopback") << "s3://b?endpoint=127.example.com&insecure=true"
                                     << "plain HTTP";
    QTest::newRow("port") << "sftp://u@h:99999/x"
                          << "port";
    QTest::newRow("port zero") << "sftp://u@h:0/x"
                               << "port";
    QTest::newRow("port no number") << "sftp://u@h:ssh/x"
                                    << "port";
    QTest::newRow("bad percent") << "file:///a%2"
                                 << "two hex digits";
    QTest::newRow("bad percent digits") << "file:///a%+1b"
                                        << "two hex digits";
    QTest::newRow("encoded zero") << "file:///a%00b"
                                  << "control character";
    QTest::newRow("encoded newline") << "file:///a%0Ab"
                                     << "control character";
    QTest::newRow("fragment") << "file:///a#b"
                              << "%23";
    QTest::newRow("endless") << "file:///" + QString(5000, QChar(u'x')) << "longer than";
}

void TestReplicaUrl::refused_wrongUrl_saysWhy() {
    QFETCH(QString, url);
    QFETCH(QString, reason);
    const Result<ReplicaConfig> parsed = parseReplicaUrl(url.toStdString());
    QVERIFY(!parsed.ok());
    QCOMPARE(parsed.error().code, ErrorCode::InvalidArgument);
    QVERIFY2(QString::fromStdString(parsed.error().message).contains(reason),
             parsed.error().message.c_str());
}

void TestReplicaUrl::refused_secretInUrl_isNotRepeated_data() {
    QTest::addColumn<QString>("url");
    QTest::newRow("user and password") << "sftp://user:hunter2@host/x";
    QTest::newRow("s3 keys before the @") << "s3://AKIA:hunter2@bucket/x";
    for (const char* name : {"password",
                             "secretKey",
                             "secret_key",
                             "accessKey",
                             "sessionToken",
                             "token",
                             "passphrase",
                             "keyPassphrase",
                             "AWS_SECRET_ACCESS_KEY",
                             "Password",
                             "natsPassword"}) {
        QTest::newRow(name) << QStringLiteral("s3://bucket/x?%1=hunter2").arg(QLatin1String(name));
    }
    QTest::newRow("encoded name") << "s3://bucket/x?pass%77ord=hunter2";
    QTest::newRow("nats") << "nats://u:hunter2@host:4222/b";
}

void TestReplicaUrl::refused_secretInUrl_isNotRepeated() {
    QFETCH(QString, url);
    const Result<ReplicaConfig> parsed = parseReplicaUrl(url.toStdString());
    QVERIFY(!parsed.ok());
    QCOMPARE(parsed.error().code, ErrorCode::InvalidArgument);
    const QString message = QString::fromStdString(parsed.error().message + parsed.error().fix);
    QVERIFY2(message.contains(QStringLiteral("secret")), parsed.error().message.c_str());
    QVERIFY(!message.contains(QStringLiteral("hunter2")));
}

QTEST_GUILESS_MAIN(TestReplicaUrl)
#include "tst_replica_url.moc"
