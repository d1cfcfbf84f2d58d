// SPDX-License-Identifier: Apache-2.0
// Result<T> and Status: the only way in which a function of the engine reports failure.
//
// Both types are [[nodiscard]]: an error that nobody looks at does not compile. Nothing is thrown.
// Callers branch on Error::code, never on text. message says what happened; effect (what it means
// for the person's data) and fix (what to do) are filled where a place knows them, and printed by
// the command line and the window; they have a default per code there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "engine/base/ensure.h"

namespace engine {

enum class ErrorCode : std::uint8_t {
    InvalidArgument,
    NotFound,
    AlreadyExists,
    Corruption,
    Discontinuity,
    Io,
    NoSpace,
    PermissionDenied,
    Refused,  // it would harm: target in use, another engine has the database
    Unavailable,
    Timeout,
    Cancelled,
    Unsupported,
    Internal,
};

/// The code as camelCase text ("notFound"), as it appears in JSON.
std::string_view toText(ErrorCode code) noexcept;

struct [[nodiscard]] Error {
    ErrorCode code = ErrorCode::Internal;
    std::string message;
    int sysErrno = 0;
    std::string effect = {};
    std::string fix = {};

    /// Puts a noun in front: context("read head") turns "unexpected end" into
    /// "read head: unexpected end".
    Error&& context(std::string_view what) &&;
    Error&& withEffect(std::string_view text) &&;
    Error&& withFix(std::string_view text) &&;

    /// Only these may be tried again without anything having changed.
    bool retryable() const noexcept {
        return code == ErrorCode::Unavailable || code == ErrorCode::Timeout;
    }
};

/// "open /x: No such file" with the code that fits errno (ENOENT -> NotFound, ENOSPC ->
/// NoSpace...).
Error errnoError(int sysErrno, std::string_view what);

template <class T>
class [[nodiscard]] Result {
public:
    // Implicit on purpose: "return value;" and "return Error{...};" are the whole vocabulary.
    Result(T value)
        : m_state(std::in_place_index<0>, std::move(value)) {}

    Result(Error error)
        : m_state(std::in_place_index<1>, std::move(error)) {}

    bool ok() const noexcept { return m_state.index() == 0; }

    explicit operator bool() const noexcept { return ok(); }

    T& value() & { return get(*this); }

    const T& value() const& { return get(*this); }

    T&& value() && { return std::move(get(*this)); }

    const Error& error() const& {
        ENSURE(!ok());
        return *std::get_if<1>(&m_state);
    }

    Error&& error() && {
        ENSURE(!ok());
        return std::move(*std::get_if<1>(&m_state));
    }

private:
    template <class Self>
    static auto& get(Self& self) {
        ENSURE(self.ok());
        return *std::get_if<0>(&self.m_state);
    }

    std::variant<T, Error> m_state;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;

    Result(Error error)
        : m_error(std::move(error)) {}

    bool ok() const noexcept { return !m_error.has_value(); }

    explicit operator bool() const noexcept { return ok(); }

    const Error& error() const& {
        ENSURE(!ok());
        return *m_error;
    }

    Error&& error() && {
        ENSURE(!ok());
        return std::move(*m_error);
    }

private:
    std::optional<Error> m_error;
};

using Status = Result<void>;

/// Drops an error on purpose; the reason is for the reader.
template <class T>
void ignoreError(const Result<T>& /*result*/, std::string_view /*why*/) {}

}  // namespace engine

#define ENGINE_CONCAT_IMPL(a, b) a##b
#define ENGINE_CONCAT(a, b) ENGINE_CONCAT_IMPL(a, b)
#define ENGINE_TRY(expr)                                        \
    do {                                                        \
        if (auto engineStatus_ = (expr); !engineStatus_.ok()) { \
            return std::move(engineStatus_).error();            \
        }                                                       \
    } while (false)
#define ENGINE_TRY_ASSIGN_IMPL(tmp, decl, expr) \
    auto tmp = (expr);                          \
    if (!tmp.ok()) {                            \
        return std::move(tmp).error();          \
    }                                           \
    decl = std::move(tmp).value()
/// ENGINE_TRY_ASSIGN(auto file, File::open(...)); hands an error up, else declares or assigns.
#define ENGINE_TRY_ASSIGN(decl, expr) \
    ENGINE_TRY_ASSIGN_IMPL(ENGINE_CONCAT(engineResult_, __LINE__), decl, expr)
