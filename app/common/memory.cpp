// SPDX-License-Identifier: Apache-2.0
#include "app/common/memory.h"

#include <cstdlib>  // says which C library it is

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace app {

void returnLargeBuffers() noexcept {
#if defined(__GLIBC__)
    // Fixed: left alone, glibc raises it to the size of the largest buffer that was ever freed.
    ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

}  // namespace app
