// SPDX-License-Identifier: Apache-2.0
// Byte views, fixed-endian loads and stores, and a bounds-checked reader for hostile input.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace engine {

using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;
using Buffer = std::vector<std::byte>;

inline ByteView viewOf(std::string_view text) noexcept {
    return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

inline std::string textOf(ByteView bytes) {
    std::string text(bytes.size(), '\0');
    if (!bytes.empty()) {
        std::memcpy(text.data(), bytes.data(), bytes.size());
    }
    return text;
}

/// What JSON can carry. A path need not be: the system takes any bytes.
bool isUtf8(std::string_view text) noexcept;

namespace detail {
template <class T>
constexpr T swapBytes(T value) noexcept {
    if constexpr (sizeof(T) == 1) {
        return value;
    } else if constexpr (sizeof(T) == 2) {
        return __builtin_bswap16(value);
    } else if constexpr (sizeof(T) == 4) {
        return __builtin_bswap32(value);
    } else {
        return __builtin_bswap64(value);
    }
}

constexpr bool kLittleEndian = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
}  // namespace detail

/// Unaligned loads and stores; the caller has checked the bounds.
template <class T>
T loadNative(const std::byte* from) noexcept {
    T value;
    std::memcpy(&value, from, sizeof(T));
    return value;
}

template <class T>
T loadLe(const std::byte* from) noexcept {
    const T value = loadNative<T>(from);
    return detail::kLittleEndian ? value : detail::swapBytes(value);
}

template <class T>
T loadBe(const std::byte* from) noexcept {
    const T value = loadNative<T>(from);
    return detail::kLittleEndian ? detail::swapBytes(value) : value;
}

template <class T>
void storeLe(std::byte* to, T value) noexcept {
    const T stored = detail::kLittleEndian ? value : detail::swapBytes(value);
    std::memcpy(to, &stored, sizeof(T));
}

template <class T>
void storeBe(std::byte* to, T value) noexcept {
    const T stored = detail::kLittleEndian ? detail::swapBytes(value) : value;
    std::memcpy(to, &stored, sizeof(T));
}

template <class T>
void appendLe(Buffer& to, T value) {
    const std::size_t at = to.size();
    to.resize(at + sizeof(T));
    storeLe(to.data() + at, value);
}

inline void appendBytes(Buffer& to, ByteView bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

/// LEB128, at most 10 bytes.
void appendVarint(Buffer& to, std::uint64_t value);
/// Zigzag, then LEB128: small numbers of either sign are short.
void appendSignedVarint(Buffer& to, std::int64_t value);

/// Reads forward through bytes that nobody vouches for; every read is checked.
class ByteReader {
public:
    explicit ByteReader(ByteView bytes) noexcept
        : m_bytes(bytes) {}

    std::size_t remaining() const noexcept { return m_bytes.size() - m_position; }

    std::size_t position() const noexcept { return m_position; }

    Result<ByteView> take(std::size_t count);
    Result<std::uint64_t> varint();
    Result<std::int64_t> signedVarint();

    template <class T>
    Result<T> le() {
        ENGINE_TRY_ASSIGN(const ByteView bytes, take(sizeof(T)));
        return loadLe<T>(bytes.data());
    }

private:
    ByteView m_bytes;
    std::size_t m_position = 0;
};

/// Lower-case hex without separators.
std::string toHex(ByteView bytes);
/// Exactly count bytes of lower-case hex; upper case is refused (names must be unique).
Result<Buffer> fromHex(std::string_view text, std::size_t count);

}  // namespace engine
