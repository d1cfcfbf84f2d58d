// SPDX-License-Identifier: Apache-2.0
#include "engine/base/backoff.h"

#include <algorithm>

#include "engine/base/ids.h"

namespace engine {

std::chrono::milliseconds Backoff::next() {
    const std::chrono::milliseconds whole = m_next;
    m_next = std::min(m_longest, m_next * 2);
    const auto half = static_cast<std::uint64_t>(whole.count() / 2);
    return std::chrono::milliseconds(whole.count() - static_cast<std::int64_t>(half) +
                                     static_cast<std::int64_t>(randomId64() % (half + 1)));
}

}  // namespace engine
