// SPDX-License-Identifier: Apache-2.0
// Bytes that look random and are the same in every run.
#pragma once

#include "engine/base/bytes.h"

namespace testing {

inline engine::Buffer someBytes(std::size_t size, std::uint64_t seed) {
    engine::Buffer bytes((size + 7) / 8 * 8);
    std::uint64_t state = seed * 2 + 1;
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        engine::storeLe(bytes.data() + i, state ^ (state >> 29));
    }
    bytes.resize(size);
    return bytes;
}

}  // namespace testing
