// SPDX-License-Identifier: Apache-2.0
// The watcher on real folders. Nothing sleeps: each test waits for what must come, and ends what
// must not come with something that comes after it.
#include <atomic>
#include <map>

#include <fcntl.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "engine/base/mutex.h"
#include "engine/base/thread.h"
#include "engine/capture/change_watcher.h"
#include "engine/capture/file_system_kind.h"
#include "engine/capture/watch_table.h"

#include "tests/support/writer_process.h"

using namespace engine;

namespace {

/// Counts callbacks per database.
class Calls {
public:
    void add(ChangeWatcher::Id id) {
        const MutexLock lock(m_mutex);
        m_counts[id] += 1;
    }

    int of(ChangeWatcher::Id id) {
        const MutexLock lock(m_mutex);
        return m_counts[id];
    }

private:
    Mutex m_mutex;
    std::map<ChangeWatcher::Id, int> m_counts ENGINE_GUARDED_BY(m_mutex);
};

void write(const QString& path, const QByteArray& bytes = "x") {
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly | QIODevice::Append) || file.write(bytes) != bytes.size()) {
        qFatal("write %s", qPrintable(path));
    }
}

/// In place of the file at the path, if there is one.
void linkTo(const QString& target, const QString& path) {
    QFile::remove(path);
    if (::symlink(qPrintable(target), qPrintable(path)) != 0) {
        qFatal("symlink %s", qPrintable(path));
    }
}

}  // namespace

class TestChangeWatcher : public QObject {
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void add_existingFile_reportsOnceWithLost();
    void files_ofTheDatabase_areReported_data();
    void files_ofTheDatabase_areReported();
    void shm_touched_onlyByItsOwnEvents();
    void otherNames_inTheFolder_areNot();
    void events_untilTaken_callBackOnce();
    void takeDrained_afterAnEvent_alwaysHasIt();
    void burst_itsLastWrite_isSeen();
    void realWriter_eachMode_isNoticed_data();
    void realWriter_eachMode_isNoticed();
    void twoDatabases_inOneFolder_areToldApart();
    void manyDatabases_inOneFolder_shareAWatch();
    void missingFolder_appearing_isWatched();
    void folder_replaced_isWatchedAnew();
    void folder_movedAway_isFollowedByPath();
    void symlink_targetChanges_areReported();
    void symlink_pointedElsewhere_isFollowed();
    void symlink_chain_isFollowed();
    void symlink_circle_isPolled();
    void parentReplaced_isFoundByRecheck();
    void queueOverflow_isLostForAll();
    void remove_endsReports();
    void remoteFileSystem_isKnownAsSuch_data();
    void remoteFileSystem_isKnownAsSuch();
    void unreadableFolder_isPolled();
    void watchLimit_isPolledUntilAWatchIsFree();

private:
    QString path(const QString& name) const { return m_dir->filePath(name); }

    /// Adds, waits for the first report and takes it.
    ChangeWatcher::Id watch(const QString& file);
    /// Everything that happened before has been reported and is taken.
    void settle(std::initializer_list<ChangeWatcher::Id> ids);
    /// All that was seen until something that matters came.
    bool sees(ChangeWatcher::Id id, bool SourceEvents::*what = &SourceEvents::anything);

    std::unique_ptr<QTemporaryDir> m_dir;
    std::unique_ptr<Calls> m_calls;
    std::unique_ptr<ChangeWatcher> m_watcher;
    ChangeWatcher::Id m_marker = 0;
};

void TestChangeWatcher::init() {
    m_dir = std::make_unique<QTemporaryDir>();
    m_calls = std::make_unique<Calls>();
    m_marker = 0;
    m_watcher = std::make_unique<ChangeWatcher>(
        [calls = m_calls.get()](ChangeWatcher::Id id) { calls->add(id); });
}

void TestChangeWatcher::cleanup() {
    m_watcher.reset();
}

ChangeWatcher::Id TestChangeWatcher::watch(const QString& file) {
    const ChangeWatcher::Id id = m_watcher->add(file.toStdString());
    if (!QTest::qWaitFor([&] { return m_calls->of(id) > 0; })) {
        qFatal("no first report");
    }
    m_watcher->take(id);
    return id;
}

void TestChangeWatcher::settle(std::initializer_list<ChangeWatcher::Id> ids) {
    if (m_marker == 0) {
        m_marker = watch(path(QStringLiteral("marker")));
    }
    m_watcher->take(m_marker);
    write(path(QStringLiteral("marker")));
    if (!sees(m_marker)) {
        qFatal("no report of the marker");
    }
    for (const auto id : ids) {
        m_watcher->take(id);
    }
}

bool TestChangeWatcher::sees(ChangeWatcher::Id id, bool SourceEvents::*what) {
    return QTest::qWaitFor([&] { return m_watcher->take(id).*what; });
}

void TestChangeWatcher::add_existingFile_reportsOnceWithLost() {
    write(path(QStringLiteral("a.db")));
    const auto id = m_watcher->add(path(QStringLiteral("a.db")).toStdString());
    QTRY_COMPARE(m_calls->of(id), 1);
    const SourceEvents events = m_watcher->take(id);
    QVERIFY(events.anything && events.lost);
    QVERIFY(!m_watcher->polled(id));
    const SourceEvents again = m_watcher->take(id);
    QVERIFY(!again.anything && !again.lost && !again.shmTouched);
}

void TestChangeWatcher::files_ofTheDatabase_areReported_data() {
    QTest::addColumn<QString>("suffix");
    QTest::newRow("database") << QString();
    QTest::newRow("wal") << QStringLiteral("-wal");
    QTest::newRow("shm") << QStringLiteral("-shm");
    QTest::newRow("journal") << QStringLiteral("-journal");
}

void TestChangeWatcher::files_ofTheDatabase_areReported() {
    QFETCH(QString, suffix);
    const QString file = path(QStringLiteral("a.db")) + suffix;
    const auto id = watch(path(QStringLiteral("a.db")));
    write(file);  // created
    QVERIFY(sees(id));
    write(file);  // changed
    QVERIFY(sees(id));
    QVERIFY(QFile::rename(file, path(QStringLiteral("aside"))));
    QVERIFY(sees(id));
    QVERIFY(QFile::rename(path(QStringLiteral("aside")), file));
    QVERIFY(sees(id));
    QVERIFY(QFile::remove(file));
    QVERIFY(sees(id));
}

void TestChangeWatcher::shm_touched_onlyByItsOwnEvents() {
    const QString file = path(QStringLiteral("a.db"));
    const auto id = watch(file);
    for (const char* suffix : {"", "-wal", "-journal"}) {
        write(file + QString::fromLatin1(suffix));
        QTRY_VERIFY(m_calls->of(id) > 1);
        QVERIFY(!m_watcher->take(id).shmTouched);
    }
    write(file + QStringLiteral("-shm"));
    QVERIFY(sees(id, &SourceEvents::shmTouched));
}

void TestChangeWatcher::otherNames_inTheFolder_areNot() {
    const auto id = watch(path(QStringLiteral("a.db")));
    const auto other = watch(path(QStringLiteral("a.db-journal-x")));
    for (const char* name : {"a.db2", "a.d", "A.db", "a.db-wal2", "xa.db", "a.db-journal-x"}) {
        write(path(QString::fromLatin1(name)));
    }
    QVERIFY(sees(other));  // the last of them came through, so all did
    QVERIFY(!m_watcher->take(id).anything);
    QCOMPARE(m_calls->of(id), 1);
}

void TestChangeWatcher::takeDrained_afterAnEvent_alwaysHasIt() {
    const auto id = watch(path(QStringLiteral("a.db")));
    QVERIFY(m_watcher->takeDrained(id).lost);  // what happened before the watch stood
    for (int i = 0; i < 300; ++i) {
        write(path(QStringLiteral("a.db-shm")));
        const SourceEvents events = m_watcher->takeDrained(id);
        QVERIFY(events.lost || events.shmTouched);
        QVERIFY(!m_watcher->takeDrained(id).shmTouched);
        m_watcher->take(id);  // the other taker has its own
    }
    write(path(QStringLiteral("a.db-shm")));
    QVERIFY(sees(id, &SourceEvents::shmTouched));
}

void TestChangeWatcher::events_untilTaken_callBackOnce() {
    const QString file = path(QStringLiteral("a.db"));
    const auto id = watch(file);
    const auto last = watch(path(QStringLiteral("last.db")));
    for (int i = 0; i < 200; ++i) {
        write(file);
    }
    write(path(QStringLiteral("last.db")));
    QVERIFY(sees(last));
    QCOMPARE(m_calls->of(id), 2);
    settle({id});
    write(file);
    QTRY_COMPARE(m_calls->of(id), 3);
}

/// Whoever looks each time that something is reported has seen everything in the end.
void TestChangeWatcher::burst_itsLastWrite_isSeen() {
    const auto id = watch(path(QStringLiteral("a.db")));
    QFile wal(path(QStringLiteral("a.db-wal")));
    QVERIFY(wal.open(QIODevice::ReadWrite | QIODevice::Unbuffered));
    std::atomic<int> written{0};
    std::atomic<bool> writing{false};
    int seen = 0;
    const auto look = [&] {
        if (m_watcher->take(id).anything) {
            QFile file(path(QStringLiteral("a.db-wal")));
            file.open(QIODevice::ReadOnly);
            file.read(reinterpret_cast<char*>(&seen), sizeof seen);
        }
        return !writing.load() && seen == written.load();
    };
    for (int round = 0; round < 60; ++round) {
        writing = true;
        const Thread writer("writer", [&](const std::stop_token&) {
            const int end = written + 1 + (round * 7919) % 20'000;
            for (int value = written + 1; value <= end; ++value) {
                wal.seek(0);
                wal.write(reinterpret_cast<const char*>(&value), sizeof value);
                written = value;
            }
            writing = false;
        });
        while (writing.load()) {
            look();
        }
        QVERIFY2(QTest::qWaitFor(look), qPrintable(QString::number(round)));
    }
}

void TestChangeWatcher::realWriter_eachMode_isNoticed_data() {
    QTest::addColumn<QByteArray>("mode");
    for (const char* mode : {"wal", "delete", "truncate", "persist", "memory", "off"}) {
        QTest::newRow(mode) << QByteArray(mode);
    }
}

void TestChangeWatcher::realWriter_eachMode_isNoticed() {
    QFETCH(QByteArray, mode);
    const QString file = path(QStringLiteral("a.db"));
    const auto id = watch(file);
    WriterProcess app(file);
    app.ok("pragma journal_mode=" + mode);
    app.ok("create table t(x)");
    QVERIFY(sees(id));
    for (int i = 0; i < 3; ++i) {
        settle({id});
        app.ok("insert into t values(1)");
        QVERIFY(sees(id));
    }
    app.ok(".close");
    if (mode == "wal") {
        QVERIFY(sees(id, &SourceEvents::shmTouched));  // deleted
    }
}

void TestChangeWatcher::twoDatabases_inOneFolder_areToldApart() {
    const auto one = watch(path(QStringLiteral("one.db")));
    const auto two = watch(path(QStringLiteral("two.db")));
    write(path(QStringLiteral("one.db-wal")));
    QVERIFY(sees(one));
    QVERIFY(!m_watcher->take(two).anything);
    settle({one, two});
    const auto twice = watch(path(QStringLiteral("two.db")));  // the same file, watched again
    write(path(QStringLiteral("two.db")));
    QVERIFY(sees(two));
    QVERIFY(sees(twice));
    QVERIFY(!m_watcher->take(one).anything);
}

void TestChangeWatcher::manyDatabases_inOneFolder_shareAWatch() {
    std::vector<ChangeWatcher::Id> ids;
    const auto file = [&](std::size_t i) { return path(QStringLiteral("%1.db").arg(i)); };
    for (std::size_t i = 0; i < 500; ++i) {
        ids.push_back(m_watcher->add(file(i).toStdString()));
    }
    for (const auto id : ids) {
        QTRY_VERIFY(m_calls->of(id) > 0);
        m_watcher->take(id);
    }
    settle({});
    for (std::size_t i = 0; i < ids.size(); i += 7) {
        write(file(i));
    }
    for (std::size_t i = 0; i < ids.size(); i += 7) {
        QVERIFY(sees(ids[i]));
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
        QCOMPARE(m_calls->of(ids[i]) > 1, i % 7 == 0);
    }
    // One watch a folder, as the kernel shows it.
    int watches = 0;
    const QDir descriptors(QStringLiteral("/proc/self/fdinfo"));
    for (const QString& name : descriptors.entryList(QDir::Files)) {
        QFile info(descriptors.filePath(name));
        if (info.open(QIODevice::ReadOnly)) {
            watches += static_cast<int>(info.readAll().count("inotify wd:"));
        }
    }
    QCOMPARE(watches, 1);
}

void TestChangeWatcher::missingFolder_appearing_isWatched() {
    const QString file = path(QStringLiteral("x/y/z/a.db"));
    const auto id = watch(file);
    QVERIFY(!m_watcher->polled(id));
    QDir dir(m_dir->path());
    QVERIFY(dir.mkdir(QStringLiteral("x")));
    QVERIFY(sees(id, &SourceEvents::lost));
    QVERIFY(dir.mkpath(QStringLiteral("x/y/z")));
    QVERIFY(sees(id, &SourceEvents::lost));
    // Each step was looked at again, so the last folder is watched or about to be.
    write(file);
    QVERIFY(sees(id));
    write(file + QStringLiteral("-journal"));
    QVERIFY(sees(id));
}

void TestChangeWatcher::folder_replaced_isWatchedAnew() {
    QDir dir(m_dir->path());
    QVERIFY(dir.mkdir(QStringLiteral("f")));
    const QString file = path(QStringLiteral("f/a.db"));
    const auto id = watch(file);
    QVERIFY(QDir(path(QStringLiteral("f"))).removeRecursively());
    QVERIFY(sees(id, &SourceEvents::lost));
    QVERIFY(!m_watcher->polled(id));
    QVERIFY(dir.mkdir(QStringLiteral("f")));
    QVERIFY(sees(id, &SourceEvents::lost));
    write(file);
    QVERIFY(sees(id));
}

void TestChangeWatcher::folder_movedAway_isFollowedByPath() {
    QDir dir(m_dir->path());
    QVERIFY(dir.mkdir(QStringLiteral("f")));
    const QString file = path(QStringLiteral("f/a.db"));
    write(file);
    const auto id = watch(file);
    QVERIFY(dir.rename(QStringLiteral("f"), QStringLiteral("g")));
    QVERIFY(sees(id, &SourceEvents::lost));
    QVERIFY(dir.mkdir(QStringLiteral("f")));
    QVERIFY(sees(id, &SourceEvents::lost));
    settle({id});
    const auto moved = watch(path(QStringLiteral("g/a.db")));
    write(path(QStringLiteral("g/a.db")));  // no longer ours
    QVERIFY(sees(moved));
    QVERIFY(!m_watcher->take(id).anything);
    write(file);
    QVERIFY(sees(id));
}

void TestChangeWatcher::symlink_targetChanges_areReported() {
    QVERIFY(QDir(m_dir->path()).mkpath(QStringLiteral("real")));
    write(path(QStringLiteral("real/r.db")));
    linkTo(path(QStringLiteral("real/r.db")), path(QStringLiteral("link.db")));
    const auto id = watch(path(QStringLiteral("link.db")));
    write(path(QStringLiteral("real/r.db")));
    QVERIFY(sees(id));
    write(path(QStringLiteral("real/r.db-wal")));  // side files lie beside the target
    QVERIFY(sees(id));
    write(path(QStringLiteral("real/r.db-shm")));
    QVERIFY(sees(id, &SourceEvents::shmTouched));
}

void TestChangeWatcher::symlink_pointedElsewhere_isFollowed() {
    QVERIFY(QDir(m_dir->path()).mkpath(QStringLiteral("one")));
    QVERIFY(QDir(m_dir->path()).mkpath(QStringLiteral("two")));
    linkTo(QStringLiteral("one/r.db"), path(QStringLiteral("link.db")));  // relative
    const auto id = watch(path(QStringLiteral("link.db")));
    write(path(QStringLiteral("one/r.db")));
    QVERIFY(sees(id));
    linkTo(QStringLiteral("two/r.db"), path(QStringLiteral("next")));
    QCOMPARE(::rename(qPrintable(path(QStringLiteral("next"))),
                      qPrintable(path(QStringLiteral("link.db")))),
             0);
    QVERIFY(sees(id, &SourceEvents::lost));
    write(path(QStringLiteral("two/r.db")));
    QVERIFY(sees(id));
    settle({id});
    const auto one = watch(path(QStringLiteral("one/r.db")));
    write(path(QStringLiteral("one/r.db")));
    QVERIFY(sees(one));
    QVERIFY(!m_watcher->take(id).anything);
}

void TestChangeWatcher::symlink_chain_isFollowed() {
    QVERIFY(QDir(m_dir->path()).mkpath(QStringLiteral("a")));
    QVERIFY(QDir(m_dir->path()).mkpath(QStringLiteral("b")));
    QVERIFY(QDir(m_dir->path()).mkpath(QStringLiteral("c")));
    linkTo(QStringLiteral("../b/second"), path(QStringLiteral("a/first")));
    linkTo(QStringLiteral("../c/r.db"), path(QStringLiteral("b/second")));
    const auto id = watch(path(QStringLiteral("a/first")));
    write(path(QStringLiteral("c/r.db")));
    QVERIFY(sees(id));
    linkTo(QStringLiteral("../a/r.db"), path(QStringLiteral("b/second")));
    QVERIFY(sees(id, &SourceEvents::lost));
    write(path(QStringLiteral("a/r.db")));
    QVERIFY(sees(id));
}

void TestChangeWatcher::symlink_circle_isPolled() {
    linkTo(path(QStringLiteral("two")), path(QStringLiteral("one")));
    linkTo(path(QStringLiteral("one")), path(QStringLiteral("two")));
    const auto id = watch(path(QStringLiteral("one")));
    QVERIFY(m_watcher->polled(id));
    QVERIFY(m_watcher->take(id).lost);
    linkTo(path(QStringLiteral("r.db")), path(QStringLiteral("one")));
    m_watcher->recheck(id);
    QTRY_VERIFY(!m_watcher->polled(id));
    m_watcher->take(id);
    write(path(QStringLiteral("r.db")));
    QVERIFY(sees(id));
}

void TestChangeWatcher::parentReplaced_isFoundByRecheck() {
    QDir dir(m_dir->path());
    QVERIFY(dir.mkpath(QStringLiteral("p/f")));
    const QString file = path(QStringLiteral("p/f/a.db"));
    write(file);
    const auto id = watch(file);
    m_watcher->recheck(id);  // nothing has moved, so nothing is said
    settle({});
    QCOMPARE(m_calls->of(id), 1);
    QVERIFY(dir.rename(QStringLiteral("p"), QStringLiteral("q")));
    QVERIFY(dir.mkpath(QStringLiteral("p/f")));
    m_watcher->recheck(id);
    QVERIFY(sees(id, &SourceEvents::lost));
    write(file);
    QVERIFY(sees(id));
}

void TestChangeWatcher::queueOverflow_isLostForAll() {
    QFile limit(QStringLiteral("/proc/sys/fs/inotify/max_queued_events"));
    QVERIFY(limit.open(QIODevice::ReadOnly));
    const int eventsMax = limit.readAll().trimmed().toInt();
    if (eventsMax > 200'000) {
        QSKIP("the queue of this system is too long to flood");
    }
    // The callback holds the watcher's thread while the queue fills.
    Mutex mutex;
    Condition changed;
    bool hold = true;
    ChangeWatcher watcher([&](ChangeWatcher::Id) {
        const MutexLock lock(mutex);
        changed.wait(mutex, {}, [&] { return !hold; });
    });
    const QString file = path(QStringLiteral("a.db"));
    write(file);
    {
        const MutexLock lock(mutex);
        hold = false;
    }
    const auto flooded = watcher.add(file.toStdString());
    const auto quiet = watcher.add(path(QStringLiteral("quiet.db")).toStdString());
    QTRY_VERIFY(!watcher.polled(flooded) && !watcher.polled(quiet));
    watcher.take(flooded);
    watcher.take(quiet);
    {
        const MutexLock lock(mutex);
        hold = true;
    }
    const int one = ::open(qPrintable(file), O_WRONLY | O_CLOEXEC);
    const int two =
        ::open(qPrintable(file + QStringLiteral("-wal")), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    QVERIFY(one >= 0 && two >= 0);
    for (int i = 0; i < eventsMax; ++i) {  // in turns, else the kernel merges them
        QVERIFY(::pwrite(one, "x", 1, 0) == 1 && ::pwrite(two, "x", 1, 0) == 1);
    }
    ::close(one);
    ::close(two);
    {
        const MutexLock lock(mutex);
        hold = false;
        changed.notifyAll();
    }
    const auto lost = [&](ChangeWatcher::Id id) {
        return QTest::qWaitFor([&] { return watcher.take(id).lost; }, 30'000);
    };
    QVERIFY(lost(quiet));
    QVERIFY(lost(flooded));
    QVERIFY(!watcher.polled(quiet));
    write(path(QStringLiteral("quiet.db")));  // it goes on
    QVERIFY(QTest::qWaitFor([&] { return watcher.take(quiet).anything; }));
}

void TestChangeWatcher::remove_endsReports() {
    const auto gone = watch(path(QStringLiteral("gone.db")));
    const auto stays = watch(path(QStringLiteral("stays.db")));
    m_watcher->remove(gone);
    settle({});  // served after the removal
    write(path(QStringLiteral("gone.db")));
    write(path(QStringLiteral("stays.db")));
    QVERIFY(sees(stays));
    settle({});
    QCOMPARE(m_calls->of(gone), 1);
    QVERIFY(!m_watcher->take(gone).anything);
    m_watcher->remove(stays);
    m_watcher->remove(stays);  // twice is no harm
    m_watcher->recheck(stays);
    const auto again = watch(path(QStringLiteral("gone.db")));
    write(path(QStringLiteral("gone.db")));
    QVERIFY(sees(again));
}

void TestChangeWatcher::remoteFileSystem_isKnownAsSuch_data() {
    QTest::addColumn<quint32>("magic");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<bool>("remote");
    QTest::newRow("nfs") << 0x6969u << QByteArray("nfs") << true;
    QTest::newRow("fuse") << 0x65735546u << QByteArray("fuse") << true;
    QTest::newRow("9p") << 0x01021997u << QByteArray("9p") << true;
    QTest::newRow("cifs") << 0xff534d42u << QByteArray("cifs") << true;
    QTest::newRow("smb2") << 0xfe534d42u << QByteArray("smb2") << true;
    QTest::newRow("ext4") << 0xef53u << QByteArray("ext4") << false;
    QTest::newRow("tmpfs") << 0x01021994u << QByteArray("tmpfs") << false;
    QTest::newRow("unknown") << 0x12345678u << QByteArray("0x12345678") << false;
}

void TestChangeWatcher::remoteFileSystem_isKnownAsSuch() {
    QFETCH(quint32, magic);
    const FileSystemKind kind = fileSystemKindOfMagic(magic);
    QTEST(QByteArray::fromStdString(kind.name), "name");
    QTEST(kind.remote, "remote");
    QVERIFY(fileSystemKindOf(m_dir->path().toStdString()).ok());
    QCOMPARE(fileSystemKindOf(path(QStringLiteral("none")).toStdString()).error().code,
             ErrorCode::NotFound);
}

void TestChangeWatcher::unreadableFolder_isPolled() {
    QVERIFY(QDir(m_dir->path()).mkpath(QStringLiteral("shut")));
    QCOMPARE(::chmod(qPrintable(m_dir->path()), 0755), 0);
    QCOMPARE(::chmod(qPrintable(path(QStringLiteral("shut"))), 0311), 0);
    const bool root = ::geteuid() == 0;
    if (root) {
        QCOMPARE(::seteuid(65534), 0);  // root may read every folder
    }
    const auto id = watch(path(QStringLiteral("shut/a.db")));
    if (root) {
        QCOMPARE(::seteuid(0), 0);
    }
    QVERIFY(m_watcher->polled(id));
    QVERIFY(m_watcher->take(id).lost);
}

void TestChangeWatcher::watchLimit_isPolledUntilAWatchIsFree() {
    QVERIFY(QDir(m_dir->path()).mkpath(QStringLiteral("one")));
    QVERIFY(QDir(m_dir->path()).mkpath(QStringLiteral("two")));
    const std::string one = path(QStringLiteral("one/a.db")).toStdString();
    const std::string two = path(QStringLiteral("two/a.db")).toStdString();
    constexpr int kNoNamespace = 99;
    const pid_t child = ::fork();
    QVERIFY(child >= 0);
    if (child == 0) {
        // A user namespace of its own has its own limit.
        const char limit[] = "1";
        const int file = ::unshare(CLONE_NEWUSER) == 0
                             ? ::open("/proc/sys/user/max_inotify_watches", O_WRONLY | O_CLOEXEC)
                             : -1;
        if (file < 0 || ::write(file, limit, 1) != 1) {
            ::_exit(kNoNamespace);
        }
        using Outcome = WatchTable::Outcome;
        WatchTable table(::inotify_init1(IN_CLOEXEC));
        const bool good = table.resolve(1, one) == Outcome::Moved &&
                          table.resolve(2, two) == Outcome::Polled &&
                          table.shortOfWatches() == std::vector<std::uint64_t>{2} &&
                          table.resolve(1, one) == Outcome::Same;
        table.remove(1);
        const bool free = table.resolve(2, two) == Outcome::Moved && table.shortOfWatches().empty();
        ::_exit(good && free ? 0 : 1);
    }
    int status = 0;
    QCOMPARE(::waitpid(child, &status, 0), child);
    QVERIFY(WIFEXITED(status));
    if (WEXITSTATUS(status) == kNoNamespace) {
        QSKIP("no user namespaces here");
    }
    QCOMPARE(WEXITSTATUS(status), 0);
}

QTEST_GUILESS_MAIN(TestChangeWatcher)
#include "tst_change_watcher.moc"
