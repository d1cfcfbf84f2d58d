// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/base/log.h"
#include "engine/service/state_folder.h"

using namespace engine;

class TestStateFolder final : public QObject {
    Q_OBJECT

private slots:
    void init();
    void open_newFolder_isPrivate();
    void open_twice_namesTheHolder();
    void open_again_keepsTheIdentity();
    void open_onAnotherMachine_isAnotherWriterAndComputer();
    void open_anotherFolderOfTheMachine_isAnotherWriterSameComputer();
    void open_withoutMachineId_keepsItsOwn();
    void open_damagedFiles_areCorruption_data();
    void open_damagedFiles_areCorruption();
    void open_damagedIdentity_isTheSameComputerAndAnotherWriter();
    void open_anyFlippedBit_isNeverAnotherIdentity_data();
    void open_anyFlippedBit_isNeverAnotherIdentity();
    void open_anyFlippedBitOfTheDatabases_isNeverAnotherId();
    void open_filesWithoutAChecksum_areTakenAndGetOne();
    void open_pathIsAFile_fails();
    void databaseId_samePath_staysAcrossStarts();
    void databaseId_otherSpellingOfAnEarlierVersion_isKept();
    void databaseFolder_isPrivate();
    void known_withoutTheLock_isReadable();
    void open_afterAKill_removesWhatWasHalfWritten();

private:
    static mode_t modeOf(const std::string& path) {
        struct stat facts {};

        return ::stat(path.c_str(), &facts) == 0 ? facts.st_mode & 0777 : 0;
    }

    void machine(const std::string& id) {
        QVERIFY(writeFileAtomically(m_machine, viewOf(id + "\n")).ok());
    }

    /// The text of a file of the folder with one bit changed.
    void flip(const std::string& path, std::string text, std::size_t bit) {
        text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
        QVERIFY(writeFileAtomically(path, viewOf(text)).ok());
    }

    StateFolder open() {
        Result<StateFolder> state = StateFolder::open(m_path, m_machine);
        ENSURE(state.ok());
        return std::move(state).value();
    }

    std::unique_ptr<QTemporaryDir> m_dir;
    std::string m_path;
    std::string m_machine;
};

void TestStateFolder::init() {
    m_dir = std::make_unique<QTemporaryDir>();
    m_path = m_dir->filePath(QStringLiteral("a/state")).toStdString();
    m_machine = m_dir->filePath(QStringLiteral("machine-id")).toStdString();
    machine("0123456789abcdef0123456789abcdef");
}

void TestStateFolder::open_newFolder_isPrivate() {
    const StateFolder state = open();
    QCOMPARE(modeOf(m_path), mode_t{0700});
    for (const char* name : {"lock", "identity.json"}) {
        QCOMPARE(modeOf(joinPath(m_path, name)), mode_t{0600});
    }
    QVERIFY(!state.computer().empty());
    QVERIFY(!state.writer().empty());
    QVERIFY(textOf(readWholeFile(joinPath(m_path, "identity.json"), 4096).value())
                .find("0123456789abcdef0123") == std::string::npos);
}

void TestStateFolder::open_twice_namesTheHolder() {
    {
        const StateFolder state = open();
        const Result<StateFolder> second = StateFolder::open(m_path, m_machine);
        QVERIFY(!second.ok());
        QCOMPARE(second.error().code, ErrorCode::AlreadyExists);
        QVERIFY2(second.error().message.find("process " + std::to_string(::getpid())) !=
                     std::string::npos,
                 second.error().message.c_str());
        QVERIFY(!second.error().fix.empty());
    }
    QVERIFY(StateFolder::open(m_path, m_machine).ok());
}

void TestStateFolder::open_again_keepsTheIdentity() {
    const auto [computer, writer] = [this] {
        const StateFolder state = open();
        return std::pair(state.computer(), state.writer());
    }();
    const StateFolder again = open();
    QVERIFY(again.computer() == computer);
    QVERIFY(again.writer() == writer);
}

void TestStateFolder::open_onAnotherMachine_isAnotherWriterAndComputer() {
    const auto [computer, writer] = [this] {
        const StateFolder state = open();
        return std::pair(state.computer(), state.writer());
    }();
    machine("ffffffffffffffffffffffffffffffff");
    const StateFolder moved = open();
    QVERIFY(moved.computer() != computer);
    QVERIFY(moved.writer() != writer);
}

void TestStateFolder::open_anotherFolderOfTheMachine_isAnotherWriterSameComputer() {
    const StateFolder first = open();
    m_path += "2";
    const StateFolder second = open();
    QVERIFY(first.computer() == second.computer());
    QVERIFY(first.writer() != second.writer());
}

void TestStateFolder::open_withoutMachineId_keepsItsOwn() {
    QVERIFY(removeFile(m_machine).ok());
    const ComputerId computer = open().computer();
    QVERIFY(open().computer() == computer);
    m_path += "2";
    QVERIFY(open().computer() != computer);
}

void TestStateFolder::open_damagedFiles_areCorruption_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("identity empty") << "identity.json" << QByteArray();
    QTest::newRow("identity torn") << "identity.json" << QByteArray("{\"computerId\":");
    QTest::newRow("identity without ids") << "identity.json" << QByteArray("{}");
    QTest::newRow("identity with zero")
        << "identity.json"
        << QByteArray(R"({"computerId":"0000000000000000","writerId":"0000000000000001"})");
    QTest::newRow("identity with numbers")
        << "identity.json" << QByteArray(R"({"computerId":1,"writerId":2})");
    QTest::newRow("databases a list") << "databases.json" << QByteArray("[]");
    QTest::newRow("databases without a list") << "databases.json" << QByteArray("{}");
    QTest::newRow("databases with a wrong id")
        << "databases.json" << QByteArray(R"({"databases":{"/a":"x"}})");
}

void TestStateFolder::open_damagedFiles_areCorruption() {
    QFETCH(QString, name);
    QFETCH(QByteArray, text);
    { const StateFolder made = open(); }
    const std::string path = joinPath(m_path, name.toStdString());
    QVERIFY(writeFileAtomically(path, viewOf(text.toStdString())).ok());
    QVERIFY(removeFile(m_machine).ok());
    const Result<StateFolder> state = StateFolder::open(m_path, m_machine);
    QVERIFY(!state.ok());
    QCOMPARE(state.error().code, ErrorCode::Corruption);
    QVERIFY(state.error().message.find(name.toStdString()) != std::string::npos);
    QCOMPARE(textOf(readWholeFile(path, 4096).value()), text.toStdString());
}

void TestStateFolder::open_damagedIdentity_isTheSameComputerAndAnotherWriter() {
    const auto [computer, writer] = [this] {
        const StateFolder state = open();
        return std::pair(state.computer(), state.writer());
    }();
    const std::string path = joinPath(m_path, "identity.json");
    QVERIFY(writeFileAtomically(path, viewOf("{\"computerId\":")).ok());
    const WriterId again = [&, same = computer] {
        const StateFolder healed = open();
        ENSURE(healed.computer() == same);
        return healed.writer();
    }();
    QVERIFY(again != writer);
    QVERIFY(open().writer() == again);
}

void TestStateFolder::open_anyFlippedBit_isNeverAnotherIdentity_data() {
    QTest::addColumn<bool>("machineHasAnId");
    QTest::newRow("with a machine id") << true;
    QTest::newRow("without") << false;
}

void TestStateFolder::open_anyFlippedBit_isNeverAnotherIdentity() {
    QFETCH(bool, machineHasAnId);
    if (!machineHasAnId) {
        QVERIFY(removeFile(m_machine).ok());
    }
    const auto [computer, writer] = [this] {
        const StateFolder state = open();
        return std::pair(state.computer(), state.writer());
    }();
    const std::string path = joinPath(m_path, "identity.json");
    const std::string text = textOf(readWholeFile(path, 4096).value());
    QVERIFY(startLog({LogLevel::Error, {}}).ok());  // there are hundreds of warnings
    std::size_t noticed = 0;
    for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
        flip(path, text, bit);
        const Result<StateFolder> state = StateFolder::open(m_path, m_machine);
        if (machineHasAnId) {
            QVERIFY(state.ok() && state.value().computer() == computer);
            noticed += state.value().writer() == writer ? 0u : 1u;
        } else if (state.ok()) {
            QVERIFY(state.value().computer() == computer && state.value().writer() == writer);
        } else {
            QCOMPARE(state.error().code, ErrorCode::Corruption);
            QVERIFY(state.error().message.find(path) != std::string::npos);
            QVERIFY(state.error().fix.find("remove it") != std::string::npos);
            ++noticed;
        }
    }
    QVERIFY(noticed > text.size() * 8 / 2);
}

void TestStateFolder::open_anyFlippedBitOfTheDatabases_isNeverAnotherId() {
    const DatabaseId id = open().databaseId("/a.db").value();
    const std::string path = joinPath(m_path, "databases.json");
    const std::string text = textOf(readWholeFile(path, 4096).value());
    for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
        flip(path, text, bit);
        Result<StateFolder> state = StateFolder::open(m_path, m_machine);
        QVERIFY(state.ok() ? state.value().databaseId("/a.db").value() == id
                           : state.error().code == ErrorCode::Corruption);
    }
}

void TestStateFolder::open_filesWithoutAChecksum_areTakenAndGetOne() {
    QVERIFY(removeFile(m_machine).ok());
    QVERIFY(makeFolders(m_path).ok());
    const std::string identity =
        R"({"computerId":"00000000000000c0","machine":"","version":1,"writerId":"0000000000000077"})";
    const std::string databases = R"({"databases":{"/a.db":"00000000000000db"},"version":1})";
    QVERIFY(writeFileAtomically(joinPath(m_path, "identity.json"), viewOf(identity)).ok());
    QVERIFY(writeFileAtomically(joinPath(m_path, "databases.json"), viewOf(databases)).ok());
    for (int i = 0; i < 2; ++i) {
        StateFolder state = open();
        QVERIFY(state.computer() == ComputerId{0xc0} && state.writer() == WriterId{0x77});
        QVERIFY(state.databaseId("/a.db").value() == DatabaseId{0xdb});
        for (const char* name : {"identity.json", "databases.json"}) {
            const std::string now = textOf(readWholeFile(joinPath(m_path, name), 4096).value());
            QVERIFY2(now.find("\"check\"") != std::string::npos, now.c_str());
        }
    }
}

void TestStateFolder::open_pathIsAFile_fails() {
    QVERIFY(writeFileAtomically(m_dir->filePath(QStringLiteral("file")).toStdString(), viewOf("x"))
                .ok());
    QVERIFY(
        !StateFolder::open(m_dir->filePath(QStringLiteral("file")).toStdString(), m_machine).ok());
}

void TestStateFolder::databaseId_samePath_staysAcrossStarts() {
    DatabaseId first;
    {
        StateFolder state = open();
        first = state.databaseId("/home/someone/notes.db").value();
        QVERIFY(state.databaseId("/home/someone/notes.db").value() == first);
        QVERIFY(state.databaseId("/home/someone/\xc3\xbc \"x\".db").value() != first);
    }
    StateFolder again = open();
    QVERIFY(again.databaseId("/home/someone/notes.db").value() == first);
    QCOMPARE(modeOf(joinPath(m_path, "databases.json")), mode_t{0600});
}

void TestStateFolder::databaseId_otherSpellingOfAnEarlierVersion_isKept() {
    QVERIFY(makeFolders(m_path).ok());
    const std::string databases =
        R"({"databases":{"/x/./a.db":"000000000000000a","/x//b.db":"000000000000000b",)"
        R"("/x/b.db":"00000000000000bb"},"version":1})";
    QVERIFY(writeFileAtomically(joinPath(m_path, "databases.json"), viewOf(databases)).ok());
    StateFolder state = open();
    QVERIFY(state.databaseId("/x/a.db").value() == DatabaseId{0xa});
    QVERIFY(state.databaseId("/x/b.db").value() == DatabaseId{0xbb});
    QVERIFY(knownDatabaseId(m_path, "/x/a.db") == std::optional(DatabaseId{0xa}));
    QCOMPARE(knownDatabases(m_path).value().size(), std::size_t{3});
}

void TestStateFolder::databaseFolder_isPrivate() {
    StateFolder state = open();
    const Result<std::string> folder = state.databaseFolder(state.databaseId("/a").value());
    QVERIFY(folder.ok());
    QCOMPARE(modeOf(folder.value()), mode_t{0700});
}

void TestStateFolder::known_withoutTheLock_isReadable() {
    StateFolder state = open();
    const DatabaseId id = state.databaseId("/a").value();
    QVERIFY(knownDatabaseId(m_path, "/a") == std::optional(id));
    QVERIFY(!knownDatabaseId(m_path, "/b").has_value());
    QVERIFY(!knownDatabaseId(m_path + "-none", "/a").has_value());
}

void TestStateFolder::open_afterAKill_removesWhatWasHalfWritten() {
    std::vector<std::string> left;
    std::vector<std::string> kept;
    {
        StateFolder state = open();
        const DatabaseId id = state.databaseId("/a/b.db").value();
        const std::string folder = state.databaseFolder(id).value();
        QVERIFY(makeFolders(m_path + "/replicas").ok());
        left = {m_path + "/control.tmp-0123456789abcdef",
                folder + "/page-map.tmp-0123456789abcdef",
                m_path + "/replicas/disk.tmp-fedcba9876543210"};
        kept = {
            m_path + "/mine.tmp-1", m_path + "/mine.tmp-0123456789abcdeg", folder + "/page-map"};
        for (const std::vector<std::string>& paths : {left, kept}) {
            for (const std::string& path : paths) {
                QVERIFY(writeFileAtomically(path, viewOf(std::string("x"))).ok());
            }
        }
    }
    const StateFolder state = open();
    for (const std::string& path : left) {
        QVERIFY2(!factsOf(path).ok(), path.c_str());
    }
    for (const std::string& path : kept) {
        QVERIFY2(factsOf(path).ok(), path.c_str());
    }
}

QTEST_GUILESS_MAIN(TestStateFolder)
#include "tst_state_folder.moc"
