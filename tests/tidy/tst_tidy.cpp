// SPDX-License-Identifier: Apache-2.0
// The rules of the house that a machine can see: who may include whom, what is not used here and
// what is used instead, how long a file may get, what lies at the top.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <QtTest>

#include "tests/tidy/source_tree.h"

namespace fs = std::filesystem;

namespace {

using Names = std::set<std::string>;

/// A room: the engine rooms and the third-party libraries that it may include.
struct Allowed {
    Names rooms;
    Names libraries;
};

/// "Who may include whom". A room that is not here fails the test.
const std::map<std::string, Allowed>& roomTable() {
    static const Names all = {"base",
                              "format",
                              "capture",
                              "shadow",
                              "replica",
                              "history",
                              "config",
                              "restore",
                              "browse",
                              "discover",
                              "service",
                              "pipeline",
                              "api"};
    static const std::map<std::string, Allowed> table = {
        {"engine/base", {{}, {"fmt", "spdlog", "xxhash", "sodium", "openssl"}}},
        {"engine/format", {{"base"}, {"zstd", "nlohmann"}}},
        {"engine/replica", {{"base"}, {"curl", "libssh2", "nats", "nlohmann"}}},
        {"engine/capture", {{"base", "format"}, {"sqlite3"}}},
        {"engine/shadow", {{"base", "format"}, {"nlohmann"}}},
        {"engine/history", {{"base", "format", "replica"}, {"sqlite3", "nlohmann"}}},
        {"engine/config", {{"base", "replica", "format"}, {"nlohmann"}}},
        {"engine/restore", {{"base", "format", "replica", "history"}, {"sqlite3"}}},
        {"engine/browse", {{"base", "format", "history", "restore"}, {"sqlite3"}}},
        {"engine/discover", {{"base", "capture"}, {"nlohmann"}}},
        {"engine/service", {{"base"}, {"nlohmann", "libsecret"}}},
        {"engine/pipeline",
         {{"base", "format", "capture", "shadow", "replica", "history", "config"}, {"nlohmann"}}},
        {"engine/api", {all, {"nlohmann"}}},
        {"app/cli", {{"api"}, {"CLI", "fmt", "nlohmann", "sqlite3", "xxhash"}}},
        {"app/common", {{"api"}, {"fmt", "nlohmann"}}},
        {"app/gui", {{"api"}, {"Qt"}}},
        {"ui/bridge", {{"api"}, {"Qt"}}},
        {"ui/models", {{"api"}, {"Qt"}}},
        {"ui/text", {{"api"}, {"Qt"}}},
        {"ui/views", {{"api"}, {"Qt"}}},
        {"ui/widgets", {{"api"}, {"Qt"}}},
        {"ui/wizard", {{"api"}, {"Qt"}}},
    };
    return table;
}

/// The library that a <header> belongs to; empty = the standard library or the system.
std::string libraryOf(const std::string& header) {
    static const std::map<std::string, std::string> single = {
        {"xxhash.h", "xxhash"},
        {"sodium.h", "sodium"},
        {"zstd.h", "zstd"},
        {"sqlite3.h", "sqlite3"},
        {"libssh2.h", "libssh2"},
        {"libssh2_sftp.h", "libssh2"},
    };
    static const Names folders = {
        "fmt", "spdlog", "openssl", "nlohmann", "curl", "nats", "libsecret", "CLI"};
    static const Names system = {"sys", "linux", "netinet", "arpa", "net", "bits"};
    if (const auto found = single.find(header); found != single.end()) {
        return found->second;
    }
    const std::string folder = header.substr(0, header.find('/'));
    if (folder != header) {
        return folders.contains(folder) ? folder : system.contains(folder) ? "" : header;
    }
    return header.size() > 1 && header[0] == 'Q' &&
                   std::isupper(static_cast<unsigned char>(header[1])) != 0
               ? "Qt"
           : header.starts_with("Qt") ? "Qt"
                                      : "";
}

struct Ban {
    std::string word;
    std::string instead;
    bool inCommentsToo = false;
    std::string unlessBefore = {};  // std::thread::hardware_concurrency() starts nothing
};

const std::vector<Ban>& bans() {
    static const std::vector<Ban> list = {
        {std::string("FIX") + "ME", "an issue, or do it", true},
        {"std::thread", "engine::Thread (base/thread.h)", false, "::"},
        {"std::async", "engine::WorkerPool or Job"},
        {".detach(", "a Thread member: its destructor joins"},
        {"std::views", "a loop or std::ranges algorithms (clang 14 cannot read views)"},
        {"std::ranges::views", "a loop or std::ranges algorithms (clang 14 cannot read views)"},
        {"std::source_location", "__FILE__ and __LINE__ in ENSURE (clang 14 has none)"},
        {"catch (...)", "the non-throwing form of the call; a bug must end the process"},
        {"catch(...)", "the non-throwing form of the call; a bug must end the process"},
        {"sleep_for",
         "a condition variable with predicate and stop_token; in tests QTRY_ or an event"},
        {"sleep_until", "a condition variable with predicate and stop_token"},
        {"QThread::sleep", "a signal; in tests QTRY_VERIFY"},
        {"QThread::msleep", "a signal; in tests QTRY_VERIFY"},
        {"usleep(", "poll(2) on what is waited for, or a condition variable"},
        {"std::regex", "a hand-written parser (std::regex recurses on hostile input)"},
        {"reinterpret_cast<const sqlite3", "the functions of sqlite3.h"},
        {"BlockingQueuedConnection", "a queued signal: the GUI thread never waits"},
        {"system(", "posix_spawn with an argument list"},
    };
    return list;
}

bool isPartOfName(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// The word as a whole: "usleep(" is not in "QTest::qSleep(", "system(" not in "isSystem(".
std::size_t findWord(const std::string& text, const std::string& word, std::size_t from) {
    for (std::size_t at = text.find(word, from); at != std::string::npos;
         at = text.find(word, at + 1)) {
        const bool beginsInside =
            at > 0 && isPartOfName(text[at - 1]) && isPartOfName(word.front());
        const std::size_t end = at + word.size();
        const bool endsInside =
            end < text.size() && isPartOfName(text[end]) && isPartOfName(word.back());
        if (!beginsInside && !endsInside) {
            return at;
        }
    }
    return std::string::npos;
}

std::size_t lineAt(const std::string& text, std::size_t offset) {
    return 1 + static_cast<std::size_t>(std::count(
                   text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

std::string place(const SourceFile& file, std::size_t line) {
    return file.path + ":" + std::to_string(line) + ": ";
}

/// Why this include is not allowed; empty = it is.
std::string refusal(const SourceFile& file, const Include& include, const Allowed& allowed) {
    const std::string own = file.room();
    if (!include.quoted) {
        const std::string library = libraryOf(include.target);
        if (library.empty()) {
            return {};
        }
        // base/log.h brings fmt to every room that may include base.
        const bool fmtFromBase = library == "fmt" && allowed.rooms.contains("base");
        if (!fmtFromBase && !allowed.libraries.contains(library)) {
            return own + " may not include <" + include.target + "> (" + library + ")";
        }
        const bool inUi = library == "Qt";
        const bool inLog = file.path == "engine/base/log.h";
        return file.isHeader() && !inUi && !inLog
                   ? "<" + include.target + "> belongs in the .cpp file"
                   : std::string();
    }
    SourceFile target;
    target.path = include.target;
    const std::string room = target.room();
    if (include.target.ends_with(".moc") || room == own) {
        return {};
    }
    if (room.starts_with("engine/")) {
        return allowed.rooms.contains(room.substr(7)) ? std::string()
                                                      : own + " may not include " + room;
    }
    const bool uiToUi = own.starts_with("ui/") && room.starts_with("ui/");
    const bool guiToUi = own == "app/gui" && room.starts_with("ui/");
    const bool appToCommon = own.starts_with("app/") && room == "app/common";
    return uiToUi || guiToUi || appToCommon
               ? std::string()
               : own + " may not include \"" + include.target + "\" (paths begin at the root)";
}

}  // namespace

class TestTidy final : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void includes_everyRoom_followTheTable();
    void includes_forbiddenOnes_areRefused_data();
    void includes_forbiddenOnes_areRefused();
    void rooms_everyTestFolder_belongsToARoom();
    void bans_everySource_areKept();
    void lengths_everySource_areKept();
    void licence_everySource_isNamedInTheFirstLine();
    void topLevel_asItIs_isTheAgreedOne();
    void blanking_commentsAndLiterals_keepsLinesAndCode();

private:
    void report(const std::vector<std::string>& problems);
    std::vector<SourceFile> m_files;
};

void TestTidy::initTestCase() {
    m_files = readSourceTree(STRANDLINE_SOURCE_DIR);
    QVERIFY2(m_files.size() > 50, "the sources were not found");
}

void TestTidy::report(const std::vector<std::string>& problems) {
    for (const std::string& problem : problems) {
        qWarning("%s", problem.c_str());
    }
    QVERIFY2(problems.empty(),
             (std::to_string(problems.size()) + " problems, named above").c_str());
}

void TestTidy::includes_everyRoom_followTheTable() {
    std::vector<std::string> problems;
    for (const SourceFile& file : m_files) {
        if (file.path.starts_with("tests/")) {
            continue;
        }
        const auto row = roomTable().find(file.room());
        if (row == roomTable().end()) {
            problems.push_back(file.path + ": the folder is in no row of the table");
            continue;
        }
        for (const Include& include : includesOf(file)) {
            const std::string why = refusal(file, include, row->second);
            if (!why.empty()) {
                problems.push_back(place(file, include.line) + why);
            }
        }
    }
    report(problems);
}

void TestTidy::includes_forbiddenOnes_areRefused_data() {
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("include");
    QTest::addColumn<bool>("refused");
    QTest::newRow("base looks up") << "engine/base/a.cpp"
                                   << "engine/format/b.h" << true;
    QTest::newRow("capture looks aside") << "engine/capture/a.cpp"
                                         << "engine/replica/b.h" << true;
    QTest::newRow("capture looks down") << "engine/capture/a.cpp"
                                        << "engine/format/b.h" << false;
    QTest::newRow("the window reaches past the door") << "ui/models/a.cpp"
                                                      << "engine/history/b.h" << true;
    QTest::newRow("the window at the door") << "ui/models/a.h"
                                            << "engine/api/engine.h" << false;
    QTest::newRow("the engine knows the window") << "engine/api/a.cpp"
                                                 << "ui/bridge/b.h" << true;
    QTest::newRow("a path that does not begin at the root") << "engine/api/a.cpp"
                                                            << "b.h" << true;
    QTest::newRow("Qt in the engine") << "engine/api/a.cpp"
                                      << "<QString>" << true;
    QTest::newRow("Qt in the command line") << "app/cli/a.cpp"
                                            << "<QtCore>" << true;
    QTest::newRow("sqlite3 where it belongs") << "engine/capture/a.cpp"
                                              << "<sqlite3.h>" << false;
    QTest::newRow("sqlite3 in a header") << "engine/capture/a.h"
                                         << "<sqlite3.h>" << true;
    QTest::newRow("sqlite3 in the pipeline") << "engine/pipeline/a.cpp"
                                             << "<sqlite3.h>" << true;
    QTest::newRow("a library nobody knows") << "engine/base/a.cpp"
                                            << "<boost/asio.hpp>" << true;
    QTest::newRow("the standard library") << "engine/base/a.h"
                                          << "<vector>" << false;
}

void TestTidy::includes_forbiddenOnes_areRefused() {
    QFETCH(QString, path);
    QFETCH(QString, include);
    QFETCH(bool, refused);
    SourceFile file;
    file.path = path.toStdString();
    const bool quoted = !include.startsWith('<');
    const std::string target =
        (quoted ? include : include.mid(1, include.size() - 2)).toStdString();
    QCOMPARE(!refusal(file, {1, quoted, target}, roomTable().at(file.room())).empty(), refused);
}

void TestTidy::rooms_everyTestFolder_belongsToARoom() {
    static const Names others = {
        "support", "cli", "ui", "app", "tidy", "end_to_end", "bench", "fuzz", "bare_debian"};
    std::vector<std::string> problems;
    for (const auto& entry : fs::directory_iterator(fs::path(STRANDLINE_SOURCE_DIR) / "tests")) {
        const std::string name = entry.path().filename().string();
        if (entry.is_directory() && !others.contains(name) &&
            !roomTable().contains("engine/" + name)) {
            problems.push_back("tests/" + name + ": there is no such room");
        }
    }
    for (const auto& entry : fs::directory_iterator(fs::path(STRANDLINE_SOURCE_DIR) / "engine")) {
        const std::string name = "engine/" + entry.path().filename().string();
        if (entry.is_directory() && !roomTable().contains(name)) {
            problems.push_back(name + ": the folder is in no row of the table");
        }
    }
    report(problems);
}

void TestTidy::bans_everySource_areKept() {
    std::vector<std::string> problems;
    for (const SourceFile& file : m_files) {
        if (file.room() == "tests/tidy") {
            continue;
        }
        for (const Ban& ban : bans()) {
            const std::string& text = ban.inCommentsToo ? file.text : file.code;
            for (std::size_t at = findWord(text, ban.word, 0); at != std::string::npos;
                 at = findWord(text, ban.word, at + 1)) {
                const std::string rest = text.substr(at + ban.word.size(), 2);
                if (!ban.unlessBefore.empty() && rest == ban.unlessBefore) {
                    continue;
                }
                problems.push_back(place(file, lineAt(text, at)) + ban.word + ": instead use " +
                                   ban.instead);
            }
        }
    }
    report(problems);
}

void TestTidy::lengths_everySource_areKept() {
    std::vector<std::string> problems;
    for (const SourceFile& file : m_files) {
        // Tables of cases are longer than code.
        const std::size_t sourceMax = file.path.starts_with("tests/") ? 800 : 500;
        const std::size_t linesMax = file.isHeader() ? 160 : sourceMax;
        if (file.lines.size() > linesMax) {
            problems.push_back(file.path + ": " + std::to_string(file.lines.size()) +
                               " lines, at most " + std::to_string(linesMax) +
                               ": split it by noun");
        }
    }
    report(problems);
}

void TestTidy::licence_everySource_isNamedInTheFirstLine() {
    std::vector<std::string> problems;
    for (const SourceFile& file : m_files) {
        if (file.lines.empty() || file.lines.front() != "// SPDX-License-Identifier: Apache-2.0") {
            problems.push_back(file.path + ": the first line is not the SPDX line");
        }
    }
    report(problems);
}

void TestTidy::topLevel_asItIs_isTheAgreedOne() {
    static const Names agreed = {"CMakeLists.txt",
                                 "CMakePresets.json",
                                 "LICENSE",
                                 "NOTICE",
                                 "README.md",
                                 "app",
                                 "engine",
                                 "ui",
                                 "resources",
                                 "tests",
                                 "installer"};
    static const Names generated = {"build"};
    std::vector<std::string> problems;
    Names present;
    for (const auto& entry : fs::directory_iterator(STRANDLINE_SOURCE_DIR)) {
        const std::string name = entry.path().filename().string();
        present.insert(name);
        if (!name.starts_with('.') && !agreed.contains(name) && !generated.contains(name)) {
            problems.push_back(name + ": does not belong at the top");
        }
    }
    for (const std::string& name : agreed) {
        if (!present.contains(name)) {
            problems.push_back(name + ": is missing at the top");
        }
    }
    report(problems);
}

void TestTidy::blanking_commentsAndLiterals_keepsLinesAndCode() {
    const std::string text = "a; // b\nf(\"c//d\", 'e', 1'000); /* g\nh */ i;\nR\"x(j)\" k)x\"; l;";
    QCOMPARE(blankCommentsAndLiterals(text),
             std::string("a;     \nf(      ,    , 1'000);     \n     i;\n            ; l;"));
    QVERIFY(findWord("x.qsleep_for(1)", "sleep_for", 0) == std::string::npos);
    QVERIFY(findWord("std::jthread", "std::thread", 0) == std::string::npos);
    QVERIFY(findWord("std::this_thread::sleep_for(1)", "sleep_for", 0) != std::string::npos);
}

QTEST_GUILESS_MAIN(TestTidy)
#include "tst_tidy.moc"
