// SPDX-License-Identifier: Apache-2.0
#include "engine/base/checksum.h"

#include <openssl/evp.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/base/ids.h"

namespace engine {

std::uint64_t xxh3(ByteView bytes, std::uint64_t seed) noexcept {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Hash128& Hash128::operator+=(const Hash128& other) noexcept {
    low += other.low;
    high += other.high + (low < other.low ? 1 : 0);
    return *this;
}

Hash128& Hash128::operator-=(const Hash128& other) noexcept {
    const std::uint64_t borrow = low < other.low ? 1 : 0;
    low -= other.low;
    high -= other.high + borrow;
    return *this;
}

std::string Hash128::text() const {
    return toHex16(high) + toHex16(low);
}

Result<Hash128> Hash128::parse(std::string_view text) {
    if (text.size() != 32) {
        return Error{ErrorCode::InvalidArgument, "expected 32 hex digits"};
    }
    ENGINE_TRY_ASSIGN(const std::uint64_t high, parseHex16(text.substr(0, 16)));
    ENGINE_TRY_ASSIGN(const std::uint64_t low, parseHex16(text.substr(16)));
    return Hash128{high, low};
}

Hash128 xxh3_128(ByteView bytes) noexcept {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    return Hash128{hash.high64, hash.low64};
}

Xxh3Stream::Xxh3Stream()
    : m_state(XXH3_createState()) {
    ENSURE(m_state != nullptr);
    XXH3_64bits_reset(static_cast<XXH3_state_t*>(m_state));
}

Xxh3Stream::~Xxh3Stream() {
    XXH3_freeState(static_cast<XXH3_state_t*>(m_state));
}

void Xxh3Stream::update(ByteView bytes) noexcept {
    XXH3_64bits_update(static_cast<XXH3_state_t*>(m_state), bytes.data(), bytes.size());
}

std::uint64_t Xxh3Stream::digest() const noexcept {
    return XXH3_64bits_digest(static_cast<const XXH3_state_t*>(m_state));
}

Sha256 sha256(ByteView bytes) {
    Sha256 digest{};
    unsigned size = 0;
    const int done = EVP_Digest(bytes.data(),
                                bytes.size(),
                                reinterpret_cast<unsigned char*>(digest.data()),
                                &size,
                                EVP_sha256(),
                                nullptr);
    ENSURE(done == 1 && size == digest.size());
    return digest;
}

}  // namespace engine
