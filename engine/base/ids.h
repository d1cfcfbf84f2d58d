// SPDX-License-Identifier: Apache-2.0
// The identifiers of the model (architecture part 1), each its own type so that none is taken for
// another. Text forms are lower-case hex (TxId: decimal for people, 16 hex digits in names).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace engine {

/// Strictly increasing within a generation; 0 = "none".
struct TxId {
    std::uint64_t value = 0;
    friend auto operator<=>(const TxId&, const TxId&) = default;

    TxId next() const noexcept { return TxId{value + 1}; }
};

/// 16 hex digits, e.g. "00000000000004d2"; sorts like the number.
std::string toHex16(std::uint64_t value);
Result<std::uint64_t> parseHex16(std::string_view text);
/// Decimal, the whole text, no sign.
Result<std::uint64_t> parseDecimal(std::string_view text);

template <class Tag>
struct Id64 {
    std::uint64_t value = 0;
    friend auto operator<=>(const Id64&, const Id64&) = default;

    bool empty() const noexcept { return value == 0; }

    std::string text() const { return toHex16(value); }

    static Result<Id64> parse(std::string_view text) {
        ENGINE_TRY_ASSIGN(const std::uint64_t value, parseHex16(text));
        return Id64{value};
    }
};

using GenerationId = Id64<struct GenerationTag>;
using DatabaseId = Id64<struct DatabaseTag>;
using ComputerId = Id64<struct ComputerTag>;
/// New with each state folder: two writers of one history are told apart by it.
using WriterId = Id64<struct WriterTag>;

/// 16 random bytes; names an artefact and, sealed, feeds its subkey.
struct ArtefactId {
    std::array<std::byte, 16> bytes{};
    friend bool operator==(const ArtefactId&, const ArtefactId&) = default;

    friend bool operator<(const ArtefactId& a, const ArtefactId& b) { return a.bytes < b.bytes; }

    std::string text() const { return toHex(bytes); }

    static Result<ArtefactId> parse(std::string_view text);
};

/// From the system's random source; never 0.
std::uint64_t randomId64();
ArtefactId randomArtefactId();

template <class Id>
Id randomId() {
    return Id{randomId64()};
}

}  // namespace engine
