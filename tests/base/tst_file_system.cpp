// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <csignal>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QtTest>

#include "engine/base/file_system.h"

using namespace engine;

class TestFileSystem : public QObject {
    Q_OBJECT
private slots:
    void init();
    void paths_areTakenApart();
    void path_normal_hasOneSpelling();
    void path_normalOverALink_isWhatTheSystemSees();
    void home_isExpandedOnlyInFront();
    void folders_areMadePrivate();
    void folders_overAFile_areAnError();
    void write_isAtomicAndPrivate();
    void write_failing_leavesOldAndNoTemporary();
    void write_readersSeeOldOrNew();
    void read_largerThanTheLimit_isCorruption();
    void read_noRegularFile_isInvalidArgument();
    void rename_noReplace_neverReplaces();
    void remove_missing_isNoError();
    void list_isSortedAndKnowsFolders();
    void file_shortRead_isToldFromError();
    void file_createNew_refusesExisting();
    void file_openingAFifo_doesNotWait();
    void lock_heldByAnother_isAlreadyExists();
    void lock_holderDies_isFree();
    void freeSpace_isSome();

private:
    std::unique_ptr<QTemporaryDir> m_folder;

    std::string path(const char* name) const {
        return joinPath(m_folder->path().toStdString(), name);
    }
};

void TestFileSystem::init() {
    m_folder = std::make_unique<QTemporaryDir>();
    QVERIFY(m_folder->isValid());
}

void TestFileSystem::paths_areTakenApart() {
    QCOMPARE(joinPath("/a", "b"), std::string("/a/b"));
    QCOMPARE(joinPath("/a/", "b"), std::string("/a/b"));
    QCOMPARE(joinPath("", "b"), std::string("b"));
    QCOMPARE(parentOf("/a/b/c"), std::string("/a/b"));
    QCOMPARE(parentOf("/a"), std::string("/"));
    QCOMPARE(parentOf("a"), std::string("."));
    QCOMPARE(fileNameOf("/a/b"), std::string("b"));
    QCOMPARE(fileNameOf("b"), std::string("b"));
}

void TestFileSystem::path_normal_hasOneSpelling() {
    for (const char* same : {"/a/b",
                             "/a//b",
                             "//a/b/",
                             "/a/./b",
                             "/./a/b/.",
                             "/a/c/../b",
                             "/../a/b",
                             "/x/../a/y/z/../../b"}) {
        QCOMPARE(normalPath(same), std::string("/a/b"));
    }
    for (const char* root : {"/", "//", "/.", "/..", "/a/..", "/a/../.."}) {
        QCOMPARE(normalPath(root), std::string("/"));
    }
    QCOMPARE(normalPath("/...a/..b/.c"), std::string("/...a/..b/.c"));
}

void TestFileSystem::path_normalOverALink_isWhatTheSystemSees() {
    QVERIFY(makeFolders(path("far/deep")).ok());
    QCOMPARE(::symlink(path("far/deep").c_str(), path("link").c_str()), 0);
    const std::string far = realPath(path("far")).value();
    QCOMPARE(normalPath(path("link/../x")), joinPath(far, "x"));
    QCOMPARE(normalPath(path("link/x")), path("link/x"));
    QCOMPARE(::symlink("nowhere", path("dangling").c_str()), 0);
    QCOMPARE(normalPath(path("dangling/../x")), path("x"));
}

void TestFileSystem::home_isExpandedOnlyInFront() {
    const QByteArray before = qgetenv("HOME");
    qputenv("HOME", "/home/tide");
    QCOMPARE(expandHome("~"), std::string("/home/tide"));
    QCOMPARE(expandHome("~/x"), std::string("/home/tide/x"));
    QCOMPARE(expandHome("~other/x"), std::string("~other/x"));
    QCOMPARE(expandHome("/a/~"), std::string("/a/~"));
    QCOMPARE(expandHome(""), std::string());
    qputenv("HOME", before);
}

void TestFileSystem::folders_areMadePrivate() {
    QVERIFY(makeFolders(path("a/b/c")).ok());
    QVERIFY(makeFolders(path("a/b/c")).ok());
    for (const char* name : {"a", "a/b", "a/b/c"}) {
        const auto facts = factsOf(path(name));
        QVERIFY(facts.ok());
        QVERIFY(facts.value().isDirectory());
        QCOMPARE(facts.value().mode & 0777u, 0700u);
    }
    QVERIFY(syncFolder(path("a/b")).ok());
    QVERIFY(!syncFolder(path("nothing")).ok());
}

void TestFileSystem::folders_overAFile_areAnError() {
    QVERIFY(writeFileAtomically(path("file"), viewOf("x")).ok());
    QVERIFY(!makeFolders(path("file")).ok());
    QVERIFY(!makeFolders(path("file/below")).ok());
}

void TestFileSystem::write_isAtomicAndPrivate() {
    QVERIFY(writeFileAtomically(path("file"), viewOf("one")).ok());
    QVERIFY(writeFileAtomically(path("file"), viewOf("two")).ok());
    QCOMPARE(textOf(readWholeFile(path("file"), 10).value()), std::string("two"));
    QCOMPARE(factsOf(path("file")).value().mode & 0777u, 0600u);
    QCOMPARE(listFolder(m_folder->path().toStdString()).value().size(), std::size_t{1});
}

void TestFileSystem::write_failing_leavesOldAndNoTemporary() {
    // A folder in the way: the rename fails at the very end.
    QVERIFY(makeFolders(path("target/inside")).ok());
    const Status failed = writeFileAtomically(path("target"), viewOf("x"));
    QVERIFY(!failed.ok());
    QCOMPARE(listFolder(m_folder->path().toStdString()).value().size(), std::size_t{1});
    QVERIFY(factsOf(path("target/inside")).ok());
    const Status missing = writeFileAtomically(path("no/such/file"), viewOf("x"));
    QVERIFY(!missing.ok());
    QCOMPARE(missing.error().code, ErrorCode::NotFound);
}

void TestFileSystem::write_readersSeeOldOrNew() {
    // A child writes without end and is killed in the middle; what is there is whole.
    const std::string file = path("file");
    const std::string a(100'000, 'a');
    const std::string b(50'000, 'b');
    QVERIFY(writeFileAtomically(file, viewOf(a)).ok());
    const pid_t child = ::fork();
    QVERIFY(child >= 0);
    if (child == 0) {
        for (;;) {
            ignoreError(writeFileAtomically(file, viewOf(b)), "the parent judges");
            ignoreError(writeFileAtomically(file, viewOf(a)), "the parent judges");
        }
    }
    int changes = 0;
    std::string last = a;
    for (int i = 0; i < 20'000 && changes < 20; ++i) {
        const auto bytes = readWholeFile(file, 1u << 20);
        QVERIFY(bytes.ok());
        const std::string text = textOf(bytes.value());
        QVERIFY(text == a || text == b);
        changes += text != last ? 1 : 0;
        last = text;
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    QVERIFY(changes > 0);
    const std::string text = textOf(readWholeFile(file, 1u << 20).value());
    QVERIFY(text == a || text == b);
}

void TestFileSystem::read_largerThanTheLimit_isCorruption() {
    QVERIFY(writeFileAtomically(path("file"), viewOf("12345")).ok());
    QVERIFY(readWholeFile(path("file"), 5).ok());
    const auto refused = readWholeFile(path("file"), 4);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::Corruption);
    QCOMPARE(readWholeFile(path("nothing"), 4).error().code, ErrorCode::NotFound);
}

void TestFileSystem::read_noRegularFile_isInvalidArgument() {
    const auto folder = readWholeFile(m_folder->path().toStdString(), 100);
    QVERIFY(!folder.ok());
    QCOMPARE(folder.error().code, ErrorCode::InvalidArgument);
}

void TestFileSystem::rename_noReplace_neverReplaces() {
    QVERIFY(writeFileAtomically(path("a"), viewOf("a")).ok());
    QVERIFY(writeFileAtomically(path("b"), viewOf("b")).ok());
    const Status refused = renameNoReplace(path("a"), path("b"));
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::AlreadyExists);
    QCOMPARE(textOf(readWholeFile(path("b"), 10).value()), std::string("b"));
    QVERIFY(renameNoReplace(path("a"), path("c")).ok());
    QCOMPARE(factsOf(path("a")).error().code, ErrorCode::NotFound);
    QCOMPARE(factsOf(path("c")).value().links, std::uint64_t{1});
    QVERIFY(renameReplace(path("c"), path("b")).ok());
    QCOMPARE(textOf(readWholeFile(path("b"), 10).value()), std::string("a"));
    QCOMPARE(renameNoReplace(path("nothing"), path("d")).error().code, ErrorCode::NotFound);
}

void TestFileSystem::remove_missing_isNoError() {
    QVERIFY(removeFile(path("nothing")).ok());
    QVERIFY(removeTree(path("nothing")).ok());
    QVERIFY(makeFolders(path("a/b")).ok());
    QVERIFY(writeFileAtomically(path("a/b/c"), viewOf("x")).ok());
    QVERIFY(!removeFile(path("a")).ok());
    QVERIFY(removeTree(path("a")).ok());
    QVERIFY(!factsOf(path("a")).ok());
}

void TestFileSystem::list_isSortedAndKnowsFolders() {
    QVERIFY(makeFolders(path("m")).ok());
    QVERIFY(writeFileAtomically(path("z"), viewOf("")).ok());
    QVERIFY(writeFileAtomically(path("a"), viewOf("")).ok());
    QCOMPARE(::symlink("m", path("link").c_str()), 0);
    QCOMPARE(::symlink("gone", path("dangling").c_str()), 0);
    const auto entries = listFolder(m_folder->path().toStdString());
    QVERIFY(entries.ok());
    QStringList seen;
    for (const FolderEntry& entry : entries.value()) {
        seen << QString::fromStdString(entry.name) + (entry.isDirectory ? "/" : "");
    }
    QCOMPARE(seen, (QStringList{"a", "dangling", "link/", "m/", "z"}));
    QCOMPARE(listFolder(path("nothing")).error().code, ErrorCode::NotFound);
}

void TestFileSystem::file_shortRead_isToldFromError() {
    QVERIFY(writeFileAtomically(path("file"), viewOf("12345")).ok());
    auto file = File::open(path("file"), File::Mode::ReadWrite);
    QVERIFY(file.ok());
    Buffer bytes(10);
    QCOMPARE(file.value().readAt(2, bytes).value(), std::size_t{3});
    QCOMPARE(file.value().readAt(100, bytes).value(), std::size_t{0});
    const Status torn = file.value().readExactAt(2, bytes);
    QVERIFY(!torn.ok());
    QCOMPARE(torn.error().code, ErrorCode::Corruption);
    QVERIFY(file.value().writeAt(4, viewOf("67")).ok());
    QVERIFY(file.value().truncate(6).ok());
    QVERIFY(file.value().sync().ok());
    QCOMPARE(textOf(readWholeFile(path("file"), 10).value()),
             std::string("123467").substr(0, 4) + "67");
    File moved = std::move(file).value();
    QVERIFY(moved.isOpen());
    moved.close();
    QVERIFY(!moved.isOpen());
}

void TestFileSystem::file_createNew_refusesExisting() {
    QVERIFY(File::open(path("file"), File::Mode::CreateNew).ok());
    QCOMPARE(File::open(path("file"), File::Mode::CreateNew).error().code,
             ErrorCode::AlreadyExists);
    QVERIFY(File::open(path("file"), File::Mode::CreateTrunc).ok());
    QCOMPARE(File::open(path("nothing"), File::Mode::ReadWrite).error().code, ErrorCode::NotFound);
    QCOMPARE(factsOf(path("file")).value().mode & 0777u, 0600u);
}

void TestFileSystem::file_openingAFifo_doesNotWait() {
    QCOMPARE(::mkfifo(path("fifo").c_str(), 0600), 0);
    const auto refused = readWholeFile(path("fifo"), 100);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::InvalidArgument);
}

void TestFileSystem::lock_heldByAnother_isAlreadyExists() {
    auto held = FolderLock::take(path("lock"));
    QVERIFY(held.ok());
    const auto second = FolderLock::take(path("lock"));
    QVERIFY(!second.ok());
    QCOMPARE(second.error().code, ErrorCode::AlreadyExists);
    held = Error{ErrorCode::Internal, "given back"};
    QVERIFY(FolderLock::take(path("lock")).ok());
}

void TestFileSystem::lock_holderDies_isFree() {
    int ready[2];
    QCOMPARE(::pipe(ready), 0);
    const pid_t child = ::fork();
    QVERIFY(child >= 0);
    if (child == 0) {
        const auto held = FolderLock::take(path("lock"));
        const char said = held.ok() ? 'y' : 'n';
        if (::write(ready[1], &said, 1) == 1) {
            ::pause();
        }
        ::_exit(1);
    }
    char said = 0;
    QCOMPARE(::read(ready[0], &said, 1), ssize_t{1});
    QCOMPARE(said, 'y');
    QVERIFY(!FolderLock::take(path("lock")).ok());
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    QVERIFY(FolderLock::take(path("lock")).ok());
    ::close(ready[0]);
    ::close(ready[1]);
}

void TestFileSystem::freeSpace_isSome() {
    QVERIFY(freeSpace(m_folder->path().toStdString()).value() > 0);
    QVERIFY(!freeSpace(path("nothing")).ok());
}

QTEST_GUILESS_MAIN(TestFileSystem)
#include "tst_file_system.moc"
