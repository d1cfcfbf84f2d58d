// SPDX-License-Identifier: Apache-2.0
// Sealed artefacts. The attacker of these tests repairs every checksum, so that only the seal is
// left to notice what he did.
#include <QtTest>

#include "engine/format/artefact_layout.h"
#include "engine/format/part_index.h"

#include "tests/format/aead_sealer.h"
#include "tests/format/artefact_samples.h"

using namespace engine;
using namespace engine::samples;

namespace {

const Compression kStored{Codec::None, 0, 0};

/// The last part of an artefact, taken apart and put together again with checksums that fit.
struct Attack {
    PartHeader header;
    Buffer head;
    Buffer blocks;
    Buffer index;
    Buffer summary;
    Buffer commitTable;
    PartFooter footer;

    explicit Attack(ByteView part) {
        header = parseHeader(part.first(kPartHeaderBytes)).value();
        footer = parseFooter(part.last(kPartFooterBytes), part.size()).value();
        ByteView rest = part.subspan(kPartHeaderBytes);
        const auto take = [&rest](std::size_t count) {
            const Buffer taken(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count));
            rest = rest.subspan(count);
            return taken;
        };
        head = take(header.headBytes);
        blocks = take(rest.size() - kPartFooterBytes - footer.sectionBytes());
        index = take(footer.indexBytes);
        summary = take(footer.summaryBytes);
        commitTable = take(footer.commitTableBytes);
    }

    Buffer build() {
        header.headBytes = static_cast<std::uint32_t>(head.size());
        if (!head.empty()) {
            header.identity.headDigest = sha256(head);
        }
        footer.identity = header.identity;
        Buffer part;
        appendHeader(part, header);
        appendBytes(part, head);
        appendBytes(part, blocks);
        const std::size_t tail = part.size();
        appendBytes(part, index);
        appendBytes(part, summary);
        appendBytes(part, commitTable);
        footer.indexBytes = static_cast<std::uint32_t>(index.size());
        footer.summaryBytes = static_cast<std::uint32_t>(summary.size());
        footer.commitTableBytes = static_cast<std::uint32_t>(commitTable.size());
        footer.tailChecksum = xxh3(ByteView(part).subspan(tail));
        footer.partBytes = part.size() + kPartFooterBytes;
        appendFooter(part, footer);
        return part;
    }
};

bool refused(const std::vector<FinishedPart>& parts, const Sealer& sealer) {
    const auto read = readBack(parts, &sealer);
    return !read.ok() && read.error().code == ErrorCode::Corruption;
}

}  // namespace

class TestArtefactSealed : public QObject {
    Q_OBJECT
private slots:
    void init();
    void roundTrip_withTheKey_sameCommits_data();
    void roundTrip_withTheKey_sameCommits();
    void bytes_sealedAgain_areTheSame();
    void content_isNotInTheClear();
    void read_withoutOrWithWrongKey_isPermissionDenied();
    void attack_doingNothing_passes();
    void head_changed_isRefused();
    void sections_fromAnotherArtefact_areRefused();
    void sections_exchangedForEachOther_areRefused();
    void blocks_swapped_areRefused();
    void part_renumbered_isRefused();
    void lastPart_shortened_isRefused();
    void block_readAlone_needsItsPlace();

private:
    AeadSealer m_sealer{"key-1"};
    Sample m_sample;
    std::vector<FinishedPart> m_parts;
    std::vector<FinishedPart> m_others;  // the same content under another artefact id
};

void TestArtefactSealed::init() {
    m_sample = snapshotOf(4096, kStored, 700);
    m_parts = write(m_sample, optionsFor(m_sample.head, 1u << 20, nullptr, &m_sealer)).value();
    QVERIFY(m_parts.size() >= 3);
    Sample other = m_sample;
    other.head.id.bytes[0] ^= std::byte{1};
    m_others = write(other, optionsFor(other.head, 1u << 20, nullptr, &m_sealer)).value();
}

void TestArtefactSealed::roundTrip_withTheKey_sameCommits_data() {
    QTest::addColumn<quint32>("target");
    QTest::newRow("one part") << (16u << 20);
    QTest::newRow("several parts") << (1u << 20);
}

void TestArtefactSealed::roundTrip_withTheKey_sameCommits() {
    QFETCH(quint32, target);
    WorkerPool pool(2);
    const Compression zstd{Codec::Zstd, 0, 0};
    for (const Sample& sample : {segmentOf(4096, zstd, 20, 40), snapshotOf(4096, zstd, 600)}) {
        const auto parts = write(sample, optionsFor(sample.head, target, &pool, &m_sealer));
        VERIFY_OK(parts);
        const auto again = readBack(parts.value(), &m_sealer, &pool);
        VERIFY_OK(again);
        QVERIFY(sameCommits(sample.commits, again.value()));
        QCOMPARE(tableOf(parts.value(), &m_sealer).value().head.keyId, std::string("key-1"));
        for (const FinishedPart& part : parts.value()) {
            QVERIFY(part.bytes.size() <= target);
        }
    }
}

void TestArtefactSealed::bytes_sealedAgain_areTheSame() {
    WorkerPool pool(2);
    const auto again = write(m_sample, optionsFor(m_sample.head, 1u << 20, &pool, &m_sealer));
    VERIFY_OK(again);
    for (std::size_t i = 0; i < m_parts.size(); ++i) {
        QVERIFY(again.value()[i].bytes == m_parts[i].bytes);
    }
}

void TestArtefactSealed::content_isNotInTheClear() {
    const Buffer page = pageOf(4096, 20, 0);
    for (const FinishedPart& part : m_parts) {
        const auto found =
            std::search(part.bytes.begin(), part.bytes.end(), page.begin(), page.begin() + 16);
        QVERIFY(found == part.bytes.end());
    }
}

void TestArtefactSealed::read_withoutOrWithWrongKey_isPermissionDenied() {
    const AeadSealer other("key-2");
    for (const Sealer* sealer :
         {static_cast<const Sealer*>(nullptr), static_cast<const Sealer*>(&other)}) {
        const auto read = readBack(m_parts, sealer);
        QVERIFY(!read.ok());
        QCOMPARE(read.error().code, ErrorCode::PermissionDenied);
    }
    MemoryPartSource first(m_parts.front().bytes);
    VERIFY_OK(readHead(first));  // the head is in the clear
}

void TestArtefactSealed::attack_doingNothing_passes() {
    for (FinishedPart& part : m_parts) {
        QVERIFY(Attack(part.bytes).build() == part.bytes);
    }
    VERIFY_OK(readBack(m_parts, &m_sealer));
}

void TestArtefactSealed::head_changed_isRefused() {
    Attack attack(m_parts.front().bytes);
    std::string json = textOf(attack.head);
    const std::size_t at = json.find("\"firstTxId\":7");
    QVERIFY(at != std::string::npos);
    json[at + 12] = '6';
    attack.head = Buffer(viewOf(json).begin(), viewOf(json).end());
    // Every part is told of the new head.
    m_parts.front().bytes = attack.build();
    for (std::size_t i = 1; i < m_parts.size(); ++i) {
        Attack follow(m_parts[i].bytes);
        follow.header.identity.headDigest = attack.header.identity.headDigest;
        m_parts[i].bytes = follow.build();
    }
    MemoryPartSource first(m_parts.front().bytes);
    VERIFY_OK(readHead(first));
    QVERIFY(refused(m_parts, m_sealer));
}

void TestArtefactSealed::sections_fromAnotherArtefact_areRefused() {
    const std::vector<FinishedPart> intact = m_parts;
    using Change = void (*)(Attack&, const Attack&);
    const Change changes[] = {[](Attack& a, const Attack& o) { a.index = o.index; },
                              [](Attack& a, const Attack& o) { a.summary = o.summary; },
                              [](Attack& a, const Attack& o) { a.commitTable = o.commitTable; },
                              [](Attack& a, const Attack& o) { a.blocks = o.blocks; }};
    for (const Change change : changes) {
        Attack attack(intact.back().bytes);
        change(attack, Attack(m_others.back().bytes));
        m_parts.back().bytes = attack.build();
        QVERIFY(refused(m_parts, m_sealer));
    }
}

void TestArtefactSealed::sections_exchangedForEachOther_areRefused() {
    Attack attack(m_parts.back().bytes);
    std::swap(attack.summary, attack.commitTable);
    m_parts.back().bytes = attack.build();
    QVERIFY(refused(m_parts, m_sealer));
}

void TestArtefactSealed::blocks_swapped_areRefused() {
    // With stored blocks of one size the swap is visible to nothing but checksum and seal.
    Attack attack(m_parts.front().bytes);
    MemoryPartSource source(m_parts.front().bytes);
    const PartIndex index =
        readPartIndex(source, tableOf(m_parts, &m_sealer).value().head, &m_sealer).value();
    QVERIFY(index.blocks.size() >= 2);
    const BlockEntry& a = index.blocks[0];
    const BlockEntry& b = index.blocks[1];
    QCOMPARE(a.storedBytes, b.storedBytes);
    const std::size_t size = a.storedBytes;
    std::swap_ranges(attack.blocks.begin(),
                     attack.blocks.begin() + static_cast<std::ptrdiff_t>(size),
                     attack.blocks.begin() + static_cast<std::ptrdiff_t>(size));
    m_parts.front().bytes = attack.build();
    QVERIFY(refused(m_parts, m_sealer));
    // Nor does a block open in the other's place where its checksum is vouched for.
    BlockEntry moved = a;
    moved.checksum = b.checksum;
    MemoryPartSource swapped(m_parts.front().bytes);
    const ArtefactHead head = readHead(swapped).value();
    QVERIFY(!readBlock(swapped, head, index, moved, &m_sealer).ok());
}

void TestArtefactSealed::part_renumbered_isRefused() {
    Attack attack(m_parts[1].bytes);
    attack.header.identity.part = 3;
    const Buffer renumbered = attack.build();
    const Status decoded = decodePart(renumbered,
                                      tableOf(m_parts, &m_sealer).value().head,
                                      3,
                                      &m_sealer,
                                      [](const FrameEntry&, ByteView) { return Status(); });
    QVERIFY(!decoded.ok());
    QCOMPARE(decoded.error().code, ErrorCode::Corruption);
}

void TestArtefactSealed::lastPart_shortened_isRefused() {
    // The last part but one, made the last: its index says that it is not.
    Attack last(m_parts.back().bytes);
    Attack attack(m_parts[m_parts.size() - 2].bytes);
    attack.footer.last = true;
    attack.summary = last.summary;
    attack.commitTable = last.commitTable;
    m_parts.pop_back();
    m_parts.back().bytes = attack.build();
    QVERIFY(refused(m_parts, m_sealer));
}

void TestArtefactSealed::block_readAlone_needsItsPlace() {
    const ArtefactHead head = tableOf(m_parts, &m_sealer).value().head;
    MemoryPartSource source(m_parts[1].bytes);
    PartIndex index = readPartIndex(source, head, &m_sealer).value();
    const BlockEntry block = index.blocks.front();
    VERIFY_OK(readBlock(source, head, index, block, &m_sealer));
    BlockEntry moved = block;
    ++moved.number;
    QVERIFY(!readBlock(source, head, index, moved, &m_sealer).ok());
    index.part = 1;
    QVERIFY(!readBlock(source, head, index, block, &m_sealer).ok());
}

QTEST_GUILESS_MAIN(TestArtefactSealed)
#include "tst_artefact_sealed.moc"
