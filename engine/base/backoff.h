// SPDX-License-Identifier: Apache-2.0
// Exponential back-off with jitter for transient errors.
#pragma once

#include <chrono>
#include <cstdint>

namespace engine {

class Backoff {
public:
    Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest)
        : m_first(first)
        , m_longest(longest)
        , m_next(first) {}

    /// The next pause: doubles up to the longest, each between half and the whole of it.
    std::chrono::milliseconds next();

    void reset() noexcept { m_next = m_first; }

private:
    std::chrono::milliseconds m_first;
    std::chrono::milliseconds m_longest;
    std::chrono::milliseconds m_next;
};

}  // namespace engine
