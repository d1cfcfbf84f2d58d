// SPDX-License-Identifier: Apache-2.0
// The vectors are those of the xxHash and SHA-256 publications: what is stored once must be
// computed alike for ever.
#include <random>

#include <QtTest>

#include "engine/base/checksum.h"

using namespace engine;

class TestChecksum : public QObject {
    Q_OBJECT
private slots:
    void xxh3_knownVectors();
    void xxh3_seed_changesTheHash();
    void xxh3_128_knownVectors();
    void stream_anySlices_equalsTheWhole();
    void sha256_knownVectors();
    void hash128_addsModulo();
    void hash128_text_roundTrips();
};

/// The sanity buffer of xxHash's own tests.
static Buffer sanityBuffer(std::size_t size) {
    Buffer bytes(size);
    std::uint64_t state = 2654435761u;
    for (std::byte& byte : bytes) {
        byte = static_cast<std::byte>(state >> 56);
        state *= 11400714785074694797u;
    }
    return bytes;
}

void TestChecksum::xxh3_knownVectors() {
    QCOMPARE(xxh3({}), std::uint64_t{0x2D06800538D394C2});
    QCOMPARE(xxh3({}, 0x9E3779B185EBCA8D), std::uint64_t{0xA8A6B918B2F0364A});
    QCOMPARE(xxh3(sanityBuffer(1)), std::uint64_t{0xC44BDFF4074EECDB});
    QCOMPARE(xxh3(sanityBuffer(6)), std::uint64_t{0x27B56A84CD2D7325});
    QCOMPARE(xxh3(sanityBuffer(12)), std::uint64_t{0xA713DAF0DFBB77E7});
    QCOMPARE(xxh3(sanityBuffer(2048)), std::uint64_t{0xDD59E2C3A5F038E0});
    QCOMPARE(xxh3(sanityBuffer(2048), 0x9E3779B185EBCA8D), std::uint64_t{0x66F81670669ABABC});
}

void TestChecksum::xxh3_seed_changesTheHash() {
    const Buffer page(4096);
    QVERIFY(xxh3(page, 1) != xxh3(page, 2));
    QCOMPARE(xxh3(page, 0), xxh3(page));
}

void TestChecksum::xxh3_128_knownVectors() {
    QVERIFY(xxh3_128({}) == (Hash128{0x99AA06D3014798D8, 0x6001C324468D497F}));
    QVERIFY(xxh3_128(sanityBuffer(1)) == (Hash128{0xA6CD5E9392000F6A, 0xC44BDFF4074EECDB}));
    QVERIFY(xxh3_128(sanityBuffer(12)) == (Hash128{0x6E3EFD8FC7802B18, 0x061A192713F69AD9}));
}

void TestChecksum::stream_anySlices_equalsTheWhole() {
    const Buffer bytes = sanityBuffer(10'000);
    std::mt19937 random(1);
    for (int round = 0; round < 50; ++round) {
        Xxh3Stream stream;
        ByteView rest(bytes);
        while (!rest.empty()) {
            const std::size_t count = std::min<std::size_t>(rest.size(), random() % 700);
            stream.update(rest.first(count));
            rest = rest.subspan(count);
        }
        QCOMPARE(stream.digest(), xxh3(bytes));
    }
    QCOMPARE(Xxh3Stream().digest(), xxh3({}));
}

void TestChecksum::sha256_knownVectors() {
    QCOMPARE(toHex(sha256({})),
             std::string("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    QCOMPARE(toHex(sha256(viewOf("abc"))),
             std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

void TestChecksum::hash128_addsModulo() {
    constexpr std::uint64_t kAll = ~std::uint64_t{0};
    Hash128 sum{0, kAll};
    sum += Hash128{0, 1};
    QVERIFY(sum == (Hash128{1, 0}));
    sum -= Hash128{0, 1};
    QVERIFY(sum == (Hash128{0, kAll}));
    Hash128 most{kAll, kAll};
    most += Hash128{0, 1};
    QVERIFY(most == Hash128{});
    most -= Hash128{0, 1};
    QVERIFY(most == (Hash128{kAll, kAll}));
    std::mt19937_64 random(5);
    for (int i = 0; i < 1000; ++i) {
        const Hash128 a{random(), random()};
        const Hash128 b{random(), random()};
        Hash128 c = a;
        c += b;
        Hash128 d = b;
        d += a;
        QVERIFY(c == d);
        c -= b;
        QVERIFY(c == a);
    }
}

void TestChecksum::hash128_text_roundTrips() {
    const Hash128 hash{0x0123456789abcdef, 0x1};
    QCOMPARE(hash.text(), std::string("0123456789abcdef0000000000000001"));
    QVERIFY(Hash128::parse(hash.text()).value() == hash);
    for (const char* text : {"",
                             "1",
                             "0123456789abcdef000000000000000",
                             "0123456789ABCDEF0000000000000001",
                             "0123456789abcdef00000000000000011"}) {
        const auto parsed = Hash128::parse(text);
        QVERIFY(!parsed.ok());
        QCOMPARE(parsed.error().code, ErrorCode::InvalidArgument);
    }
}

QTEST_GUILESS_MAIN(TestChecksum)
#include "tst_checksum.moc"
