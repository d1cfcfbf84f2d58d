// SPDX-License-Identifier: Apache-2.0
#include "engine/base/ids.h"

#include <charconv>

#include <sodium.h>

namespace engine {

std::string toHex16(std::uint64_t value) {
    std::array<std::byte, 8> bytes{};
    storeBe(bytes.data(), value);
    return toHex(bytes);
}

Result<std::uint64_t> parseHex16(std::string_view text) {
    ENGINE_TRY_ASSIGN(const Buffer bytes, fromHex(text, 8));
    return loadBe<std::uint64_t>(bytes.data());
}

Result<std::uint64_t> parseDecimal(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || code != std::errc{} || end != text.data() + text.size()) {
        return Error{ErrorCode::InvalidArgument, "not a whole number: '" + std::string(text) + "'"};
    }
    return value;
}

Result<ArtefactId> ArtefactId::parse(std::string_view text) {
    ENGINE_TRY_ASSIGN(const Buffer bytes, fromHex(text, 16));
    ArtefactId id;
    std::memcpy(id.bytes.data(), bytes.data(), id.bytes.size());
    return id;
}

static void randomBytes(void* to, std::size_t size) {
    static const int ready = sodium_init();  // 0 or 1 = usable
    ENSURE(ready >= 0);
    randombytes_buf(to, size);
}

std::uint64_t randomId64() {
    std::uint64_t value = 0;
    while (value == 0) {
        randomBytes(&value, sizeof value);
    }
    return value;
}

ArtefactId randomArtefactId() {
    ArtefactId id;
    randomBytes(id.bytes.data(), id.bytes.size());
    return id;
}

}  // namespace engine
