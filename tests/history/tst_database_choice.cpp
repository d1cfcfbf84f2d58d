// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include "engine/history/database_choice.h"

using namespace engine;

namespace {

FoundDatabase made(std::uint64_t computer,
                   std::uint64_t database,
                   const char* name,
                   const char* computerName) {
    const DatabaseLocation location{ComputerId{computer}, DatabaseId{database}};
    return FoundDatabase{location,
                         DatabaseInfo{location,
                                      name,
                                      std::string("/home/") + name,
                                      computerName,
                                      DatabaseEngine::Sqlite,
                                      {}}};
}

const std::vector<FoundDatabase> kAll = {
    made(0xa, 1, "notes.db", "laptop"),
    made(0xb, 1, "notes.db", "server"),  // from a copied state folder
    made(0xb, 2, "mail.db", "server"),
    made(0xc, 3, "photos.db", "twin"),
    made(0xd, 4, "photos.db", "twin"),
    made(0xe, 5, "cache.db", "twin"),
    made(0xf, 5, "cache.db", "twin"),  // a copied computer
    FoundDatabase{{ComputerId{0xa}, DatabaseId{9}}, std::nullopt},
};

}  // namespace

class TestDatabaseChoice : public QObject {
    Q_OBJECT

private slots:

    void choose_one_isFound_data() {
        QTest::addColumn<QString>("wanted");
        QTest::addColumn<int>("index");
        QTest::newRow("name") << "mail.db" << 2;
        QTest::newRow("id") << "0000000000000002" << 2;
        QTest::newRow("path") << "/home/mail.db" << 2;
        QTest::newRow("computer and name") << "server/notes.db" << 1;
        QTest::newRow("computer's id and name") << "000000000000000b/notes.db" << 1;
        QTest::newRow("computer's id and id") << "000000000000000e/0000000000000005" << 5;
        QTest::newRow("without a description") << "0000000000000009" << 7;
    }

    void choose_one_isFound() {
        QFETCH(QString, wanted);
        QFETCH(int, index);
        const auto found = chooseDatabase(kAll, wanted.toStdString());
        QVERIFY2(found.ok(), found.ok() ? "" : found.error().message.c_str());
        QVERIFY(found.value().location == kAll[static_cast<std::size_t>(index)].location);
    }

    void choose_several_isAmbiguousAndEachCanBeTyped_data() {
        QTest::addColumn<QString>("wanted");
        QTest::addColumn<QStringList>("texts");
        QTest::newRow("names") << "notes.db" << QStringList{"laptop/notes.db", "server/notes.db"};
        QTest::newRow("same id") << "0000000000000001"
                                 << QStringList{"laptop/notes.db", "server/notes.db"};
        QTest::newRow("same computer's name")
            << "twin/photos.db"
            << QStringList{"000000000000000c/photos.db", "000000000000000d/photos.db"};
        QTest::newRow("copied computer")
            << "cache.db" << QStringList{"000000000000000e/cache.db", "000000000000000f/cache.db"};
    }

    void choose_several_isAmbiguousAndEachCanBeTyped() {
        QFETCH(QString, wanted);
        QFETCH(QStringList, texts);
        const auto found = chooseDatabase(kAll, wanted.toStdString());
        QVERIFY(!found.ok() && found.error().code == ErrorCode::InvalidArgument);
        QCOMPARE(QString::fromStdString(found.error().message),
                 "several databases fit: " + texts.join(", "));
        for (const QString& text : texts) {
            QVERIFY(chooseDatabase(kAll, text.toStdString()).ok());
        }
    }

    void choose_nothing_isTheOnlyOne() {
        QVERIFY(chooseDatabase({kAll[2]}, "").value().location == kAll[2].location);
        QCOMPARE(chooseDatabase(kAll, "").error().code, ErrorCode::InvalidArgument);
        QCOMPARE(chooseDatabase({}, "").error().code, ErrorCode::NotFound);
    }

    void choose_unknown_listsWhatThereIs() {
        const auto found = chooseDatabase(kAll, "laptop/mail.db");
        QCOMPARE(found.error().code, ErrorCode::NotFound);
        for (const char* text : {"mail.db", "laptop/notes.db", "0000000000000009"}) {
            QVERIFY2(found.error().fix.find(text) != std::string::npos, found.error().fix.c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestDatabaseChoice)
#include "tst_database_choice.moc"
