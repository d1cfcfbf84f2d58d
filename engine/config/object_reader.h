// SPDX-License-Identifier: Apache-2.0
// Reads one JSON object field by field. The fields that are asked for are the ones that are known:
// finish() complains about all others, with the nearest known name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/secret.h"
#include "engine/config/config.h"
#include "engine/config/json_value.h"

namespace engine {

/// What was found wrong, over one whole document.
struct ConfigFindings {
    bool newerVersion = false;  // unknown keys are warnings
    bool readableByOthers = false;
    std::vector<std::string> errors;
    std::vector<std::string> warnings;

    void fail(std::string_view place, std::string_view problem);
    void warn(std::string_view place, std::string_view problem);
};

/// Getters leave their target as it is where the field is missing, null or wrong; what is wrong
/// goes to the findings, which must outlive the reader, as must the value.
class ObjectReader {
public:
    /// value null = the object is missing: every getter leaves its target as it is.
    ObjectReader(ConfigFindings& findings, const JsonValue* value, std::string place);

    const std::string& place() const noexcept { return m_place; }

    std::string placeOf(std::string_view key) const;

    bool present() const noexcept { return m_value != nullptr; }

    ConfigFindings& findings() noexcept { return m_findings; }

    void text(std::string_view key, std::string& to);
    /// A path: "~" is expanded; must be absolute then, and is made normalPath(). Empty is left
    /// empty.
    void path(std::string_view key, std::string& to);
    void boolean(std::string_view key, bool& to);
    void integer(std::string_view key, std::int64_t least, std::int64_t most, std::int64_t& to);
    void duration(std::string_view key, DurationMs& to);
    /// As duration, but 0 stands for "the default", as in the file that a Go program writes.
    void durationOrDefault(std::string_view key, DurationMs& to);
    void size(std::string_view key, std::uint64_t& to);
    void secret(std::string_view key, SecretSource& to);
    void texts(std::string_view key, std::vector<std::string>& to);
    ObjectReader object(std::string_view key);
    /// The field itself where it has that kind, else null.
    const JsonValue* value(std::string_view key, JsonValue::Kind kind);
    /// The field whatever it is; null = missing.
    const JsonValue* any(std::string_view key);

    void fail(std::string_view key, std::string_view problem);
    /// For fields that must be there and not empty.
    void require(std::string_view key, const std::string& found);
    void finish();

private:
    void secretObject(std::string_view key, const JsonValue& value, SecretSource& to);

    ConfigFindings& m_findings;
    const JsonValue* m_value;
    std::string m_place;
    std::vector<std::string> m_known;
};

/// Why a name of a database or a replica cannot be used; empty = it can.
std::string problemOfName(std::string_view name);

}  // namespace engine
