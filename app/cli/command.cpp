// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command.h"

namespace cli {

using engine::Error;
using engine::ErrorCode;

Exit exitOf(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::InvalidArgument:
        case ErrorCode::Unsupported:
            return Exit::Usage;
        case ErrorCode::NotFound:
            return Exit::NotThere;
        case ErrorCode::AlreadyExists:
        case ErrorCode::Refused:
            return Exit::Refused;
        case ErrorCode::Cancelled:
            return Exit::Interrupted;
        case ErrorCode::Corruption:
        case ErrorCode::Discontinuity:
        case ErrorCode::Io:
        case ErrorCode::NoSpace:
        case ErrorCode::PermissionDenied:
        case ErrorCode::Unavailable:
        case ErrorCode::Timeout:
        case ErrorCode::Internal:
            break;
    }
    return Exit::Failed;
}

std::string Args::text(const std::string& key) const {
    const auto found = m_values.find(key);
    return found == m_values.end() || found->second.empty() ? std::string() : found->second.front();
}

std::vector<std::string> Args::texts(const std::string& key) const {
    const auto found = m_values.find(key);
    return found == m_values.end() ? std::vector<std::string>() : found->second;
}

engine::Result<std::uint64_t> Args::number(const std::string& key,
                                           std::uint64_t fallback,
                                           std::uint64_t least,
                                           std::uint64_t most) const {
    if (!has(key)) {
        return fallback;
    }
    const engine::Result<std::uint64_t> value = engine::parseDecimal(text(key));
    if (!value.ok() || value.value() < least || value.value() > most) {
        return Error{ErrorCode::InvalidArgument,
                     key + " takes a whole number from " + std::to_string(least) + " to " +
                         std::to_string(most)};
    }
    return value;
}

}  // namespace cli
