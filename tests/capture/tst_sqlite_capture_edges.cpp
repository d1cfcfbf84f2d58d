// SPDX-License-Identifier: Apache-2.0
// Large and hostile: beyond the lock bytes at 1 GiB, damaged WALs, many writers at once.
#include <random>
#include <set>

#include <QTest>

#include "engine/format/sqlite_layout.h"

#include "tests/capture/database_folder.h"

using namespace engine;

class TestSqliteCaptureEdges : public QObject {
    Q_OBJECT

private slots:
    void init();
    void growth_overTheLockBytes_isExact_data();
    void growth_overTheLockBytes_isExact();
    void damagedWal_anyByte_givesNoFalseState();
    void damagedIndex_anyByte_givesNoFalseState();
    void manyWriters_everyStateIsOneOfTheirs();

private:
    QString path() const { return m_folder->path(); }

    void growTo(std::uint32_t pages);

    std::unique_ptr<DatabaseFolder> m_folder;
};

void TestSqliteCaptureEdges::init() {
    m_folder = std::make_unique<DatabaseFolder>();
    QVERIFY(m_folder->isValid());
}

/// Lets the database believe that it has so many pages: a hole in the file, pages in no tree.
void TestSqliteCaptureEdges::growTo(std::uint32_t pages) {
    constexpr std::uint32_t kPageSize = 65536;
    QFile file(path());
    QVERIFY(file.open(QIODevice::ReadWrite));
    QVERIFY(file.resize(qint64{pages} * kPageSize));
    QByteArray count(4, 0);
    storeBe<std::uint32_t>(reinterpret_cast<std::byte*>(count.data()), pages);
    file.seek(28);
    file.write(count);
    file.seek(24);
    const QByteArray counter = file.read(4);
    file.seek(92);
    file.write(counter);
}

void TestSqliteCaptureEdges::growth_overTheLockBytes_isExact_data() {
    QTest::addColumn<bool>("whileFollowed");
    QTest::newRow("commit by commit") << true;
    QTest::newRow("by a sweep") << false;
}

void TestSqliteCaptureEdges::growth_overTheLockBytes_isExact() {
    QFETCH(const bool, whileFollowed);
    {
        WriterProcess app(path());
        createTable(app, "page_size=65536");
    }
    const std::uint32_t lockPage = lockBytePage(65536);
    growTo(lockPage - 3);
    CaptureFollower follower(path());
    {
        WriterProcess app(path());
        app.ok("pragma synchronous=off");
        QVERIFY(follower.baseline(60'000));
        follower.sink->hashing = false;
        follower.follow();  // the file is quiet now
        for (int i = 0; i < 4; ++i) {
            app.ok(insertRow(150'000));
            if (whileFollowed) {
                follower.follow();
            }
        }
        if (!whileFollowed) {
            app.ok("pragma wal_checkpoint(TRUNCATE)");
        }
        follower.follow(60'000);
    }
    follower.follow(60'000);
    QCOMPARE(follower.capture->counters().commitsAlone, std::uint64_t{whileFollowed ? 4u : 0u});
    QCOMPARE(follower.sink->complaint, std::string());
    QVERIFY(follower.capture->map().pageCount() > lockPage);
    QFile file(path());
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(static_cast<std::uint64_t>(file.size()), follower.capture->map().pageCount() * 65536);
    for (std::uint64_t page = 1; page < follower.capture->map().endPage(); ++page) {
        file.seek(static_cast<qint64>((page - 1) * 65536));
        const QByteArray bytes = file.read(65536);
        const ByteView view =
            std::as_bytes(std::span(bytes.constData(), std::size_t(bytes.size())));
        QVERIFY(follower.capture->map().equals(page, follower.capture->map().hashOf(view)));
    }
}

/// The database at rest with a WAL that some hand has damaged: what is handed on is one of the
/// states that were, in order, or (the base of a sweep is the file itself) nothing.
void TestSqliteCaptureEdges::damagedWal_anyByte_givesNoFalseState() {
    WriterProcess app(path());
    createTable(app, "page_size=512");
    WriterProcess eye(path());
    CaptureFollower origin(path());
    QVERIFY(origin.baseline());
    const Buffer base = origin.sink->image();
    const std::string saved = m_folder->file("saved").toStdString();
    const auto position = origin.capture->position();
    QVERIFY(
        savePageMap(saved, position.generation, position.tx, position.origin, origin.capture->map())
            .ok());
    std::vector<std::string> states{xxh3_128(base).text()};
    for (int i = 0; i < 12; ++i) {
        app.ok(insertRow(300 * i));
        states.push_back(xxh3_128(m_folder->imageOf(eye)).text());
    }
    app.crash();
    eye.crash();
    const Buffer wal = contentOf(path() + QStringLiteral("-wal"));
    std::mt19937 random(20260101);
    for (int round = 0; round < 150; ++round) {
        Buffer damaged = wal;
        const int flips = 1 + static_cast<int>(random() % 3);
        for (int i = 0; i < flips; ++i) {
            damaged[random() % (round % 4 == 0 ? 64 : damaged.size())] ^=
                std::byte(1u << (random() % 8));
        }
        if (round % 5 == 0) {
            damaged.resize(random() % damaged.size());
        }
        QFile file(path() + QStringLiteral("-wal"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(reinterpret_cast<const char*>(damaged.data()),
                   static_cast<qint64>(damaged.size()));
        file.close();
        CaptureFollower follower(path());
        follower.sink = std::make_unique<ImageSink>(512, CaptureFollower::kSeed);
        for (std::size_t page = 0; page < base.size() / 512; ++page) {
            follower.sink->put(page + 1, ByteView(base).subspan(page * 512, 512));
        }
        follower.sink->apply(base.size() / 512);
        follower.resumeFrom(saved);
        for (int i = 0; i < 8; ++i) {
            follower.stepOnce();
        }
        QCOMPARE(follower.sink->complaint, std::string());
        std::size_t at = 0;
        for (const ImageSink::Taken& taken : follower.sink->taken) {
            if (taken.commit.catchUp) {
                break;  // the chain from the beginning, over the file as it is
            }
            while (at < states.size() && states[at] != taken.image.text()) {
                ++at;
            }
            QVERIFY2(at < states.size(), qPrintable(QString::number(round)));
        }
    }
}

/// A wal-index that lies under a real app must not make us take what was never published.
void TestSqliteCaptureEdges::damagedIndex_anyByte_givesNoFalseState() {
    WriterProcess app(path());
    createTable(app);
    WriterProcess eye(path());
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    std::set<std::string> states{xxh3_128(m_folder->imageOf(eye)).text()};
    for (int i = 0; i < 4; ++i) {
        app.ok(insertRow(400));
        states.insert(xxh3_128(m_folder->imageOf(eye)).text());
    }
    app.crash();
    // The index is only a file now; a lock of ours stands for an app that has it open.
    eye.ok("select count(*) from t");
    std::mt19937 random(77);
    const QString shm = path() + QStringLiteral("-shm");
    const Buffer good = contentOf(shm);
    for (int round = 0; round < 60; ++round) {
        QFile file(shm);
        QVERIFY(file.open(QIODevice::ReadWrite));
        Buffer bytes(good.begin(), good.begin() + 136);
        const std::size_t at = random() % 96;
        bytes[at] ^= std::byte(1u << (random() % 8));
        bytes[(at + 48) % 96] = bytes[at];
        file.write(reinterpret_cast<const char*>(bytes.data()), 96);
        file.close();
        follower.stepOnce();
        follower.stepOnce();
        QCOMPARE(follower.sink->complaint, std::string());
    }
    for (const ImageSink::Taken& taken : follower.sink->taken) {
        QVERIFY(states.contains(taken.image.text()));
    }
    eye.crash();
}

/// Three processes write as they like, checkpoints among them; each row carries its number, so
/// that every state can be told from the image alone.
void TestSqliteCaptureEdges::manyWriters_everyStateIsOneOfTheirs() {
    std::vector<std::unique_ptr<WriterProcess>> apps;
    for (int i = 0; i < 3; ++i) {
        apps.push_back(std::make_unique<WriterProcess>(path()));
        apps.back()->ok("pragma busy_timeout=20000");
        if (i == 0) {
            createTable(*apps.back(), "page_size=1024");
        }
        apps.back()->ok("pragma synchronous=off");
        apps.back()->ok("pragma wal_autocheckpoint=" + QByteArray::number(10 + i * 30));
    }
    CaptureFollower follower(path());
    QVERIFY(follower.baseline());
    std::mt19937 random(5);
    for (int round = 0; round < 60; ++round) {
        for (auto& app : apps) {
            QByteArray sql;
            for (int i = 0; i < 5; ++i) {
                sql += "begin immediate; insert into t(v) values(randomblob(" +
                       QByteArray::number(random() % 3000) + ")); commit;";
            }
            app->tell(round % 20 == 7 ? "pragma wal_checkpoint(RESTART)" : sql);
        }
        follower.stepOnce();
        for (auto& app : apps) {
            QVERIFY(app->answer().startsWith("ok"));
            follower.stepOnce();
        }
    }
    follower.follow();
    QCOMPARE(follower.sink->complaint, std::string());
    QCOMPARE(follower.sink->image(), m_folder->imageOf(*apps.front()));
    // Each state is a whole database.
    QFile rebuilt(m_folder->file("rebuilt.db"));
    QVERIFY(rebuilt.open(QIODevice::WriteOnly));
    const Buffer image = follower.sink->image();
    rebuilt.write(reinterpret_cast<const char*>(image.data()), static_cast<qint64>(image.size()));
    rebuilt.close();
    WriterProcess judge(m_folder->file("rebuilt.db"));
    QCOMPARE(judge.ok("pragma integrity_check"), QByteArray("ok"));
}

QTEST_GUILESS_MAIN(TestSqliteCaptureEdges)
#include "tst_sqlite_capture_edges.moc"
