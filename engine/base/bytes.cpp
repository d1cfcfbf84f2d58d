// SPDX-License-Identifier: Apache-2.0
#include "engine/base/bytes.h"

namespace engine {

void appendVarint(Buffer& to, std::uint64_t value) {
    while (value >= 0x80) {
        to.push_back(static_cast<std::byte>((value & 0x7f) | 0x80));
        value >>= 7;
    }
    to.push_back(static_cast<std::byte>(value));
}

void appendSignedVarint(Buffer& to, std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    appendVarint(to, (bits << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0));
}

Result<ByteView> ByteReader::take(std::size_t count) {
    if (count > remaining()) {
        return Error{ErrorCode::Corruption, "unexpected end of data"};
    }
    const ByteView bytes = m_bytes.subspan(m_position, count);
    m_position += count;
    return bytes;
}

Result<std::uint64_t> ByteReader::varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (remaining() == 0) {
            return Error{ErrorCode::Corruption, "unexpected end of data in a number"};
        }
        const auto byte = static_cast<std::uint64_t>(m_bytes[m_position++]);
        if (shift == 63 && byte > 1) {
            break;
        }
        value |= (byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            return value;
        }
    }
    return Error{ErrorCode::Corruption, "a number is longer than 64 bits"};
}

Result<std::int64_t> ByteReader::signedVarint() {
    ENGINE_TRY_ASSIGN(const std::uint64_t bits, varint());
    return static_cast<std::int64_t>((bits >> 1) ^ ((bits & 1) != 0 ? ~std::uint64_t{0} : 0));
}

std::string toHex(ByteView bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::byte byte : bytes) {
        const auto value = static_cast<unsigned>(byte);
        text.push_back(kDigits[value >> 4]);
        text.push_back(kDigits[value & 15]);
    }
    return text;
}

static int digitOf(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return -1;
}

Result<Buffer> fromHex(std::string_view text, std::size_t count) {
    if (text.size() != count * 2) {
        return Error{ErrorCode::InvalidArgument,
                     "expected " + std::to_string(count * 2) + " hex digits"};
    }
    Buffer bytes(count);
    for (std::size_t i = 0; i < count; ++i) {
        const int high = digitOf(text[2 * i]);
        const int low = digitOf(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return Error{ErrorCode::InvalidArgument, "not a lower-case hex digit"};
        }
        bytes[i] = static_cast<std::byte>(high * 16 + low);
    }
    return bytes;
}

}  // namespace engine
