// SPDX-License-Identifier: Apache-2.0
// ENSURE(cond): what only a bug of ours can break. On in every build, release too: prints,
// flushes the log and aborts. Better no backup than a wrong one. Never for bytes from outside.
#pragma once

namespace engine {
[[noreturn]] void ensureFailed(const char* condition, const char* file, int line) noexcept;
}  // namespace engine

#define ENSURE(cond)                                           \
    do {                                                       \
        if (!(cond)) {                                         \
            ::engine::ensureFailed(#cond, __FILE__, __LINE__); \
        }                                                      \
    } while (false)
