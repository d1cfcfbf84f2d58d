// SPDX-License-Identifier: Apache-2.0
// XXH3 (accidents and our own bugs) and SHA-256 (what leaves for a replica). Against an attacker
// only sealing helps (architecture part 1, "Root").
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace engine {

std::uint64_t xxh3(ByteView bytes, std::uint64_t seed = 0) noexcept;

/// A number modulo 2^128; text is 32 lower-case hex digits, high half first.
struct Hash128 {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    friend auto operator<=>(const Hash128&, const Hash128&) = default;

    Hash128& operator+=(const Hash128& other) noexcept;
    Hash128& operator-=(const Hash128& other) noexcept;
    std::string text() const;
    static Result<Hash128> parse(std::string_view text);
};

Hash128 xxh3_128(ByteView bytes) noexcept;

/// Streaming XXH3-64.
class Xxh3Stream {
public:
    Xxh3Stream();
    ~Xxh3Stream();
    Xxh3Stream(const Xxh3Stream&) = delete;
    Xxh3Stream& operator=(const Xxh3Stream&) = delete;
    void update(ByteView bytes) noexcept;
    std::uint64_t digest() const noexcept;

private:
    void* m_state;
};

using Sha256 = std::array<std::byte, 32>;
Sha256 sha256(ByteView bytes);

}  // namespace engine
