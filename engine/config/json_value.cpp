// SPDX-License-Identifier: Apache-2.0
#include "engine/config/json_value.h"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

namespace engine {
namespace {

constexpr std::size_t kDepthMax = 16;
constexpr std::size_t kValuesMax = 200000;
constexpr std::size_t kKeysMax = 4096;  // of one object: they are compared with each other

/// Builds the value while the parser goes. Every callback returns false to end the parse.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
public:
    explicit Builder(std::string_view text)
        : m_text(text) {}

    bool null() override { return add(JsonValue{}); }

    bool boolean(bool value) override {
        JsonValue made;
        made.kind = JsonValue::Kind::Boolean;
        made.boolean = value;
        return add(std::move(made));
    }

    bool number_integer(number_integer_t value) override {
        JsonValue made;
        made.kind = JsonValue::Kind::Integer;
        made.integer = value;
        return add(std::move(made));
    }

    bool number_unsigned(number_unsigned_t value) override {
        if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
            return number_float(static_cast<double>(value), {});
        }
        return number_integer(static_cast<number_integer_t>(value));
    }

    bool number_float(number_float_t value, const string_t& /*text*/) override {
        JsonValue made;
        made.kind = JsonValue::Kind::Number;
        made.number = value;
        return add(std::move(made));
    }

    bool string(string_t& value) override {
        JsonValue made;
        made.kind = JsonValue::Kind::Text;
        made.text = std::move(value);
        return add(std::move(made));
    }

    bool binary(binary_t& /*value*/) override { return stopWith("not JSON"); }

    bool start_object(std::size_t /*size*/) override { return open(JsonValue::Kind::Object); }

    bool start_array(std::size_t /*size*/) override { return open(JsonValue::Kind::List); }

    bool end_object() override { return close(); }

    bool end_array() override { return close(); }

    bool key(string_t& value) override {
        const std::vector<std::string>& keys = m_open.back().keys;
        if (std::find(keys.begin(), keys.end(), value) != keys.end()) {
            return stopWith("the key \"" + value + "\" is given twice in one object");
        }
        if (m_open.back().keys.size() == kKeysMax) {
            return stopWith("more than " + std::to_string(kKeysMax) + " keys in one object");
        }
        m_open.back().keys.push_back(std::move(value));
        return true;
    }

    bool parse_error(std::size_t position,
                     const std::string& /*token*/,
                     const nlohmann::detail::exception& /*error*/) override {
        if (m_problem.empty()) {
            m_problem = "not JSON at " + placeOf(position);
        }
        return false;
    }

    const std::string& problem() const noexcept { return m_problem; }

    JsonValue take() { return std::move(m_root); }

private:
    bool stopWith(std::string problem) {
        m_problem = std::move(problem);
        return false;
    }

    std::string placeOf(std::size_t position) const {
        const std::string_view before = m_text.substr(0, position == 0 ? 0 : position - 1);
        std::size_t line = 1;
        std::size_t column = 1;
        for (const char c : before) {
            column = c == '\n' ? 1 : column + 1;
            line += c == '\n' ? 1 : 0;
        }
        return "line " + std::to_string(line) + ", column " + std::to_string(column);
    }

    bool open(JsonValue::Kind kind) {
        if (m_open.size() == kDepthMax) {
            return stopWith("nested deeper than " + std::to_string(kDepthMax) + " levels");
        }
        JsonValue made;
        made.kind = kind;
        m_open.push_back(std::move(made));
        return true;
    }

    bool close() {
        JsonValue made = std::move(m_open.back());
        m_open.pop_back();
        return add(std::move(made));
    }

    bool add(JsonValue value) {
        if (++m_values > kValuesMax) {
            return stopWith("more than " + std::to_string(kValuesMax) + " values");
        }
        if (m_open.empty()) {
            m_root = std::move(value);
        } else {
            m_open.back().items.push_back(std::move(value));
        }
        return true;
    }

    const std::string_view m_text;
    std::vector<JsonValue> m_open;
    JsonValue m_root;
    std::size_t m_values = 0;
    std::string m_problem;
};

}  // namespace

const JsonValue* JsonValue::find(std::string_view key) const noexcept {
    const auto found = std::find(keys.begin(), keys.end(), key);
    if (found != keys.end()) {
        return &items[static_cast<std::size_t>(found - keys.begin())];
    }
    return nullptr;
}

std::string_view nameOf(JsonValue::Kind kind) noexcept {
    switch (kind) {
        case JsonValue::Kind::Null:
            return "null";
        case JsonValue::Kind::Boolean:
            return "true or false";
        case JsonValue::Kind::Integer:
            return "a whole number";
        case JsonValue::Kind::Number:
            return "a number";
        case JsonValue::Kind::Text:
            return "a text";
        case JsonValue::Kind::List:
            return "a list";
        case JsonValue::Kind::Object:
            return "an object";
    }
    return "a value";
}

Result<JsonValue> parseJson(std::string_view text, std::uint64_t bytesMax) {
    if (text.size() > bytesMax) {
        return Error{ErrorCode::InvalidArgument,
                     "larger than " + std::to_string(bytesMax) + " bytes"};
    }
    Builder builder(text);
    if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
        return Error{ErrorCode::InvalidArgument,
                     builder.problem().empty() ? "not JSON" : builder.problem()};
    }
    return builder.take();
}

}  // namespace engine
