// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <random>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "engine/format/sqlite_journal_layout.h"
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

struct Parsed {
    std::optional<JournalHeader> header;
    std::vector<JournalRecord> records;
    bool inside = true;  // nothing was wanted from outside of the file
};

Parsed parse(const Buffer& journal, quint32 databasePageSize = 0) {
    Parsed parsed;
    JournalParser parser(journal.size(), databasePageSize);
    while (const auto range = parser.wanted()) {
        if (range->offset > journal.size() || journal.size() - range->offset < range->length) {
            parsed.inside = false;
            break;
        }
        if (const auto record =
                parser.take(ByteView(journal).subspan(range->offset, range->length))) {
            parsed.records.push_back(*record);
        }
    }
    parsed.header = parser.header();
    return parsed;
}

/// A journal as SQLite writes it: sectors of 512 bytes, pages of 1024.
class SampleJournal {
public:
    explicit SampleJournal(quint32 pageCount = 100)
        : m_pageCount(pageCount) {}

    SampleJournal& header(quint32 records, quint32 nonce) {
        bytes.resize((bytes.size() + 511) / 512 * 512 + 512);
        std::byte* at = bytes.data() + bytes.size() - 512;
        const quint8 magic[8] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
        std::memcpy(at, magic, 8);
        storeBe<quint32>(at + 8, records);
        storeBe<quint32>(at + 12, nonce);
        storeBe<quint32>(at + 16, m_pageCount);
        storeBe<quint32>(at + 20, 512);
        storeBe<quint32>(at + 24, 1024);
        m_nonce = nonce;
        return *this;
    }

    SampleJournal& record(quint32 page, char fill) {
        const std::size_t at = bytes.size();
        bytes.resize(at + 1032, static_cast<std::byte>(fill));
        storeBe<quint32>(bytes.data() + at, page);
        const ByteView data = ByteView(bytes).subspan(at + 4, 1024);
        storeBe<quint32>(bytes.data() + at + 1028, journalChecksum(m_nonce, data));
        return *this;
    }

    SampleJournal& word(std::size_t at, quint32 value) {
        storeBe<quint32>(bytes.data() + at, value);
        return *this;
    }

    Buffer bytes;

private:
    quint32 m_pageCount;
    quint32 m_nonce = 0;
};

Buffer sampleTail(const std::string& name, quint32 length, quint32 sum) {
    Buffer tail;
    appendBytes(tail, viewOf(name));
    tail.resize(tail.size() + 16);
    std::byte* at = tail.data() + tail.size() - 16;
    storeBe<quint32>(at, length);
    storeBe<quint32>(at + 4, sum);
    const quint8 magic[8] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
    std::memcpy(at + 8, magic, 8);
    return tail;
}

}  // namespace

class TestSqliteJournalLayout : public QObject {
    Q_OBJECT

private slots:
    void parse_openTransaction_holdsTheOldPages_data();
    void parse_openTransaction_holdsTheOldPages();
    void isHot_afterCommit_isFalse_data();
    void isHot_afterCommit_isFalse();
    void parse_headersAndRecords_areTakenAsSqliteDoes_data();
    void parse_headersAndRecords_areTakenAsSqliteDoes();
    void parse_everyTruncation_staysInside();
    void parse_flippedBytes_staysInsideAndEnds();
    void superJournal_twoDatabases_isNamed();
    void superJournal_hostileTail_isNone_data();
    void superJournal_hostileTail_isNone();

private:
    QString path(const QString& name) const { return m_folder.filePath(name); }

    QTemporaryDir m_folder;
};

void TestSqliteJournalLayout::parse_openTransaction_holdsTheOldPages_data() {
    QTest::addColumn<quint32>("pageSize");
    QTest::addColumn<QByteArray>("mode");
    QTest::addColumn<QByteArray>("synchronous");
    for (quint32 size = 512; size <= 65536; size *= 2) {
        for (const char* mode : {"delete", "truncate", "persist"}) {
            QTest::addRow("%u %s full", size, mode)
                << size << QByteArray(mode) << QByteArray("full");
        }
        QTest::addRow("%u delete off", size) << size << QByteArray("delete") << QByteArray("off");
    }
}

void TestSqliteJournalLayout::parse_openTransaction_holdsTheOldPages() {
    QFETCH(quint32, pageSize);
    QFETCH(QByteArray, mode);
    QFETCH(QByteArray, synchronous);
    const QString file = path(QString::fromLatin1(QTest::currentDataTag()).replace(u' ', u'_'));
    WriterProcess app(file);
    app.ok("pragma page_size=" + QByteArray::number(pageSize));
    app.ok("pragma journal_mode=" + mode);
    app.ok("pragma synchronous=" + synchronous);
    app.ok("pragma cache_size=4");
    app.ok("create table t(k integer primary key, x)");
    app.ok(
        "with recursive n(i) as (select 1 union all select i+1 from n where i<60)"
        " insert into t select i, randomblob(" +
        QByteArray::number(pageSize) + ") from n");
    const Buffer before = bytesOf(file);
    app.ok("begin");
    app.ok("update t set x=zeroblob(length(x)+1)");  // more than the cache holds: it spills
    const Buffer journal = bytesOf(file + QStringLiteral("-journal"));
    QVERIFY(!journal.empty());
    QVERIFY(isHotJournal(journal.size(), journal[0]));
    const Parsed parsed = parse(journal);
    QVERIFY(parsed.inside);
    QVERIFY(parsed.header.has_value());
    QCOMPARE(parsed.header->pageSize, pageSize);
    QCOMPARE(std::size_t{parsed.header->pageCount} * pageSize, before.size());
    QVERIFY(parsed.records.size() > 40);

    Buffer restored = bytesOf(file);
    QVERIFY(restored != before);
    restored.resize(before.size());
    for (const JournalRecord& record : parsed.records) {
        std::memcpy(restored.data() + std::size_t{record.page - 1} * pageSize,
                    journal.data() + record.offset,
                    pageSize);
    }
    QVERIFY(restored == before);
}

void TestSqliteJournalLayout::isHot_afterCommit_isFalse_data() {
    QTest::addColumn<QByteArray>("mode");
    QTest::addColumn<bool>("there");
    QTest::addColumn<bool>("empty");
    QTest::newRow("delete") << QByteArray("delete") << false << true;
    QTest::newRow("truncate") << QByteArray("truncate") << true << true;
    QTest::newRow("persist") << QByteArray("persist") << true << false;
}

void TestSqliteJournalLayout::isHot_afterCommit_isFalse() {
    QFETCH(QByteArray, mode);
    const QString file = path(QStringLiteral("rest_") + QString::fromLatin1(mode));
    WriterProcess app(file);
    app.ok("pragma journal_mode=" + mode);
    app.ok("create table t(x)");
    app.ok("insert into t values(1)");
    const QString journalPath = file + QStringLiteral("-journal");
    const Buffer journal = bytesOf(journalPath);
    QTEST(QFile::exists(journalPath), "there");
    QTEST(journal.empty(), "empty");
    QVERIFY(!isHotJournal(journal.size(), journal.empty() ? std::byte{1} : journal[0]));
}

void TestSqliteJournalLayout::parse_headersAndRecords_areTakenAsSqliteDoes_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QList<int>>("pages");
    QTest::addColumn<bool>("rolledBack");
    const auto add =
        [](const char* name, const SampleJournal& journal, QList<int> pages, bool back) {
            const QByteArray bytes(reinterpret_cast<const char*>(journal.bytes.data()),
                                   static_cast<qsizetype>(journal.bytes.size()));
            QTest::newRow(name) << bytes << pages << back;
        };
    const auto two = [] { return SampleJournal().header(2, 5).record(3, 'a').record(9, 'b'); };
    add("two records", two(), {3, 9}, true);
    add("two headers", two().header(1, 77).record(4, 'c'), {3, 9, 4}, true);
    add("no sync: to the end", two().word(8, 0xffffffff), {3, 9}, true);
    add("header without records is passed",
        SampleJournal().header(0, 1).header(1, 2).record(7, 'x'),
        {7},
        true);
    add("last header never synced", two().header(0, 9).record(8, 'z'), {3, 9}, true);
    add("more records promised than there", two().word(8, 1000000), {3, 9}, true);
    add("a page above the old count is left out",
        SampleJournal(5).header(2, 5).record(6, 'a').record(5, 'b'),
        {5},
        true);
    add("page 0 ends it", SampleJournal().header(2, 5).record(0, 'a').record(9, 'b'), {}, true);
    add("the lock page ends it",
        SampleJournal(0xfffffff0).header(2, 5).record(lockBytePage(1024), 'a').record(9, 'b'),
        {},
        true);
    add("wrong checksum ends all", two().word(512 + 1028, 1).header(1, 2).record(4, 'c'), {}, true);
    add("the same page twice",
        SampleJournal().header(2, 5).record(3, 'a').record(3, 'b'),
        {3, 3},
        true);
    add("page size of an old version", two().word(24, 0), {3, 9}, true);
    add("page size 1000", two().word(24, 1000), {}, false);
    add("page size 131072", two().word(24, 131072), {}, false);
    add("sector 0", two().word(20, 0), {}, false);
    add("sector 31", two().word(20, 31), {}, false);
    add("sector 1 MiB", two().word(20, 1 << 20), {}, false);
    add("no magic", two().word(0, 1), {}, false);
    add("second header's sizes do not count",
        two().header(1, 7).record(4, 'c').word(3072 + 24, 3),
        {3, 9, 4},
        true);
    add("empty", SampleJournal(), {}, false);
}

void TestSqliteJournalLayout::parse_headersAndRecords_areTakenAsSqliteDoes() {
    QFETCH(QByteArray, bytes);
    QFETCH(QList<int>, pages);
    const auto* begin = reinterpret_cast<const std::byte*>(bytes.constData());
    const Parsed parsed = parse(Buffer(begin, begin + bytes.size()), 1024);
    QVERIFY(parsed.inside);
    QTEST(parsed.header.has_value(), "rolledBack");
    QList<int> found;
    for (const JournalRecord& record : parsed.records) {
        found.push_back(static_cast<int>(record.page));
    }
    QCOMPARE(found, pages);
}

void TestSqliteJournalLayout::parse_everyTruncation_staysInside() {
    const Buffer whole = SampleJournal()
                             .header(2, 5)
                             .record(3, 'a')
                             .record(9, 'b')
                             .header(1, 7)
                             .record(4, 'c')
                             .bytes;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const Parsed parsed = parse(Buffer(whole.begin(), whole.begin() + static_cast<long>(size)));
        QVERIFY(parsed.inside);
        const std::size_t expected = size >= 512 + 2 * 1032 ? 2 : size >= 512 + 1032 ? 1 : 0;
        QCOMPARE(parsed.records.size(), expected);
    }
}

void TestSqliteJournalLayout::parse_flippedBytes_staysInsideAndEnds() {
    const Buffer whole = SampleJournal()
                             .header(2, 5)
                             .record(3, 'a')
                             .record(9, 'b')
                             .header(1, 7)
                             .record(4, 'c')
                             .bytes;
    std::mt19937 random(20261124);
    for (int round = 0; round < 20000; ++round) {
        Buffer bytes = whole;
        // Mostly in the headers, where the sizes are.
        for (int flips = 0; flips < 3; ++flips) {
            const std::size_t at = random() % (round % 2 == 0 ? 28 : bytes.size());
            bytes[at] = static_cast<std::byte>(random());
        }
        const Parsed parsed = parse(bytes, 1024);
        QVERIFY(parsed.inside);
        QVERIFY(parsed.records.size() <= bytes.size() / 520);
    }
}

void TestSqliteJournalLayout::superJournal_twoDatabases_isNamed() {
    const QString file = path(QStringLiteral("one.db"));
    WriterProcess app;
    app.ok(".exit-at-delete -mj");
    app.ok(".open " + file.toUtf8());
    app.ok("attach '" + path(QStringLiteral("two.db")).toUtf8() + "' as two");
    app.ok("create table t(x)");
    app.ok("create table two.t(x)");
    app.ok("begin; insert into t values(1); insert into two.t values(1)");
    app.last("commit");  // the deletion of the super-journal is what commits
    const Buffer journal = bytesOf(file + QStringLiteral("-journal"));
    const std::size_t length = std::min<std::size_t>(journal.size(), kSuperJournalTailBytes);
    const auto name = superJournalName(ByteView(journal).last(length));
    QVERIFY(name.has_value());
    QVERIFY(QString::fromStdString(*name).startsWith(file + QStringLiteral("-mj")));
}

void TestSqliteJournalLayout::superJournal_hostileTail_isNone_data() {
    QTest::addColumn<QByteArray>("tail");
    QTest::addColumn<bool>("named");
    const auto add = [](const char* row, const Buffer& tail, bool named) {
        QTest::newRow(row) << QByteArray(reinterpret_cast<const char*>(tail.data()),
                                         static_cast<qsizetype>(tail.size()))
                           << named;
    };
    const quint32 sum = 'a' + 'b' + 'c';
    add("right", sampleTail("abc", 3, sum), true);
    add("with more in front", sampleTail("xxabc", 3, sum), true);
    add("length 0", sampleTail("abc", 0, 0), false);
    add("length above what is there", sampleTail("abc", 4, sum), false);
    add("length of all ones", sampleTail("abc", 0xffffffff, sum), false);
    add("wrong sum", sampleTail("abc", 3, sum + 1), false);
    add("empty name", sampleTail(std::string("\0bc", 3), 3, 'b' + 'c'), false);
    add("15 bytes", Buffer(15), false);
    add("nothing", Buffer(), false);
}

void TestSqliteJournalLayout::superJournal_hostileTail_isNone() {
    QFETCH(QByteArray, tail);
    const ByteView view(reinterpret_cast<const std::byte*>(tail.constData()),
                        static_cast<std::size_t>(tail.size()));
    QTEST(superJournalName(view).has_value(), "named");
}

QTEST_GUILESS_MAIN(TestSqliteJournalLayout)
#include "tst_sqlite_journal_layout.moc"
