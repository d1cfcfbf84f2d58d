// SPDX-License-Identifier: Apache-2.0
// Over a real inotify queue: in a burst a folder is not asked for writes, and nothing is missed.
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "engine/capture/watch_table.h"

using namespace engine;

class TestWatchTable : public QObject {
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void singleWrites_areToldOf();
    void burst_isSilent_untilListenAgain();
    void burst_namesAndShm_areToldOf();
    void shmCreatedInSilence_endsIt();
    void shmReplacedInSilence_itsWritesAreToldOf();
    void shmLinkedToAnother_isNoSilence();
    void neighbourInTheFolder_isToldOfAfterwards();
    void folderReplacedInSilence_leadsElsewhere();
    void databaseAddedInSilence_isToldOf();
    void manyDatabasesInOneFolder_stayLoud();
    void eventsLost_shmIsLookedForAnew();
    void eventsLost_inSilence_endIt();
    void pathLeadsElsewhere_isNoSilence();
    void shmIsAFolder_isNoSilence();

private:
    QString path(const QString& name) const { return m_dir->filePath(QStringLiteral("d/") + name); }

    static void write(const QString& file);
    /// What the queue holds, all of it.
    WatchEffect effects(std::uint64_t id = 1);
    static WatchEffect sum(const std::vector<WatchEffect>& effects, std::uint64_t id);
    bool queueIsEmpty() const;
    /// A write to the WAL is not told of. Leaves no event behind.
    bool isSilent();
    /// Two writes close together.
    void burst();

    std::unique_ptr<QTemporaryDir> m_dir;
    int m_fd = -1;
    std::unique_ptr<WatchTable> m_table;
    Steady m_now{};
};

void TestWatchTable::init() {
    m_dir = std::make_unique<QTemporaryDir>();
    QVERIFY(QDir(m_dir->path()).mkdir(QStringLiteral("d")));
    m_fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    QVERIFY(m_fd >= 0);
    m_table = std::make_unique<WatchTable>(m_fd);
    for (const char* suffix : {"", "-wal", "-shm"}) {
        write(path(QStringLiteral("a.db") + QString::fromLatin1(suffix)));
    }
    QCOMPARE(m_table->resolve(1, path(QStringLiteral("a.db")).toStdString()),
             WatchTable::Outcome::Moved);
    m_now = Steady(std::chrono::hours(1));
}

void TestWatchTable::cleanup() {
    m_table.reset();
    ::close(m_fd);
}

void TestWatchTable::write(const QString& file) {
    QFile open(file);
    QVERIFY(open.open(QIODevice::Append));
    open.write("x");
}

WatchEffect TestWatchTable::sum(const std::vector<WatchEffect>& effects, std::uint64_t id) {
    WatchEffect all;
    for (const WatchEffect& effect : effects) {
        if (effect.id == id) {
            all.anything = all.anything || effect.anything;
            all.shmTouched = all.shmTouched || effect.shmTouched;
            all.leadsElsewhere = all.leadsElsewhere || effect.leadsElsewhere;
        }
    }
    return all;
}

WatchEffect TestWatchTable::effects(std::uint64_t id) {
    std::vector<WatchEffect> all;
    alignas(inotify_event) char buffer[16384];
    for (ssize_t got = ::read(m_fd, buffer, sizeof buffer); got > 0;
         got = ::read(m_fd, buffer, sizeof buffer)) {
        for (const char* at = buffer; at < buffer + got;) {
            inotify_event event;
            std::memcpy(&event, at, sizeof event);
            const std::string name = event.len > 0 ? at + sizeof event : "";
            const auto some = m_table->effectsOf(event.wd, event.mask, name);
            all.insert(all.end(), some.begin(), some.end());
            at += sizeof event + event.len;
        }
    }
    return sum(all, id);
}

bool TestWatchTable::queueIsEmpty() const {
    char buffer[16384];
    return ::read(m_fd, buffer, sizeof buffer) < 0;
}

bool TestWatchTable::isSilent() {
    QFile wal(path(QStringLiteral("a.db-wal")));
    wal.open(QIODevice::Append | QIODevice::Unbuffered);
    wal.write("x");
    const bool silent = queueIsEmpty();
    wal.close();
    queueIsEmpty();
    return silent;
}

void TestWatchTable::burst() {
    for (int i = 0; i < 2; ++i) {
        write(path(QStringLiteral("a.db-wal")));
        QVERIFY(effects().anything);
        m_table->quieten(m_now += std::chrono::milliseconds(2));
    }
}

void TestWatchTable::singleWrites_areToldOf() {
    for (int i = 0; i < 5; ++i) {
        write(path(QStringLiteral("a.db-wal")));
        const WatchEffect seen = effects();
        QVERIFY(seen.anything && !seen.shmTouched && !seen.leadsElsewhere);
        m_table->quieten(m_now += std::chrono::milliseconds(100));
        QVERIFY(m_table->listenAgain().empty());
    }
}

void TestWatchTable::burst_isSilent_untilListenAgain() {
    burst();
    QFile wal(path(QStringLiteral("a.db-wal")));
    QVERIFY(wal.open(QIODevice::Append | QIODevice::Unbuffered));
    for (int i = 0; i < 10; ++i) {
        wal.write("x");
    }
    QVERIFY(queueIsEmpty());
    const WatchEffect meanwhile = sum(m_table->listenAgain(), 1);
    QVERIFY(meanwhile.anything && !meanwhile.shmTouched && !meanwhile.leadsElsewhere);
    QVERIFY(m_table->listenAgain().empty());
    wal.write("x");
    QVERIFY(effects().anything);
}

void TestWatchTable::burst_namesAndShm_areToldOf() {
    burst();
    QVERIFY(isSilent());
    write(path(QStringLiteral("a.db-shm")));
    QVERIFY(effects().shmTouched);
    QVERIFY(isSilent());
    QVERIFY(QFile::remove(path(QStringLiteral("a.db-wal"))));
    QVERIFY(effects().anything);
    QVERIFY(QFile::rename(path(QStringLiteral("a.db")), path(QStringLiteral("b.db"))));
    QVERIFY(effects().leadsElsewhere);
}

/// Its writes before there is a watch on it cannot be seen: its coming counts for them all.
void TestWatchTable::shmCreatedInSilence_endsIt() {
    QVERIFY(QFile::remove(path(QStringLiteral("a.db-shm"))));
    effects();
    burst();
    write(path(QStringLiteral("a.db-shm")));
    const WatchEffect created = effects();
    QVERIFY(created.shmTouched && created.anything);
    write(path(QStringLiteral("a.db-shm")));
    QVERIFY(effects().shmTouched);
    write(path(QStringLiteral("a.db-wal")));
    QVERIFY(effects().anything);
}

void TestWatchTable::shmReplacedInSilence_itsWritesAreToldOf() {
    burst();
    write(path(QStringLiteral("other")));
    QVERIFY(QFile::remove(path(QStringLiteral("a.db-shm"))));
    QVERIFY(QFile::rename(path(QStringLiteral("other")), path(QStringLiteral("a.db-shm"))));
    QVERIFY(effects().shmTouched);
    for (int i = 0; i < 3; ++i) {
        write(path(QStringLiteral("a.db-shm")));
        QVERIFY(effects().shmTouched);
        burst();  // and again with a watch of its own
        QVERIFY(isSilent());
        write(path(QStringLiteral("a.db-shm")));
        QVERIFY(effects().shmTouched);
        m_table->listenAgain();
    }
}

void TestWatchTable::shmLinkedToAnother_isNoSilence() {
    QVERIFY(::link(QFile::encodeName(path(QStringLiteral("a.db-shm"))).constData(),
                   QFile::encodeName(path(QStringLiteral("b.db-shm"))).constData()) == 0);
    m_table->resolve(2, path(QStringLiteral("b.db")).toStdString());
    effects();
    burst();
    write(path(QStringLiteral("a.db-wal")));
    QVERIFY(effects().anything);
    write(path(QStringLiteral("b.db-shm")));
    QVERIFY(effects(2).shmTouched);
}

void TestWatchTable::neighbourInTheFolder_isToldOfAfterwards() {
    m_table->resolve(2, path(QStringLiteral("b.db")).toStdString());
    burst();
    write(path(QStringLiteral("b.db")));  // created: told of at once
    QVERIFY(effects(2).anything);
    QFile other(path(QStringLiteral("b.db")));
    QVERIFY(other.open(QIODevice::Append | QIODevice::Unbuffered));
    other.write("x");
    QVERIFY(queueIsEmpty());
    QVERIFY(sum(m_table->listenAgain(), 2).anything);
}

void TestWatchTable::folderReplacedInSilence_leadsElsewhere() {
    burst();
    QVERIFY(QDir(m_dir->path()).rename(QStringLiteral("d"), QStringLiteral("old")));
    QVERIFY(QDir(m_dir->path()).mkdir(QStringLiteral("d")));
    QVERIFY(sum(m_table->listenAgain(), 1).anything);
    QVERIFY(effects().leadsElsewhere);
    m_table->resolve(1, path(QStringLiteral("a.db")).toStdString());
    effects();
    write(path(QStringLiteral("a.db")));
    QVERIFY(effects().anything);
}

void TestWatchTable::databaseAddedInSilence_isToldOf() {
    burst();
    m_table->resolve(2, path(QStringLiteral("b.db")).toStdString());
    const auto meanwhile = m_table->listenAgain();
    QVERIFY(sum(meanwhile, 1).anything);
    write(path(QStringLiteral("b.db")));
    QVERIFY(effects(2).anything);
}

/// Each of them would have to be looked at after each silence.
void TestWatchTable::manyDatabasesInOneFolder_stayLoud() {
    for (std::uint64_t id = 2; id < 20; ++id) {
        m_table->resolve(id, path(QString::number(id)).toStdString());
    }
    burst();
    write(path(QStringLiteral("a.db-wal")));
    QVERIFY(effects().anything);
    QVERIFY(m_table->listenAgain().empty());
}

/// The queue was full while the -shm was replaced: the watch on the old one tells nothing.
void TestWatchTable::eventsLost_shmIsLookedForAnew() {
    burst();
    QVERIFY(isSilent());
    m_table->listenAgain();
    QFile held(path(QStringLiteral("a.db-shm")));
    QVERIFY(held.open(QIODevice::ReadOnly));  // not even its end is told
    QVERIFY(QFile::remove(held.fileName()));
    write(held.fileName());
    queueIsEmpty();
    m_table->eventsLost();
    burst();
    QVERIFY(isSilent());
    write(path(QStringLiteral("a.db-shm")));
    QVERIFY(effects().shmTouched);
}

void TestWatchTable::eventsLost_inSilence_endIt() {
    burst();
    QVERIFY(isSilent());
    m_table->eventsLost();
    QVERIFY(!isSilent());
    write(path(QStringLiteral("a.db-shm")));
    QVERIFY(effects().shmTouched);
    QVERIFY(sum(m_table->listenAgain(), 1).anything);
}

/// A link on the way was switched, and no event tells of it: neither folder loses an event.
void TestWatchTable::pathLeadsElsewhere_isNoSilence() {
    const QString link = m_dir->filePath(QStringLiteral("link"));
    const QString other = m_dir->filePath(QStringLiteral("other/"));
    QVERIFY(QFile::link(m_dir->filePath(QStringLiteral("d")), link));
    QVERIFY(QDir(m_dir->path()).mkdir(QStringLiteral("other")));
    write(other + QStringLiteral("a.db-shm"));
    m_table->remove(1);
    m_table->resolve(1, (link + QStringLiteral("/a.db")).toStdString());
    m_table->resolve(2, (other + QStringLiteral("a.db")).toStdString());
    QVERIFY(QFile::remove(link));
    QVERIFY(QFile::link(m_dir->filePath(QStringLiteral("other")), link));
    queueIsEmpty();
    burst();
    QVERIFY(!isSilent());
    write(other + QStringLiteral("a.db-shm"));
    QVERIFY(effects(2).shmTouched);
    m_table->resolve(1, path(QStringLiteral("a.db")).toStdString());
    queueIsEmpty();
    burst();
    QVERIFY(isSilent());
    write(path(QStringLiteral("a.db-shm")));
    QVERIFY(effects(1).shmTouched);
}

void TestWatchTable::shmIsAFolder_isNoSilence() {
    QVERIFY(QFile::remove(path(QStringLiteral("a.db-shm"))));
    QVERIFY(QDir(path(QString())).mkdir(QStringLiteral("a.db-shm")));
    const QString inside = path(QStringLiteral("a.db-shm/b.db"));
    write(inside);
    m_table->resolve(2, inside.toStdString());
    queueIsEmpty();
    burst();
    QVERIFY(!isSilent());
    QVERIFY(QFile::rename(inside, path(QStringLiteral("a.db-shm/c.db"))));
    QVERIFY(effects(2).leadsElsewhere);
}

QTEST_GUILESS_MAIN(TestWatchTable)
#include "tst_watch_table.moc"
