// SPDX-License-Identifier: Apache-2.0
// Wrong use, help and the generated files: everything that needs no database.
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QStandardPaths>
#include <QtTest>

#include "tests/cli/cli_run.h"
#include "tests/config/config_example.h"

namespace {

QByteArray example() {
    return QByteArray("{") + kExampleDefaults + R"(
  "replicas": [{"name": "disk", "type": "file", "path": "/backups"}],
  "databases": [
    {"name": "notes", "path": "~/notes/notes.db", "replicas": ["disk"]},
    {"name": "cache", "path": "~/cache/index.bolt", "snapshotInterval": "1h",
     "replicas": [{"name": "local", "type": "file", "path": "/tmp/copies"}]}
  ]
})";
}

}  // namespace

class TestCliUse final : public QObject {
    Q_OBJECT

private slots:
    void wrongUse_everyKind_isOneErrorAndCode2_data();
    void wrongUse_everyKind_isOneErrorAndCode2();
    void wrongUse_withJson_isAnObjectToo();
    void laterCommands_areRefusedByName_data();
    void laterCommands_areRefusedByName();
    void version_isPrinted();
    void help_everyCommand_isTheGoldenText();
    void help_everyCommand_hasAnExample();
    void generated_completions_nameEveryCommand_data();
    void generated_completions_nameEveryCommand();
    void generated_bash_isValid();
    void configuration_mistakes_areCode2_data();
    void configuration_mistakes_areCode2();
    void configuration_show_masksSecrets();
    void configuration_check_good_isCode0();
    void configuration_check_exampleOfTheContract_isCode0();
    void configuration_plainSecret_isWarnedAboutWhereOthersCanRead();
    void status_withoutEngine_saysSo();
    void requests_withoutEngine_areCode3_data();
    void requests_withoutEngine_areCode3();

private:
    static QStringList commands();
};

/// Those that have a help, in the order of the overview.
QStringList TestCliUse::commands() {
    return QStringLiteral(
               "replicate,status,databases,generations,snapshots,segments,timeline,restore,pause,"
               "resume,inspect,"
               "verify,snapshot,probe,replica test,config check,config show,demo")
        .split(QLatin1Char(','));
}

void TestCliUse::wrongUse_everyKind_isOneErrorAndCode2_data() {
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("reason");
    QTest::newRow("nothing") << ""
                             << "no command was given";
    QTest::newRow("unknown command") << "restor"
                                     << "did you mean restore?";
    QTest::newRow("nonsense") << "xyzzyplugh"
                              << "there is no command";
    QTest::newRow("unknown option") << "timeline --databse x"
                                    << "did you mean --database?";
    QTest::newRow("unknown option before") << "--jsno status"
                                           << "did you mean --json?";
    QTest::newRow("option without value") << "restore -o"
                                          << "--output";
    QTest::newRow("option twice") << "restore -o a -o b"
                                  << "--output";
    QTest::newRow("group alone") << "config"
                                 << "not a command by itself";
    QTest::newRow("unknown in group") << "config chekc"
                                      << "chekc";
    QTest::newRow("too much") << "status notes"
                              << "notes";
    QTest::newRow("positional missing") << "probe"
                                        << "FILE";
    QTest::newRow("no output named") << "restore --replica file:///x"
                                     << "-o OUT";
    QTest::newRow("two targets")
        << "restore --replica file:///x -o a --tx 1 --at 2026-01-01T00:00:00Z"
        << "exclude";
    QTest::newRow("tx no number") << "restore --replica file:///x -o a --tx one"
                                  << "--tx";
    QTest::newRow("tx zero") << "restore --replica file:///x -o a --tx 0"
                             << "--tx";
    QTest::newRow("time nonsense") << "restore --replica file:///x -o a --at yesterday"
                                   << "not a time";
    QTest::newRow("time twice") << "restore --replica file:///x -o a --at 2026-10-25T02:30:00"
                                << "twice";
    QTest::newRow("time skipped") << "restore --replica file:///x -o a --at 2026-03-29T02:30:00"
                                  << "skipped";
    QTest::newRow("generation nonsense") << "restore --replica file:///x -o a --generation zz"
                                         << "--generation";
    QTest::newRow("point nonsense") << "restore --replica file:///x -o a --point 12"
                                    << "12";
    QTest::newRow("verify nonsense") << "restore --replica file:///x -o a --verify much"
                                     << "--verify";
    QTest::newRow("parallel zero") << "restore --replica file:///x -o a --parallel 0"
                                   << "--parallel";
    QTest::newRow("in place") << "restore --in-place --database x"
                              << "--in-place is not available";
    QTest::newRow("all") << "restore --all --map a=b"
                         << "is not available";
    QTest::newRow("no replica named") << "timeline"
                                      << "--replica";
    QTest::newRow("secret in the URL") << "timeline --replica sftp://u:hunter2@host/x"
                                       << "secret";
    QTest::newRow("secret as a parameter") << "databases --replica s3://b?secretKey=hunter2"
                                           << "secret";
    QTest::newRow("unknown parameter") << "databases --replica s3://b?regoin=x"
                                       << "did you mean region?";
    QTest::newRow("a path for a URL") << "databases --replica /media/x"
                                      << "file://";
    QTest::newRow("database without replica") << "replicate /x.db"
                                              << "no replica";
    QTest::newRow("log level") << "status --log-level loud"
                               << "--log-level";
    QTest::newRow("a loop in the output") << "restore --replica file:///x -o loop/x.db"
                                          << "choose a folder that is there";
    QTest::newRow("a folder as the output") << "restore --replica file:///x -o x/"
                                            << "names a folder";
    QTest::newRow("control character") << "databases --replica file:///a%0ab"
                                       << "strandline-cli databases --help";
    QTest::newRow("broken configuration") << "config check broken.json"
                                          << "; correct /";
    QTest::newRow("broken configuration of another command") << "replicate --config broken.json"
                                                             << "strandline-cli config check";
    QTest::newRow("generate") << "--generate html"
                              << "--generate";
    QTest::newRow("demo too short") << "demo --seconds 0"
                                    << "--seconds";
    QTest::newRow("pause for nonsense") << "pause --for ever"
                                        << "not a duration";
}

void TestCliUse::wrongUse_everyKind_isOneErrorAndCode2() {
    QFETCH(QString, line);
    QFETCH(QString, reason);
    const CliHome home;
    home.write(QStringLiteral("broken.json"), "{");
    QVERIFY(QFile::link(QStringLiteral("loop"), home.path(QStringLiteral("loop"))));
    const QByteArray before = home.fingerprint(QStringLiteral("."));
    const Ran ran = home.run(line.split(QLatin1Char(' '), Qt::SkipEmptyParts));
    QCOMPARE(ran.exit, 2);
    QCOMPARE(ran.complaint(), QByteArray());
    QCOMPARE(ran.out, QByteArray());
    QVERIFY2(ran.err.contains(reason.toUtf8()), ran.err);
    QVERIFY2(!ran.err.contains("hunter2"), ran.err);
    // The advice is about this command, not about commands.
    QVERIFY2(!ran.err.contains("COMMAND"), ran.err);
    QCOMPARE(home.fingerprint(QStringLiteral(".")), before);
}

void TestCliUse::wrongUse_withJson_isAnObjectToo() {
    const CliHome home;
    for (const QString& line : {QStringLiteral("--json restor"),
                                QStringLiteral("timeline --json"),
                                QStringLiteral("prune --json --dry-run")}) {
        const Ran ran = home.run(line.split(QLatin1Char(' ')));
        QCOMPARE(ran.exit, 2);
        QCOMPARE(ran.complaint(), QByteArray());
        const QJsonObject error =
            QJsonDocument::fromJson(ran.out).object()[QStringLiteral("error")].toObject();
        for (const char* key : {"code", "message", "effect", "fix"}) {
            QVERIFY2(!error[QLatin1String(key)].toString().isEmpty(), ran.out);
        }
    }
}

void TestCliUse::laterCommands_areRefusedByName_data() {
    QTest::addColumn<QString>("line");
    for (const char* line : {"undo notes",
                             "pin 9f3c4a01deadbeef:1 --note x",
                             "unpin x",
                             "copy a b",
                             "prune --dry-run",
                             "discover",
                             "key new cloud",
                             "tables x",
                             "rows x y --limit 3",
                             "adopt disk",
                             "log"}) {
        QTest::newRow(line) << line;
    }
}

void TestCliUse::laterCommands_areRefusedByName() {
    QFETCH(QString, line);
    const CliHome home;
    const QStringList words = line.split(QLatin1Char(' '));
    const Ran ran = home.run(words);
    QCOMPARE(ran.exit, 2);
    QCOMPARE(ran.complaint(), QByteArray());
    QVERIFY2(ran.err.contains("the command " + words.first().toUtf8() +
                              " is not available in this version"),
             ran.err);
}

void TestCliUse::version_isPrinted() {
    const Ran ran = CliHome().run({QStringLiteral("--version")});
    QCOMPARE(ran.exit, 0);
    QVERIFY2(ran.out.startsWith("strandline-cli " STRANDLINE_VERSION), ran.out);
}

void TestCliUse::help_everyCommand_isTheGoldenText() {
    const CliHome home;
    QByteArray all = home.run({QStringLiteral("--help")}).out;
    for (const QString& command : commands()) {
        const Ran ran =
            home.run(command.split(QLatin1Char(' ')) + QStringList{QStringLiteral("--help")});
        QCOMPARE(ran.exit, 0);
        QCOMPARE(ran.err, QByteArray());
        all += "\n----\n" + ran.out;
    }
    QFile golden(QStringLiteral(STRANDLINE_GOLDEN_HELP));
    if (qEnvironmentVariableIsSet("STRANDLINE_UPDATE_GOLDEN")) {
        QVERIFY(golden.open(QIODevice::WriteOnly));
        QCOMPARE(golden.write(all), qint64{all.size()});
        return;
    }
    QVERIFY(golden.open(QIODevice::ReadOnly));
    const QList<QByteArray> expected = golden.readAll().split('\n');
    const QList<QByteArray> found = all.split('\n');
    for (qsizetype i = 0; i < qMin(expected.size(), found.size()); ++i) {
        QCOMPARE(found[i], expected[i]);
    }
    QCOMPARE(found.size(), expected.size());
}

void TestCliUse::help_everyCommand_hasAnExample() {
    const CliHome home;
    for (const QString& command : commands()) {
        const Ran ran =
            home.run(command.split(QLatin1Char(' ')) + QStringList{QStringLiteral("-h")});
        QVERIFY2(ran.out.contains("example:\n  strandline-cli " + command.toUtf8()), ran.out);
        for (const QByteArray& line : ran.out.split('\n')) {
            QVERIFY2(line.size() <= 130, line);
        }
    }
}

void TestCliUse::generated_completions_nameEveryCommand_data() {
    QTest::addColumn<QString>("kind");
    for (const char* kind : {"man", "bash", "zsh", "fish"}) {
        QTest::newRow(kind) << kind;
    }
}

void TestCliUse::generated_completions_nameEveryCommand() {
    QFETCH(QString, kind);
    const Ran ran = CliHome().run({QStringLiteral("--generate"), kind});
    QCOMPARE(ran.exit, 0);
    QCOMPARE(ran.err, QByteArray());
    for (const QString& command : commands()) {
        QVERIFY2(ran.out.contains(command.split(QLatin1Char(' ')).first().toUtf8()),
                 command.toUtf8());
    }
    QVERIFY(!ran.out.contains("demo-writer"));
    QVERIFY(!ran.out.contains("undo"));
}

void TestCliUse::generated_bash_isValid() {
    const QString bash = QStandardPaths::findExecutable(QStringLiteral("bash"));
    if (bash.isEmpty()) {
        QSKIP("there is no bash");
    }
    const CliHome home;
    home.write(QStringLiteral("completion"),
               home.run({QStringLiteral("--generate"), QStringLiteral("bash")}).out);
    QProcess process;
    process.start(bash,
                  {QStringLiteral("-c"),
                   QStringLiteral("source '%1' && COMP_WORDS=(strandline-cli rest) COMP_CWORD=1 && "
                                  "_strandline_cli && echo ${COMPREPLY[@]}")
                       .arg(home.path(QStringLiteral("completion")))});
    QVERIFY(process.waitForFinished());
    QCOMPARE(process.readAllStandardError(), QByteArray());
    QCOMPARE(process.readAllStandardOutput(), QByteArray("restore\n"));
}

void TestCliUse::configuration_mistakes_areCode2_data() {
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("reason");
    QTest::newRow("broken") << QByteArray("{\"databases\": [") << "not JSON";
    QTest::newRow("typing error in a key")
        << QByteArray(R"({"databases":[{"name":"a","path":"/a","retension":{}}]})")
        << "databases[0].retension: unknown key, did you mean retention?";
    QTest::newRow("unsupported kind")
        << QByteArray(
               R"({"databases":[{"name":"a","path":"/a","replicas":[{"name":"r","type":"file","path":"/x","encryption":{"enabled":true}}]}]})")
        << "encryption is not available";
    QTest::newRow("deep") << QByteArray(100000, '[') << "nested deeper";
}

void TestCliUse::configuration_mistakes_areCode2() {
    QFETCH(QByteArray, json);
    QFETCH(QString, reason);
    const CliHome home;
    home.write(QStringLiteral("c.json"), json);
    for (const QString& line : {QStringLiteral("config check c.json"),
                                QStringLiteral("replicate --once --config c.json"),
                                QStringLiteral("config check --config c.json")}) {
        const Ran ran = home.run(line.split(QLatin1Char(' ')));
        QCOMPARE(ran.exit, 2);
        QCOMPARE(ran.complaint(), QByteArray());
        QVERIFY2(ran.err.contains(reason.toUtf8()), ran.err);
    }
    QCOMPARE(home.read(QStringLiteral("c.json")), json);
    QVERIFY(!QFile::exists(home.path(QStringLiteral("state"))));
}

void TestCliUse::configuration_show_masksSecrets() {
    const CliHome home;
    home.write(QStringLiteral("c.json"),
               R"({"replicas":[{"name":"n","type":"sftp","host":"h","password":"hunter2"}]})");
    const Ran ran = home.run({QStringLiteral("config"),
                              QStringLiteral("show"),
                              QStringLiteral("--config"),
                              QStringLiteral("c.json")});
    QCOMPARE(ran.exit, 0);
    QVERIFY(!ran.out.contains("hunter2") && !ran.err.contains("hunter2"));
    QVERIFY2(ran.out.contains("\xe2\x80\xa2"), ran.out);
    // The file of the test is readable by others, which a person would want to know.
    QVERIFY2(ran.err.startsWith("warning: replicas[0].password"), ran.err);
}

void TestCliUse::configuration_check_good_isCode0() {
    const CliHome home;
    home.makeFolder(QStringLiteral("config/strandline"));
    home.write(
        QStringLiteral("config/strandline/config.json"),
        R"({"replicas":[{"name":"d","type":"file","path":"/b"}],"databases":[{"name":"a","path":"/a","replicas":["d"]}]})");
    const Ran ran =
        home.run({QStringLiteral("config"), QStringLiteral("check"), QStringLiteral("--json")});
    QCOMPARE(ran.exit, 0);
    QCOMPARE(QJsonDocument::fromJson(ran.out).object()[QStringLiteral("databases")].toInt(), 1);
    const Ran missing =
        home.run({QStringLiteral("config"), QStringLiteral("check"), QStringLiteral("none.json")});
    QCOMPARE(missing.exit, 2);
    QCOMPARE(missing.complaint(), QByteArray());
}

/// Without the replicas that this version refuses.
void TestCliUse::configuration_check_exampleOfTheContract_isCode0() {
    const CliHome home;
    home.write(QStringLiteral("c.json"), example());
    const Ran ran = home.run({QStringLiteral("config"),
                              QStringLiteral("check"),
                              QStringLiteral("c.json"),
                              QStringLiteral("--json")});
    QVERIFY2(ran.exit == 0, ran.err);
    const QJsonObject found = QJsonDocument::fromJson(ran.out).object();
    QCOMPARE(found[QStringLiteral("databases")].toInt(), 2);
    QCOMPARE(found[QStringLiteral("warnings")].toArray().size(), qsizetype{0});
    QVERIFY2(ran.err.contains("note: retention is not applied in this version"), ran.err);
}

void TestCliUse::configuration_plainSecret_isWarnedAboutWhereOthersCanRead() {
    const CliHome home;
    home.write(QStringLiteral("c.json"),
               R"({"replicas":[{"name":"n","type":"sftp","host":"h","password":"hunter2"}]})");
    const QStringList check = {
        QStringLiteral("config"), QStringLiteral("check"), QStringLiteral("c.json")};
    const Ran shared = home.run(check);
    QCOMPARE(shared.exit, 0);
    QVERIFY2(shared.err.contains("warning: replicas[0].password"), shared.err);
    QVERIFY(!shared.err.contains("hunter2") && !shared.out.contains("hunter2"));
    QVERIFY(QFile::setPermissions(home.path(QStringLiteral("c.json")),
                                  QFile::ReadOwner | QFile::WriteOwner));
    QCOMPARE(home.run(check).err, QByteArray());
}

void TestCliUse::status_withoutEngine_saysSo() {
    const CliHome home;
    const Ran ran = home.run({QStringLiteral("status"), QStringLiteral("--json")});
    QCOMPARE(ran.exit, 0);
    const QJsonObject status = QJsonDocument::fromJson(ran.out).object();
    QVERIFY2(status.contains(QStringLiteral("running")), ran.out);
    QCOMPARE(status[QStringLiteral("running")].toBool(true), false);
}

void TestCliUse::requests_withoutEngine_areCode3_data() {
    QTest::addColumn<QString>("line");
    for (const char* line : {"snapshot", "snapshot notes", "pause", "pause --for 1h", "resume"}) {
        QTest::newRow(line) << line;
    }
}

void TestCliUse::requests_withoutEngine_areCode3() {
    QFETCH(QString, line);
    const Ran ran = CliHome().run(line.split(QLatin1Char(' ')));
    QCOMPARE(ran.exit, 3);
    QCOMPARE(ran.complaint(), QByteArray());
    QVERIFY2(ran.err.contains("no engine is running"), ran.err);
}

QTEST_GUILESS_MAIN(TestCliUse)
#include "tst_cli_use.moc"
