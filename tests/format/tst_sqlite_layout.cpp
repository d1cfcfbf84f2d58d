// SPDX-License-Identifier: Apache-2.0
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "engine/format/sqlite_layout.h"

#include "tests/support/writer_process.h"

using namespace engine;

namespace {

Buffer bytesOf(const QString& path) {
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        return {};
    }
    const QByteArray all = file.readAll();
    const auto* begin = reinterpret_cast<const std::byte*>(all.constData());
    return {begin, begin + all.size()};
}

void addPageSizes() {
    QTest::addColumn<quint32>("pageSize");
    for (quint32 size = 512; size <= 65536; size *= 2) {
        QTest::addRow("%u", size) << size;
    }
}

/// The sum as the file format's text says it, word by word.
WalChecksum plainChecksum(ByteView bytes, bool bigEndianWords) {
    WalChecksum sum;
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
        const std::byte* word = bytes.data() + at;
        sum.first += (bigEndianWords ? loadBe<quint32>(word) : loadLe<quint32>(word)) + sum.second;
        sum.second +=
            (bigEndianWords ? loadBe<quint32>(word + 4) : loadLe<quint32>(word + 4)) + sum.first;
    }
    return sum;
}

Buffer sampleHeader() {
    Buffer bytes(kSqliteHeaderBytes);
    std::memcpy(bytes.data(), "SQLite format 3", 16);
    storeBe<quint16>(bytes.data() + 16, 4096);
    bytes[18] = bytes[19] = std::byte{1};
    storeBe<quint32>(bytes.data() + 24, 7);
    storeBe<quint32>(bytes.data() + 28, 10);
    storeBe<quint32>(bytes.data() + 92, 7);
    return bytes;
}

Buffer sampleWalHeader(bool bigEndianWords) {
    Buffer bytes(kWalHeaderBytes);
    storeBe<quint32>(bytes.data(), 0x377f0682u | (bigEndianWords ? 1u : 0u));
    storeBe<quint32>(bytes.data() + 4, 3007000);
    storeBe<quint32>(bytes.data() + 8, 1024);
    storeBe<quint32>(bytes.data() + 12, 3);
    storeBe<quint32>(bytes.data() + 16, 0x01020304);
    storeBe<quint32>(bytes.data() + 20, 0x05060708);
    const WalChecksum sum = plainChecksum(ByteView(bytes).first(24), bigEndianWords);
    storeBe<quint32>(bytes.data() + 24, sum.first);
    storeBe<quint32>(bytes.data() + 28, sum.second);
    return bytes;
}

}  // namespace

class TestSqliteLayout : public QObject {
    Q_OBJECT

private slots:

    void header_realDatabase_isRead_data() { addPageSizes(); }

    void header_realDatabase_isRead();
    void header_walDatabase_saysSo();
    void header_hostileBytes_areCorruption_data();
    void header_hostileBytes_areCorruption();
    void pagesAtRest_followsTheHeaderOnlyWhereItFits_data();
    void pagesAtRest_followsTheHeaderOnlyWhereItFits();
    void lockBytePage_isWhereTheLocksAre();
    void checksum_bothByteOrders_equalThePlainSum();

    void wal_realFile_chainEndsAtThePublishedFrame_data() { addPageSizes(); }

    void wal_realFile_chainEndsAtThePublishedFrame();
    void walHeader_bothByteOrders_areRead();
    void walHeader_hostileBytes_areCorruption_data();
    void walHeader_hostileBytes_areCorruption();
    void walIndex_hostileBytes_areCorruption_data();
    void walIndex_hostileBytes_areCorruption();
    void walFrameCount_countsWholeFrames();

private:
    QString path(const QString& name) const { return m_folder.filePath(name); }

    QTemporaryDir m_folder;
};

void TestSqliteLayout::header_realDatabase_isRead() {
    QFETCH(quint32, pageSize);
    const QString file = path(QStringLiteral("%1.db").arg(pageSize));
    WriterProcess app(file);
    app.ok("pragma page_size=" + QByteArray::number(pageSize));
    app.ok("create table t(x)");
    app.ok("insert into t values(zeroblob(70000))");
    const Buffer bytes = bytesOf(file);
    const auto header = SqliteHeader::parse(bytes);
    QVERIFY(header.ok());
    QCOMPARE(header.value().pageSize, pageSize);
    QCOMPARE(header.value().writeVersion, quint8{1});
    QVERIFY(!header.value().usesWal());
    QCOMPARE(header.value().changeCounter, 2u);
    QVERIFY(header.value().pageCountValid());
    QCOMPARE(header.value().pagesAtRest(bytes.size()), app.ok("pragma page_count").toULongLong());
    QCOMPARE(header.value().pagesAtRest(bytes.size()) * pageSize, bytes.size());
}

void TestSqliteLayout::header_walDatabase_saysSo() {
    const QString file = path(QStringLiteral("wal.db"));
    WriterProcess app(file);
    app.ok("pragma journal_mode=wal");
    const auto header = SqliteHeader::parse(bytesOf(file));
    QVERIFY(header.ok());
    QVERIFY(header.value().usesWal());
    QCOMPARE(header.value().writeVersion, quint8{2});
}

void TestSqliteLayout::header_hostileBytes_areCorruption_data() {
    QTest::addColumn<int>("offset");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("size");
    QTest::newRow("empty") << 0 << QByteArray() << 0;
    QTest::newRow("one byte short") << 0 << QByteArray() << 99;
    QTest::newRow("magic") << 5 << QByteArray("X") << 100;
    QTest::newRow("magic without its zero") << 15 << QByteArray("!") << 100;
    QTest::newRow("page size 0") << 16 << QByteArray("\0\0", 2) << 100;
    QTest::newRow("page size 2") << 16 << QByteArray("\0\2", 2) << 100;
    QTest::newRow("page size 256") << 16 << QByteArray("\1\0", 2) << 100;
    QTest::newRow("page size 1000") << 16 << QByteArray("\3\xe8", 2) << 100;
    QTest::newRow("page size 65535") << 16 << QByteArray("\xff\xff", 2) << 100;
}

void TestSqliteLayout::header_hostileBytes_areCorruption() {
    QFETCH(int, offset);
    QFETCH(QByteArray, bytes);
    QFETCH(int, size);
    Buffer header = sampleHeader();
    QVERIFY(SqliteHeader::parse(header).ok());
    std::memcpy(header.data() + offset, bytes.constData(), static_cast<std::size_t>(bytes.size()));
    header.resize(static_cast<std::size_t>(size));
    const auto parsed = SqliteHeader::parse(header);
    QVERIFY(!parsed.ok());
    QCOMPARE(parsed.error().code, ErrorCode::Corruption);
}

void TestSqliteLayout::pagesAtRest_followsTheHeaderOnlyWhereItFits_data() {
    QTest::addColumn<quint32>("counter");
    QTest::addColumn<quint32>("pageCount");
    QTest::addColumn<quint64>("fileBytes");
    QTest::addColumn<quint64>("expected");
    QTest::addColumn<bool>("fits");
    QTest::newRow("as written") << 7u << 10u << quint64{40960} << quint64{10} << true;
    QTest::newRow("grown in chunks") << 7u << 10u << quint64{1 << 20} << quint64{10} << true;
    QTest::newRow("old writer") << 8u << 10u << quint64{81920} << quint64{20} << true;
    QTest::newRow("no count") << 7u << 0u << quint64{81920} << quint64{20} << true;
    QTest::newRow("cut") << 7u << 10u << quint64{36864} << quint64{9} << false;
    QTest::newRow("cut within a page") << 7u << 10u << quint64{40959} << quint64{9} << false;
    QTest::newRow("most pages") << 7u << 0xffff'ffffu << quint64{4096} << quint64{1} << false;
}

void TestSqliteLayout::pagesAtRest_followsTheHeaderOnlyWhereItFits() {
    QFETCH(quint32, counter);
    QFETCH(quint32, pageCount);
    QFETCH(quint64, fileBytes);
    Buffer bytes = sampleHeader();
    storeBe<quint32>(bytes.data() + 24, counter);
    storeBe<quint32>(bytes.data() + 28, pageCount);
    const auto header = SqliteHeader::parse(bytes);
    QVERIFY(header.ok());
    QTEST(quint64{header.value().pagesAtRest(fileBytes)}, "expected");
    QTEST(header.value().fitsInto(fileBytes), "fits");
}

void TestSqliteLayout::lockBytePage_isWhereTheLocksAre() {
    QCOMPARE(lockBytePage(512), 2097153u);
    QCOMPARE(lockBytePage(4096), 262145u);
    QCOMPARE(lockBytePage(65536), 16385u);
    QCOMPARE(kSharedLock.offset + kSharedLock.length, quint64{0x40000200});
}

void TestSqliteLayout::checksum_bothByteOrders_equalThePlainSum() {
    Buffer bytes(4104);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>((i * 151 + i / 7) & 0xff);
    }
    for (const bool bigEndian : {false, true}) {
        QCOMPARE(walChecksum({}, bytes, bigEndian), plainChecksum(bytes, bigEndian));
        // In two pieces as in one.
        const ByteView view(bytes);
        const WalChecksum half = walChecksum({}, view.first(800), bigEndian);
        QCOMPARE(walChecksum(half, view.subspan(800), bigEndian), plainChecksum(bytes, bigEndian));
    }
    QCOMPARE(walChecksum({5, 6}, ByteView(), true), (WalChecksum{5, 6}));
}

void TestSqliteLayout::wal_realFile_chainEndsAtThePublishedFrame() {
    QFETCH(quint32, pageSize);
    const QString file = path(QStringLiteral("chain%1.db").arg(pageSize));
    WriterProcess app(file);
    app.ok("pragma page_size=" + QByteArray::number(pageSize));
    app.ok("pragma journal_mode=wal");
    app.ok("create table t(x)");
    for (int i = 0; i < 3; ++i) {
        app.ok("insert into t values(randomblob(100000))");
    }
    const Buffer wal = bytesOf(file + QStringLiteral("-wal"));
    const Buffer shm = bytesOf(file + QStringLiteral("-shm"));
    const auto header = WalHeader::parse(wal);
    QVERIFY(header.ok());
    QCOMPARE(header.value().pageSize, pageSize);
    QVERIFY(shm.size() > 136);
    const auto index = WalIndexHeader::parse(shm, ByteView(shm).subspan(kWalIndexHeaderBytes));
    QVERIFY(index.ok());
    QCOMPARE(index.value().pageSize, pageSize);
    QCOMPARE(index.value().salts, header.value().salts);
    QCOMPARE(index.value().bigEndianWords, header.value().bigEndianWords);
    QCOMPARE(quint64{index.value().pageCount}, app.ok("pragma page_count").toULongLong());

    WalChecksum sum = header.value().checksum;
    int commits = 0;
    for (quint32 frame = 1; frame <= index.value().frames; ++frame) {
        const ByteView at = ByteView(wal).subspan(walFrameOffset(frame, pageSize));
        const WalFrameHeader found = WalFrameHeader::load(at);
        sum = walFrameChecksum(
            sum, at, at.subspan(kWalFrameHeaderBytes, pageSize), header.value().bigEndianWords);
        QCOMPARE(found.checksum, sum);
        QCOMPARE(found.salts, header.value().salts);
        QVERIFY(found.page != 0);
        commits += found.isCommit() ? 1 : 0;
    }
    QCOMPARE(sum, index.value().frameChecksum);
    QCOMPARE(commits, 4);
    QVERIFY(walFrameCount(wal.size(), pageSize) >= index.value().frames);
}

void TestSqliteLayout::walHeader_bothByteOrders_areRead() {
    for (const bool bigEndian : {false, true}) {
        const auto header = WalHeader::parse(sampleWalHeader(bigEndian));
        QVERIFY(header.ok());
        QCOMPARE(header.value().bigEndianWords, bigEndian);
        QCOMPARE(header.value().pageSize, 1024u);
        QCOMPARE(header.value().checkpoints, 3u);
        QCOMPARE(header.value().salts, (WalSalts{0x01020304, 0x05060708}));
    }
}

void TestSqliteLayout::walHeader_hostileBytes_areCorruption_data() {
    QTest::addColumn<int>("offset");
    QTest::addColumn<bool>("checksumMadeRight");
    QTest::newRow("magic") << 1 << true;
    QTest::newRow("version") << 7 << true;
    QTest::newRow("page size") << 11 << true;
    QTest::newRow("any salt bit") << 17 << false;
    QTest::newRow("checksum") << 31 << false;
}

void TestSqliteLayout::walHeader_hostileBytes_areCorruption() {
    QFETCH(int, offset);
    QFETCH(bool, checksumMadeRight);
    Buffer bytes = sampleWalHeader(false);
    bytes[static_cast<std::size_t>(offset)] ^= std::byte{0x10};
    if (checksumMadeRight) {
        const WalChecksum sum = plainChecksum(ByteView(bytes).first(24), false);
        storeBe<quint32>(bytes.data() + 24, sum.first);
        storeBe<quint32>(bytes.data() + 28, sum.second);
    }
    QCOMPARE(WalHeader::parse(bytes).error().code, ErrorCode::Corruption);
    const ByteView shorter = ByteView(bytes).first(kWalHeaderBytes - 1);
    QCOMPARE(WalHeader::parse(shorter).error().code, ErrorCode::Corruption);
}

void TestSqliteLayout::walIndex_hostileBytes_areCorruption_data() {
    QTest::addColumn<int>("offset");
    QTest::addColumn<int>("value");
    QTest::addColumn<bool>("inBothCopies");
    QTest::newRow("torn: copies differ") << 16 << 99 << false;
    QTest::newRow("not initialised") << 12 << 0 << true;
    QTest::newRow("version") << 0 << 1 << true;
    QTest::newRow("page size") << 14 << 3 << true;
    QTest::newRow("frame number without checksum") << 16 << 77 << true;
}

void TestSqliteLayout::walIndex_hostileBytes_areCorruption() {
    const QString file = path(QStringLiteral("index.db"));
    Buffer shm;
    {
        WriterProcess app(file);
        app.ok("pragma journal_mode=wal");
        app.ok("create table if not exists t(x)");
        app.ok("insert into t values(1)");
        shm = bytesOf(file + QStringLiteral("-shm"));
    }
    QVERIFY(WalIndexHeader::parse(shm, ByteView(shm).subspan(48)).ok());
    QFETCH(int, offset);
    QFETCH(int, value);
    QFETCH(bool, inBothCopies);
    const auto at = static_cast<std::size_t>(offset);
    shm[at] = static_cast<std::byte>(value);
    if (inBothCopies) {
        shm[at + 48] = static_cast<std::byte>(value);
    }
    const auto index = WalIndexHeader::parse(shm, ByteView(shm).subspan(48));
    QVERIFY(!index.ok());
    QCOMPARE(index.error().code, ErrorCode::Corruption);
    QVERIFY(!WalIndexHeader::parse(ByteView(shm).first(47), ByteView(shm).subspan(48)).ok());
}

void TestSqliteLayout::walFrameCount_countsWholeFrames() {
    QCOMPARE(walFrameCount(0, 4096), quint64{0});
    QCOMPARE(walFrameCount(32, 4096), quint64{0});
    QCOMPARE(walFrameCount(32 + 4119, 4096), quint64{0});
    QCOMPARE(walFrameCount(32 + 4120, 4096), quint64{1});
    QCOMPARE(walFrameOffset(1, 4096), quint64{32});
    QCOMPARE(walFrameOffset(0xffff'ffff, 65536), quint64{32} + 0xffff'fffeull * 65560);
}

QTEST_GUILESS_MAIN(TestSqliteLayout)
#include "tst_sqlite_layout.moc"
