// SPDX-License-Identifier: Apache-2.0
#include "engine/base/bytes.h"

namespace engine {

bool isUtf8(std::string_view text) noexcept {
    const auto byteAt = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    constexpr std::size_t kNoLead = 4;
    constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};  // shorter forms exist below
    for (std::size_t i = 0; i < text.size();) {
        const std::uint32_t lead = byteAt(i);
        const std::size_t more = lead < 0x80             ? 0
                                 : (lead & 0xe0) == 0xc0 ? 1
                                 : (lead & 0xf0) == 0xe0 ? 2
                                 : (lead & 0xf8) == 0xf0 ? 3
                                                         : kNoLead;
        if (more == kNoLead || more >= text.size() - i) {
            return false;
        }
        std::uint32_t code = more == 0 ? lead : lead & (0x3fu >> more);
        for (std::size_t k = 1; k <= more; ++k) {
            if ((byteAt(i + k) & 0xc0) != 0x80) {
                return false;
            }
            code = code << 6 | (byteAt(i + k) & 0x3fu);
        }
        const bool surrogate = code >= 0xd800 && code < 0xe000;
        if (code < kLeast[more] || code > 0x10ffff || surrogate) {
            return false;
        }
        i += more + 1;
    }
    return true;
}

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
