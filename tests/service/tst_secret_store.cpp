// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/base/file_system.h"
#include "engine/service/secret_store.h"

using namespace engine;
using Kind = SecretSource::Kind;

class TestSecretStore final : public QObject {
    Q_OBJECT

private slots:
    void resolve_noneAndPlain_areThemselves();
    void resolve_environment_isRead();
    void resolve_file_isOneLine();
    void resolve_fileThatOthersRead_isRefused();
    void resolve_wrongFiles_areInvalid_data();
    void resolve_wrongFiles_areInvalid();
    void resolve_keychain_isUnsupportedAndNotEmpty();
};

void TestSecretStore::resolve_noneAndPlain_areThemselves() {
    QVERIFY(resolveSecret(SecretSource{}).value().empty());
    QCOMPARE(resolveSecret(SecretSource{Kind::Plain, "hunter2"}).value().reveal(),
             std::string_view("hunter2"));
}

void TestSecretStore::resolve_environment_isRead() {
    qputenv("STRANDLINE_TEST_SECRET", "hunter2");
    QCOMPARE(resolveSecret(SecretSource{Kind::Env, "STRANDLINE_TEST_SECRET"}).value().reveal(),
             std::string_view("hunter2"));
    qunsetenv("STRANDLINE_TEST_SECRET");
    const Result<Secret> missing = resolveSecret(SecretSource{Kind::Env, "STRANDLINE_TEST_SECRET"});
    QCOMPARE(missing.error().code, ErrorCode::NotFound);
    QVERIFY(missing.error().message.find("STRANDLINE_TEST_SECRET") != std::string::npos);
}

void TestSecretStore::resolve_file_isOneLine() {
    const QTemporaryDir dir;
    const std::string path = dir.filePath(QStringLiteral("secret")).toStdString();
    QVERIFY(writeFileAtomically(path, viewOf("hunter2 with blank \r\n")).ok());
    QCOMPARE(resolveSecret(SecretSource{Kind::File, path}).value().reveal(),
             std::string_view("hunter2 with blank "));
}

void TestSecretStore::resolve_fileThatOthersRead_isRefused() {
    const QTemporaryDir dir;
    const std::string path = dir.filePath(QStringLiteral("secret")).toStdString();
    QVERIFY(writeFileAtomically(path, viewOf("hunter2")).ok());
    for (const mode_t mode : {0644u, 0640u, 0604u, 0660u}) {
        QCOMPARE(::chmod(path.c_str(), mode), 0);
        const Result<Secret> secret = resolveSecret(SecretSource{Kind::File, path});
        QCOMPARE(secret.error().code, ErrorCode::PermissionDenied);
        QVERIFY(secret.error().message.find("hunter2") == std::string::npos);
    }
}

void TestSecretStore::resolve_wrongFiles_areInvalid_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("only a newline") << QByteArray("\n");
    QTest::newRow("two lines") << QByteArray("hunter2\nhunter3\n");
    QTest::newRow("a zero") << QByteArray("hun\0ter2", 8);
}

void TestSecretStore::resolve_wrongFiles_areInvalid() {
    QFETCH(QByteArray, bytes);
    const QTemporaryDir dir;
    const std::string path = dir.filePath(QStringLiteral("secret")).toStdString();
    QVERIFY(writeFileAtomically(path, viewOf(bytes.toStdString())).ok());
    QCOMPARE(resolveSecret(SecretSource{Kind::File, path}).error().code,
             ErrorCode::InvalidArgument);
}

void TestSecretStore::resolve_keychain_isUnsupportedAndNotEmpty() {
    const Result<Secret> secret = resolveSecret(SecretSource{Kind::Keychain, "nas"});
    QVERIFY(!secret.ok());
    QCOMPARE(secret.error().code, ErrorCode::Unsupported);
    QVERIFY(secret.error().message.find("keychain") != std::string::npos);
    QVERIFY(secret.error().message.find("nas") != std::string::npos);
}

QTEST_GUILESS_MAIN(TestSecretStore)
#include "tst_secret_store.moc"
