// SPDX-License-Identifier: Apache-2.0
// A text that must not be seen: no formatter, no stream operator, wiped when it goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace engine {

class Secret {
public:
    Secret() = default;

    explicit Secret(std::string text)
        : m_text(std::move(text)) {}

    ~Secret() { wipe(); }

    Secret(const Secret&) = default;
    Secret& operator=(const Secret&) = default;
    Secret(Secret&&) noexcept = default;
    Secret& operator=(Secret&&) noexcept = default;

    bool empty() const noexcept { return m_text.empty(); }

    /// Spelled out where it is needed: the one call to search for in a review.
    std::string_view reveal() const noexcept { return m_text; }

private:
    void wipe() noexcept;
    std::string m_text;
};

/// Where a secret comes from; its value is fetched when a connection is made and never stored here
/// unless the configuration holds it in plain.
struct SecretSource {
    enum class Kind : std::uint8_t { None, Plain, Env, File, Keychain };
    Kind kind = Kind::None;
    std::string value;  // Plain: the secret itself; else a name or a path
    friend bool operator==(const SecretSource&, const SecretSource&) = default;
};

}  // namespace engine
