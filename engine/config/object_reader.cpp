// SPDX-License-Identifier: Apache-2.0
#include "engine/config/object_reader.h"

#include <algorithm>

#include "engine/base/file_system.h"
#include "engine/config/config_file.h"
#include "engine/config/units.h"

namespace engine {
namespace {

constexpr std::size_t kTextBytesMax = 4096;
constexpr std::size_t kFindingsMax = 100;

bool hasControlCharacter(std::string_view text) noexcept {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
}

/// Keys come from the file: shown short and without anything that moves a cursor.
std::string shown(std::string_view text) {
    std::string clean(text.substr(0, 64));
    std::replace_if(
        clean.begin(),
        clean.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
        '?');
    return clean;
}

/// Bullets only: what effectiveConfigJson() shows, however many of them.
bool isMask(std::string_view text) noexcept {
    constexpr std::string_view kBullet = "\xe2\x80\xa2";
    if (text.empty() || text.size() % kBullet.size() != 0) {
        return false;
    }
    for (std::size_t at = 0; at < text.size(); at += kBullet.size()) {
        if (text.substr(at, kBullet.size()) != kBullet) {
            return false;
        }
    }
    return true;
}

}  // namespace

void ConfigFindings::fail(std::string_view place, std::string_view problem) {
    if (errors.size() < kFindingsMax) {
        errors.push_back((place.empty() ? std::string() : std::string(place) + ": ") +
                         std::string(problem));
    }
}

void ConfigFindings::warn(std::string_view place, std::string_view problem) {
    if (warnings.size() < kFindingsMax) {
        warnings.push_back((place.empty() ? std::string() : std::string(place) + ": ") +
                           std::string(problem));
    }
}

ObjectReader::ObjectReader(ConfigFindings& findings, const JsonValue* value, std::string place)
    : m_findings(findings)
    , m_value(value)
    , m_place(std::move(place)) {
    if (m_value != nullptr && m_value->kind != JsonValue::Kind::Object) {
        m_findings.fail(m_place, "must be an object, not " + std::string(nameOf(m_value->kind)));
        m_value = nullptr;
    }
}

std::string ObjectReader::placeOf(std::string_view key) const {
    return m_place.empty() ? shown(key) : m_place + "." + shown(key);
}

const JsonValue* ObjectReader::any(std::string_view key) {
    m_known.emplace_back(key);
    const JsonValue* found = m_value == nullptr ? nullptr : m_value->find(key);
    return found == nullptr || found->kind == JsonValue::Kind::Null ? nullptr : found;
}

const JsonValue* ObjectReader::value(std::string_view key, JsonValue::Kind kind) {
    const JsonValue* found = any(key);
    if (found != nullptr && found->kind != kind) {
        fail(key,
             "must be " + std::string(nameOf(kind)) + ", not " + std::string(nameOf(found->kind)));
        return nullptr;
    }
    return found;
}

void ObjectReader::fail(std::string_view key, std::string_view problem) {
    m_findings.fail(placeOf(key), problem);
}

void ObjectReader::require(std::string_view key, const std::string& found) {
    const bool saidAlready =
        m_value == nullptr ||
        (m_value->find(key) != nullptr && m_value->find(key)->kind != JsonValue::Kind::Text);
    if (found.empty() && !saidAlready) {
        fail(key, "is missing");
    }
}

void ObjectReader::text(std::string_view key, std::string& to) {
    const JsonValue* found = value(key, JsonValue::Kind::Text);
    if (found == nullptr) {
        return;
    }
    if (found->text.size() > kTextBytesMax) {
        fail(key, "is longer than " + std::to_string(kTextBytesMax) + " bytes");
    } else if (hasControlCharacter(found->text)) {
        fail(key, "holds a control character");
    } else {
        to = found->text;
    }
}

void ObjectReader::path(std::string_view key, std::string& to) {
    std::string typed;
    text(key, typed);
    if (typed.empty()) {
        return;
    }
    std::string expanded = expandHome(typed);
    if (expanded.front() != '/') {
        fail(key, "must be an absolute path or begin with ~/, not \"" + shown(typed) + "\"");
        return;
    }
    to = normalPath(expanded);
}

void ObjectReader::boolean(std::string_view key, bool& to) {
    if (const JsonValue* found = value(key, JsonValue::Kind::Boolean)) {
        to = found->boolean;
    }
}

void ObjectReader::integer(std::string_view key,
                           std::int64_t least,
                           std::int64_t most,
                           std::int64_t& to) {
    const JsonValue* found = value(key, JsonValue::Kind::Integer);
    if (found == nullptr) {
        return;
    }
    if (found->integer < least || found->integer > most) {
        fail(key, "must be from " + std::to_string(least) + " to " + std::to_string(most));
        return;
    }
    to = found->integer;
}

void ObjectReader::duration(std::string_view key, DurationMs& to) {
    const JsonValue* found = any(key);
    if (found == nullptr) {
        return;
    }
    if (found->kind != JsonValue::Kind::Text && found->kind != JsonValue::Kind::Integer) {
        fail(key, "must be a duration like \"90s\" or a number of nanoseconds");
        return;
    }
    const Result<DurationMs> parsed = found->kind == JsonValue::Kind::Text
                                          ? parseDuration(found->text)
                                          : durationOfNanoseconds(found->integer);
    if (!parsed.ok()) {
        fail(key, parsed.error().message);
        return;
    }
    to = parsed.value();
}

void ObjectReader::durationOrDefault(std::string_view key, DurationMs& to) {
    DurationMs given = 0;
    duration(key, given);
    if (given != 0) {
        to = given;
    }
}

void ObjectReader::size(std::string_view key, std::uint64_t& to) {
    const JsonValue* found = any(key);
    if (found == nullptr) {
        return;
    }
    if (found->kind == JsonValue::Kind::Integer && found->integer >= 0) {
        to = static_cast<std::uint64_t>(found->integer);
        return;
    }
    if (found->kind != JsonValue::Kind::Text) {
        fail(key, "must be a size like \"5MiB\" or a number of bytes");
        return;
    }
    const Result<std::uint64_t> parsed = parseSize(found->text);
    if (!parsed.ok()) {
        fail(key, parsed.error().message);
        return;
    }
    to = parsed.value();
}

void ObjectReader::secretObject(std::string_view key, const JsonValue& value, SecretSource& to) {
    ObjectReader form(m_findings, &value, placeOf(key));
    SecretSource found;
    int forms = 0;
    const auto take = [&](std::string_view name, SecretSource::Kind kind) {
        std::string text;
        if (kind == SecretSource::Kind::File) {
            form.path(name, text);
        } else {
            form.text(name, text);
        }
        if (!text.empty()) {
            found = SecretSource{kind, text};
            ++forms;
        }
    };
    const std::size_t errorsBefore = m_findings.errors.size();
    take("env", SecretSource::Kind::Env);
    take("file", SecretSource::Kind::File);
    take("keychain", SecretSource::Kind::Keychain);
    form.finish();
    if (forms != 1) {
        if (m_findings.errors.size() == errorsBefore) {
            fail(key, R"(needs exactly one of {"env": NAME}, {"file": PATH}, {"keychain": NAME})");
        }
        return;
    }
    to = std::move(found);
}

void ObjectReader::secret(std::string_view key, SecretSource& to) {
    const JsonValue* found = any(key);
    if (found == nullptr) {
        return;
    }
    if (found->kind == JsonValue::Kind::Object) {
        secretObject(key, *found, to);
        return;
    }
    if (found->kind != JsonValue::Kind::Text) {
        // What it is instead is not shown: it may be the secret.
        fail(key, R"(must be a text, {"env": NAME}, {"file": PATH} or {"keychain": NAME})");
        return;
    }
    if (isMask(found->text)) {
        fail(key, "is a masked secret, which stands for the real one only where it is shown");
        return;
    }
    if (found->text.size() > kTextBytesMax) {
        fail(key, "is longer than " + std::to_string(kTextBytesMax) + " bytes");
        return;
    }
    to =
        found->text.empty() ? SecretSource{} : SecretSource{SecretSource::Kind::Plain, found->text};
    if (!found->text.empty() && m_findings.readableByOthers) {
        m_findings.warn(placeOf(key), "is a plain secret in a file that others can read");
    }
}

void ObjectReader::texts(std::string_view key, std::vector<std::string>& to) {
    const JsonValue* found = value(key, JsonValue::Kind::List);
    if (found == nullptr) {
        return;
    }
    to.clear();
    for (const JsonValue& item : found->items) {
        if (item.kind != JsonValue::Kind::Text || item.text.size() > kTextBytesMax ||
            hasControlCharacter(item.text)) {
            fail(key, "must be a list of texts");
            return;
        }
        to.push_back(item.text);
    }
}

ObjectReader ObjectReader::object(std::string_view key) {
    return ObjectReader(m_findings, value(key, JsonValue::Kind::Object), placeOf(key));
}

void ObjectReader::finish() {
    if (m_value == nullptr) {
        return;
    }
    for (const std::string& key : m_value->keys) {
        if (std::find(m_known.begin(), m_known.end(), key) != m_known.end()) {
            continue;
        }
        if (m_findings.newerVersion) {
            m_findings.warn(placeOf(key), "is unknown to this version and has no effect");
            continue;
        }
        const std::string nearest = nearestName(key, m_known);
        fail(key, nearest.empty() ? "unknown key" : "unknown key, did you mean " + nearest + "?");
    }
}

std::string problemOfName(std::string_view name) {
    if (name.empty()) {
        return "is empty";
    }
    if (name.size() > 128) {
        return "is longer than 128 bytes";
    }
    if (name.find('/') != std::string_view::npos) {
        return "must not hold a /";
    }
    return name == "." || name == ".." ? "is not a name" : "";
}

}  // namespace engine
