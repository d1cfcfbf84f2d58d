// SPDX-License-Identifier: Apache-2.0
#include "engine/service/secret_store.h"

#include <cstdlib>

#include "engine/base/file_system.h"

namespace engine {
namespace {

constexpr std::uint64_t kSecretBytesMax = 64u << 10;
constexpr std::uint32_t kOthers = 0077;

Result<Secret> fromEnvironment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') {
        return Error{ErrorCode::NotFound, "the environment variable " + name + " is not set"}
            .withFix("set it before the start");
    }
    return Secret(value);
}

Result<Secret> fromFile(const std::string& path) {
    ENGINE_TRY_ASSIGN(const FileFacts facts, factsOf(path));
    if ((facts.mode & kOthers) != 0) {
        return Error{ErrorCode::PermissionDenied, "others may read the secret in " + path}.withFix(
            "chmod 600 " + path);
    }
    ENGINE_TRY_ASSIGN(const Buffer bytes, readWholeFile(path, kSecretBytesMax));
    std::string text = textOf(bytes);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
        text.pop_back();
    }
    if (text.empty() || text.find('\n') != std::string::npos ||
        text.find('\0') != std::string::npos) {
        return Error{ErrorCode::InvalidArgument, path + " does not hold exactly one line"};
    }
    return Secret(std::move(text));
}

}  // namespace

Result<Secret> resolveSecret(const SecretSource& source) {
    switch (source.kind) {
        case SecretSource::Kind::None:
            return Secret();
        case SecretSource::Kind::Plain:
            return Secret(source.value);
        case SecretSource::Kind::Env:
            return fromEnvironment(source.value);
        case SecretSource::Kind::File:
            return fromFile(source.value);
        case SecretSource::Kind::Keychain:
            break;
    }
    return Error{ErrorCode::Unsupported,
                 "the keychain (secret \"" + source.value + "\") is not available in this version"}
        .withFix(R"(use {"file": PATH} with a 0600 file, or {"env": NAME})");
}

}  // namespace engine
