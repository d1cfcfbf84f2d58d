// SPDX-License-Identifier: Apache-2.0
// JSON as plain values, in the order of the text. Parsed with a limit on everything: the text may
// come from anybody.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace engine {

struct JsonValue {
    enum class Kind : std::uint8_t { Null, Boolean, Integer, Number, Text, List, Object };
    Kind kind = Kind::Null;
    bool boolean = false;
    std::int64_t integer = 0;
    double number = 0;
    std::string text;
    std::vector<std::string> keys;  // of an object: keys[i] belongs to items[i]
    std::vector<JsonValue> items;

    const JsonValue* find(std::string_view key) const noexcept;
};

/// "a text", "a list", ...
std::string_view nameOf(JsonValue::Kind kind) noexcept;

/// InvalidArgument with line and column: not JSON, a key given twice in one object, nested deeper
/// than 16, more than 200 000 values or 4096 keys in one object, larger than bytesMax.
Result<JsonValue> parseJson(std::string_view text, std::uint64_t bytesMax);

}  // namespace engine
