// SPDX-License-Identifier: Apache-2.0
#include "engine/base/ensure.h"

#include <cstdio>
#include <cstdlib>

#include "engine/base/log.h"

namespace engine {

void ensureFailed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(
        stderr, "strandline: internal error: %s does not hold (%s:%d)\n", condition, file, line);
    std::fflush(stderr);
    flushLog();
    std::abort();
}

}  // namespace engine
