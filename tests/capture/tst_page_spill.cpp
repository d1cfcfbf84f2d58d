// SPDX-License-Identifier: Apache-2.0
#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include "engine/capture/page_spill.h"
#include "engine/format/page_map.h"

using namespace engine;

namespace {

constexpr std::uint64_t kSeed = 3;

Buffer pageOf(std::uint64_t page, std::uint32_t pageSize) {
    Buffer bytes(pageSize, static_cast<std::byte>(page * 7));
    storeLe(bytes.data(), page);
    return bytes;
}

}  // namespace

class TestPageSpill : public QObject {
    Q_OBJECT

private slots:
    void pages_inMemoryAndOnDisk_comeBackInOrder_data();
    void pages_inMemoryAndOnDisk_comeBackInOrder();
    void nothing_givesNothing();
    void folderNotWritable_isAnError();
};

void TestPageSpill::pages_inMemoryAndOnDisk_comeBackInOrder_data() {
    QTest::addColumn<quint32>("pageSize");
    QTest::addColumn<int>("pages");
    QTest::addColumn<bool>("onDisk");
    QTest::newRow("few") << 512u << 3 << false;
    QTest::newRow("up to the bound") << 4096u << 15 << false;
    QTest::newRow("one more") << 4096u << 16 << true;
    QTest::newRow("many") << 1024u << 5000 << true;
    QTest::newRow("large pages") << 65536u << 40 << true;
}

void TestPageSpill::pages_inMemoryAndOnDisk_comeBackInOrder() {
    QFETCH(quint32, pageSize);
    QFETCH(int, pages);
    QTemporaryDir folder;
    PageSpill spill(folder.path().toStdString(), pageSize, kSeed, 64u << 10);
    const auto count = static_cast<std::uint64_t>(pages);
    for (std::uint64_t page = 1; page <= count; ++page) {
        const Buffer bytes = pageOf(page * 3, pageSize);
        QVERIFY(spill.append(page * 3, pageHash(bytes, kSeed), bytes).ok());
    }
    QCOMPARE(quint64{spill.count()}, quint64{count});
    QTEST(spill.bytesOnDisk() > 0, "onDisk");
    QVERIFY(QDir(folder.path()).isEmpty(QDir::Files));
    PageSpill moved = std::move(spill);
    for (int twice = 0; twice < 2; ++twice) {
        for (std::uint64_t page = 1; page <= count; ++page) {
            const auto next = moved.next();
            QVERIFY(next.ok() && next.value());
            QCOMPARE(quint64{next.value()->page}, quint64{page * 3});
            const Buffer expected = pageOf(page * 3, pageSize);
            QVERIFY(std::equal(next.value()->bytes.begin(),
                               next.value()->bytes.end(),
                               expected.begin(),
                               expected.end()));
        }
        const auto end = moved.next();
        QVERIFY(end.ok() && !end.value());
        moved.rewind();
    }
}

void TestPageSpill::nothing_givesNothing() {
    PageSpill spill("/nonexistent/never/used", 1024, kSeed);
    const auto next = spill.next();
    QVERIFY(next.ok() && !next.value());
}

void TestPageSpill::folderNotWritable_isAnError() {
    PageSpill spill("/proc/spill", 1024, kSeed, 1024);
    const Buffer bytes = pageOf(1, 1024);
    QVERIFY(spill.append(1, pageHash(bytes, kSeed), bytes).ok());
    QVERIFY(!spill.append(2, pageHash(bytes, kSeed), bytes).ok());
}

QTEST_GUILESS_MAIN(TestPageSpill)
#include "tst_page_spill.moc"
