// SPDX-License-Identifier: Apache-2.0
#include "engine/base/secret.h"

#include <sodium.h>

namespace engine {

void Secret::wipe() noexcept {
    sodium_memzero(m_text.data(), m_text.size());
}

}  // namespace engine
