// SPDX-License-Identifier: Apache-2.0
// What only a folder can do to us: full and write-protected disks, unmounted drives, symlinks,
// foreign files, and the death of the process in the middle of a put.
#include <csignal>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/base/file_system.h"
#include "engine/base/thread.h"
#include "engine/replica/factory.h"
#include "engine/replica/file_replica.h"

#include "tests/replica/check_result.h"
#include "tests/replica/small_disk.h"
#include "tests/replica/test_bytes.h"

using namespace engine;
using testing::SmallDisk;
using testing::someBytes;

namespace {

std::vector<std::string> listed(Replica& replica) {
    std::vector<std::string> names;
    const Status done = listAll(replica, "", {}, [&](const ObjectInfo& object) {
        names.push_back(object.name);
        return Status{};
    });
    if (!done.ok()) {
        names.push_back("error: " + done.error().message);
    }
    return names;
}

std::vector<std::string> temporariesIn(const std::string& folder) {
    std::vector<std::string> names;
    const std::vector<FolderEntry> entries = listFolder(folder).value();
    for (const FolderEntry& entry : entries) {
        if (entry.name.substr(0, 5) == ".tmp-") {
            names.push_back(entry.name);
        }
    }
    return names;
}

/// Puts large objects until it is killed. Everything is made ready before the fork.
[[noreturn]] void putForEver(Replica& replica, const Buffer& bytes) {
    for (int i = 0;; ++i) {
        if (!replica.put("c/d/" + std::to_string(i), bytes, PutMode::New, {}).ok()) {
            ::_exit(1);
        }
    }
}

}  // namespace

class TestFileReplicaFaults : public QObject {
    Q_OBJECT

private:
    std::string root() const { return m_folder->path().toStdString(); }

    std::unique_ptr<FileReplica> make(const std::string& path) const {
        return FileReplica::create(FileReplicaOptions{path}).value();
    }

    std::unique_ptr<FileReplica> openNew() const {
        std::unique_ptr<FileReplica> replica = make(root());
        const Status opened = replica->open({});
        return opened.ok() ? std::move(replica) : nullptr;
    }

    void writeText(const std::string& path, const std::string& text) const {
        QVERIFY(makeFolders(parentOf(path)).ok());
        QVERIFY(writeFileAtomically(path, viewOf(text)).ok());
    }

    std::unique_ptr<QTemporaryDir> m_folder;

private slots:

    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void create_relativePath_isInvalidArgument() {
        COMPARE_CODE(FileReplica::create(FileReplicaOptions{"backups"}), InvalidArgument);
        COMPARE_CODE(FileReplica::create(FileReplicaOptions{""}), InvalidArgument);
        VERIFY_OK(FileReplica::create(FileReplicaOptions{"~/backups"}));
    }

    void open_missingRoot_isNotFoundAndCreatesNothing() {
        const std::string path = root() + "/not/here";
        COMPARE_CODE(make(path)->open({}), NotFound);
        QVERIFY(!factsOf(root() + "/not").ok());
        VERIFY_OK(prepareReplica(FileReplicaOptions{path}));
        VERIFY_OK(make(path)->open({}));
        QCOMPARE(factsOf(path).value().mode & 07777, 0700u);
    }

    void open_rootIsAFile_isRefused() {
        writeText(root() + "/file", "x");
        QVERIFY(!make(root() + "/file")->open({}).ok());
    }

    void anyVerb_notOpened_isUnavailable() {
        const auto replica = make(root());
        COMPARE_CODE(replica->put("a", viewOf("x"), PutMode::New, {}), Unavailable);
        COMPARE_CODE(replica->get("a", {}), Unavailable);
        COMPARE_CODE(replica->list("", "", 10, {}), Unavailable);
    }

    void put_filesAndFolders_areForTheOwnerOnly() {
        ::umask(0);
        const auto replica = openNew();
        VERIFY_OK(replica->put("a/b/c", viewOf("x"), PutMode::New, {}));
        QCOMPARE(factsOf(root() + "/a").value().mode & 07777, 0700u);
        QCOMPARE(factsOf(root() + "/a/b").value().mode & 07777, 0700u);
        QCOMPARE(factsOf(root() + "/a/b/c").value().mode & 07777, 0600u);
    }

    void put_whereAFileIsInTheWay_isCorruption() {
        writeText(root() + "/a", "a file");
        const auto replica = openNew();
        COMPARE_CODE(replica->put("a/b", viewOf("x"), PutMode::New, {}), Corruption);
        QCOMPARE(listed(*replica), (std::vector<std::string>{"a"}));
        QVERIFY(temporariesIn(root()).empty());
    }

    void put_whereAFolderIsInTheWay_changesNothing() {
        writeText(root() + "/a/b", "x");
        const auto replica = openNew();
        QVERIFY(!replica->put("a", viewOf("x"), PutMode::New, {}).ok());
        QVERIFY(!replica->put("a", viewOf("x"), PutMode::Replace, {}).ok());
        QCOMPARE(listed(*replica), (std::vector<std::string>{"a/b"}));
        QVERIFY(temporariesIn(root()).empty());
    }

    void list_foreignFiles_areNotListed() {
        writeText(root() + "/Upper/file", "x");
        writeText(root() + "/.hidden/file", "x");
        writeText(root() + "/.tmp-0011223344556677", "x");
        writeText(root() + "/lost+found/file", "x");
        writeText(root() + "/with blank", "x");
        writeText(root() + "/good/Bad", "x");
        writeText(root() + "/good/object", "x");
        QVERIFY(::mkfifo((root() + "/good/fifo").c_str(), 0600) == 0);
        QVERIFY(::mkdir((root() + "/empty").c_str(), 0700) == 0);
        const auto replica = openNew();
        QCOMPARE(listed(*replica), (std::vector<std::string>{"good/object"}));
        COMPARE_CODE(replica->get("good/fifo", {}), Corruption);
        COMPARE_CODE(replica->get("good", {}), Corruption);
    }

    void list_manyEmptyFoldersFirst_findsWhatIsBehind() {
        for (int i = 0; i < 50; ++i) {
            QVERIFY(makeFolders(root() + "/e" + std::to_string(i) + "/deeper").ok());
        }
        writeText(root() + "/f/one", "x");
        writeText(root() + "/f/two", "x");
        const auto replica = openNew();
        const Result<ListPage> page = replica->list("", "", 1, {});
        VERIFY_OK(page);
        QCOMPARE(page.value().objects.size(), std::size_t(1));
        QCOMPARE(page.value().objects[0].name, std::string("f/one"));
        QVERIFY(page.value().more);
        QCOMPARE(listed(*replica), (std::vector<std::string>{"f/one", "f/two"}));
    }

    void list_folderTooDeep_isNotFollowed() {
        std::string path = root();
        for (int i = 0; i < 40; ++i) {
            path += "/d";
        }
        writeText(path + "/object", "x");
        writeText(root() + "/object", "x");
        const auto replica = openNew();
        QCOMPARE(listed(*replica), (std::vector<std::string>{"object"}));
    }

    void symlinks_areNeverFollowed() {
        QTemporaryDir outside;
        const std::string away = outside.path().toStdString();
        writeText(away + "/secret", "do not touch");
        QVERIFY(::symlink(away.c_str(), (root() + "/folder").c_str()) == 0);
        QVERIFY(::symlink((away + "/secret").c_str(), (root() + "/file").c_str()) == 0);
        QVERIFY(::symlink("..", (root() + "/up").c_str()) == 0);
        const auto replica = openNew();
        QVERIFY(listed(*replica).empty());
        COMPARE_CODE(replica->get("folder/secret", {}), Corruption);
        COMPARE_CODE(replica->get("file", {}), Corruption);
        COMPARE_CODE(replica->put("folder/planted", viewOf("x"), PutMode::New, {}), Corruption);
        COMPARE_CODE(replica->put("folder/secret", viewOf("x"), PutMode::Replace, {}), Corruption);
        const std::vector<std::string> through = {"folder/secret"};
        QVERIFY(!replica->remove(through, {}).ok());
        // Replacing a name that is a symlink replaces the link; removing one removes the link.
        VERIFY_OK(replica->put("file", viewOf("mine"), PutMode::Replace, {}));
        const std::vector<std::string> link = {"up"};
        VERIFY_OK(replica->remove(link, {}));
        QCOMPARE(listFolder(away).value().size(), std::size_t(1));
        QCOMPARE(textOf(readWholeFile(away + "/secret", 100).value()), std::string("do not touch"));
        QCOMPARE(textOf(replica->get("file", {}).value()), std::string("mine"));
    }

    void root_behindASymlink_works() {
        const std::string link = m_folder->path().toStdString() + "-link";
        QVERIFY(::symlink(root().c_str(), link.c_str()) == 0);
        const auto replica = make(link);
        VERIFY_OK(replica->open({}));
        VERIFY_OK(replica->put("a", viewOf("x"), PutMode::New, {}));
        QVERIFY(factsOf(root() + "/a").ok());
        QVERIFY(removeFile(link).ok());
    }

    void open_abandonedTemporaries_areRemoved() {
        const std::string fresh = root() + "/.tmp-0011223344556677";
        const std::string empty = root() + "/.tmp-8899aabbccddeeff";  // not locked yet, perhaps
        const std::string oldEmpty = root() + "/.tmp-8899aabbccddeef0";
        const std::string foreign = root() + "/.tmp-of-another-program";
        const std::string held = root() + "/.tmp-7766554433221100";
        for (const std::string& path : {fresh, empty, oldEmpty, foreign, held}) {
            writeText(path, path == empty || path == oldEmpty ? "" : "x");
        }
        struct timespec times[2] = {{::time(nullptr) - 25 * 3600, 0},
                                    {::time(nullptr) - 25 * 3600, 0}};
        for (const std::string& path : {oldEmpty, foreign, held}) {
            QVERIFY(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
        }
        {
            const File writer = File::open(held, File::Mode::ReadWrite).value();
            QCOMPARE(::flock(writer.fd(), LOCK_EX | LOCK_NB), 0);
            QVERIFY(openNew() != nullptr);
            QVERIFY(!factsOf(fresh).ok());
            QVERIFY(factsOf(empty).ok());
            QVERIFY(!factsOf(oldEmpty).ok());
            QVERIFY(factsOf(foreign).ok());
            QVERIFY(factsOf(held).ok());
        }
        QVERIFY(openNew() != nullptr);
        QVERIFY(!factsOf(held).ok());
    }

    /// What another computer does that does not see our locks.
    void put_temporaryTakenAway_isUnavailableAndTheNextTryStoresIt() {
        const auto replica = openNew();
        const Buffer bytes = someBytes(24u << 20, 7);
        {
            const Thread thief("thief", [&](const std::stop_token& stop) {
                while (!stop.stop_requested()) {
                    for (const std::string& name : temporariesIn(root())) {
                        QVERIFY(removeFile(root() + "/" + name).ok());
                    }
                }
            });
            COMPARE_CODE(replica->put("a/b/object", bytes, PutMode::New, {}), Unavailable);
            COMPARE_CODE(replica->put("a/b/object", bytes, PutMode::Replace, {}), Unavailable);
        }
        QCOMPARE(listed(*replica), std::vector<std::string>{});
        VERIFY_OK(replica->put("a/b/object", bytes, PutMode::New, {}));
        QVERIFY(replica->get("a/b/object", {}).value() == bytes);
    }

    void open_whileAnotherPuts_takesNothingAway() {
        std::atomic<int> failures{0};
        std::atomic<bool> done{false};
        {
            const Thread writer("writer", [&](std::stop_token) {
                const auto replica = openNew();
                for (int i = 0; i < 40; ++i) {
                    const std::string name = "a/" + std::to_string(i);
                    failures +=
                        replica->put(name, someBytes(200'000, 1), PutMode::New, {}).ok() ? 0 : 1;
                }
                done = true;
            });
            while (!done.load()) {
                QVERIFY(openNew() != nullptr);
            }
        }
        QCOMPARE(failures.load(), 0);
    }

    void remove_lastObject_removesEmptyFoldersButNotTheRoot() {
        const auto replica = openNew();
        VERIFY_OK(replica->put("a/b/c/one", viewOf("x"), PutMode::New, {}));
        VERIFY_OK(replica->put("a/two", viewOf("x"), PutMode::New, {}));
        const std::vector<std::string> first = {"a/b/c/one"};
        VERIFY_OK(replica->remove(first, {}));
        QVERIFY(!factsOf(root() + "/a/b").ok());
        QVERIFY(factsOf(root() + "/a").ok());
        const std::vector<std::string> second = {"a/two"};
        VERIFY_OK(replica->remove(second, {}));
        QVERIFY(listFolder(root()).value().empty());
    }

    void rootGone_everyVerb_isUnavailable() {
        const auto replica = openNew();
        VERIFY_OK(replica->put("a", viewOf("x"), PutMode::New, {}));
        QVERIFY(removeTree(root()).ok());
        const std::vector<std::string> names = {"a"};
        COMPARE_CODE(replica->put("b", viewOf("x"), PutMode::New, {}), Unavailable);
        COMPARE_CODE(replica->get("a", {}), Unavailable);
        COMPARE_CODE(replica->list("", "", 10, {}), Unavailable);
        COMPARE_CODE(replica->remove(names, {}), Unavailable);
        QVERIFY(!factsOf(root()).ok());
    }

    void driveUnmounted_mountPointStaysEmpty() {
        auto disk = SmallDisk::mount(root(), 4u << 20);
        REQUIRE_OR_SKIP(disk != nullptr, "mount");
        const auto replica = openNew();
        VERIFY_OK(replica->put("a", viewOf("x"), PutMode::New, {}));
        QVERIFY2(disk->unmount(), "a descriptor is kept open between calls");
        COMPARE_CODE(replica->put("b", viewOf("x"), PutMode::New, {}), Unavailable);
        COMPARE_CODE(replica->get("a", {}), Unavailable);
        QVERIFY(listFolder(root()).value().empty());
        disk = SmallDisk::mount(root(), 4u << 20);
        QVERIFY(disk != nullptr);
        VERIFY_OK(replica->open({}));
        VERIFY_OK(replica->put("b", viewOf("x"), PutMode::New, {}));
    }

    void fullDisk_isNoSpaceAndLeavesNothing() {
        auto disk = SmallDisk::mount(root(), 4u << 20);
        REQUIRE_OR_SKIP(disk != nullptr, "mount");
        const auto replica = openNew();
        VERIFY_OK(replica->put("c/one", someBytes(1u << 20, 1), PutMode::New, {}));
        const Status full = replica->put("c/two", someBytes(8u << 20, 2), PutMode::New, {});
        COMPARE_CODE(full, NoSpace);
        QCOMPARE(full.error().message,
                 std::string("write " + root() + "/c/two: No space left on device"));
        COMPARE_CODE(replica->put("c/one", someBytes(8u << 20, 2), PutMode::Replace, {}), NoSpace);
        QCOMPARE(listed(*replica), (std::vector<std::string>{"c/one"}));
        QVERIFY(temporariesIn(root()).empty());
        QVERIFY(replica->get("c/one", {}).value() == someBytes(1u << 20, 1));
        // And goes on by itself when there is room again.
        QVERIFY(disk->resize(16u << 20));
        VERIFY_OK(replica->put("c/two", someBytes(8u << 20, 2), PutMode::New, {}));
    }

    void readOnlyDisk_isPermissionDeniedAndCanBeRead() {
        auto disk = SmallDisk::mount(root(), 4u << 20);
        REQUIRE_OR_SKIP(disk != nullptr, "mount");
        VERIFY_OK(openNew()->put("c/one", viewOf("x"), PutMode::New, {}));
        QVERIFY(disk->setReadOnly(true));
        const auto replica = openNew();
        QVERIFY(replica != nullptr);
        const std::vector<std::string> names = {"c/one"};
        const Status refused = replica->put("c/two", viewOf("x"), PutMode::New, {});
        COMPARE_CODE(refused, PermissionDenied);
        QCOMPARE(refused.error().message,
                 std::string("write " + root() + "/c/two: Read-only file system"));
        COMPARE_CODE(replica->remove(names, {}), PermissionDenied);
        QCOMPARE(textOf(replica->get("c/one", {}).value()), std::string("x"));
        QCOMPARE(listed(*replica), names);
    }

    void killedMidPut_leavesNothingVisible() {
        const Buffer bytes = someBytes(24u << 20, 4);
        int caught = 0;
        for (int round = 0; round < 6; ++round) {
            const auto replica = openNew();
            const pid_t child = ::fork();
            QVERIFY(child >= 0);
            if (child == 0) {
                putForEver(*replica, bytes);
            }
            // Each round dies a little later: at the first temporary file, after the first
            // object...
            while (temporariesIn(root()).empty() ||
                   listed(*replica).size() < static_cast<std::size_t>(round / 2)) {}
            QVERIFY(::kill(child, SIGKILL) == 0);
            int status = 0;
            QCOMPARE(::waitpid(child, &status, 0), child);
            QVERIFY(WIFSIGNALED(status));
            caught += temporariesIn(root()).empty() ? 0 : 1;
            for (const std::string& name : listed(*replica)) {
                const Result<Buffer> read = replica->get(name, {});
                VERIFY_OK(read);
                QVERIFY2(read.value() == bytes, name.c_str());
            }
            VERIFY_OK(replica->open({}));
            for (const std::string& name : temporariesIn(root())) {
                QCOMPARE(factsOf(root() + "/" + name).value().size, std::uint64_t(0));
            }
            // The next one is not in the way of what was left.
            VERIFY_OK(replica->put("c/d/0", bytes, PutMode::New, {}));
            QVERIFY(removeTree(root()).ok());
            QVERIFY(makeFolders(root()).ok());
        }
        qInfo("killed with a temporary file on disk in %d of 6 rounds", caught);
        QVERIFY(caught > 0);
    }

    void twoComputers_sideBySide_doNotDisturbEachOther() {
        std::atomic<int> failures{0};
        const auto work = [&](const std::string& computer) {
            const auto replica = openNew();
            for (int i = 0; i < 60; ++i) {
                const std::vector<std::string> names = {computer + "/d/g" + std::to_string(i % 3) +
                                                        "/" + std::to_string(i)};
                failures +=
                    replica->put(names[0], someBytes(5000, 1), PutMode::New, {}).ok() ? 0 : 1;
                failures += replica->put(computer + "/d/database.json",
                                         viewOf(names[0]),
                                         PutMode::Replace,
                                         {})
                                    .ok()
                                ? 0
                                : 1;
                if (i % 2 == 0) {
                    failures += replica->remove(names, {}).ok() ? 0 : 1;
                }
            }
        };
        {
            const Thread one("one", [&](std::stop_token) { work("aaaaaaaaaaaaaaaa"); });
            const Thread two("two", [&](std::stop_token) { work("bbbbbbbbbbbbbbbb"); });
        }
        QCOMPARE(failures.load(), 0);
        QCOMPARE(listed(*openNew()).size(), std::size_t(2 * (30 + 1)));
        QVERIFY(temporariesIn(root()).empty());
    }

    void otherKinds_areUnsupportedByName() {
        for (const ReplicaOptions& options : {ReplicaOptions(S3ReplicaOptions{}),
                                              ReplicaOptions(SftpReplicaOptions{}),
                                              ReplicaOptions(NatsReplicaOptions{})}) {
            const auto made = makeReplica(options);
            COMPARE_CODE(made, Unsupported);
            QVERIFY(made.error().message.find("not available in this version") !=
                    std::string::npos);
        }
        QVERIFY(makeReplica(S3ReplicaOptions{}).error().message.find("'s3'") != std::string::npos);
    }
};

int main(int argc, char** argv) {
    testing::enterMountNamespace();
    QCoreApplication application(argc, argv);
    TestFileReplicaFaults test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_file_replica_faults.moc"
