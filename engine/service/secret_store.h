// SPDX-License-Identifier: Apache-2.0
// Fetches secrets from where the configuration says that they are. Values are never logged and no
// message holds one.
#pragma once

#include "engine/base/result.h"
#include "engine/base/secret.h"

namespace engine {

/// None = an empty secret. Env: NotFound where it is not set. File: one line at most 64 KiB, must
/// not be readable by others (PermissionDenied). Keychain: Unsupported in this build, which is
/// never the same as "no secret".
Result<Secret> resolveSecret(const SecretSource& source);

}  // namespace engine
