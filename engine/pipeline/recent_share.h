// SPDX-License-Identifier: Apache-2.0
// The share of changes that were captured one by one in the last hour, from minute buckets.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "engine/base/clock.h"

namespace engine {

class RecentShare {
public:
    struct Share {
        double alone = 0;     // 0..1
        bool atMost = false;  // some catch-up may have merged more than is known
    };

    /// alone: transactions that are one commit each; merged: those within catch-ups, as far as
    /// known; uncounted: catch-ups that may hold more.
    void add(Steady at, std::uint64_t alone, std::uint64_t merged, std::uint64_t uncounted);
    /// Empty where nothing changed in the hour before `at`.
    std::optional<Share> share(Steady at) const;

private:
    struct Bucket {
        std::int64_t minute = -1;
        std::uint64_t alone = 0;
        std::uint64_t merged = 0;
        std::uint64_t uncounted = 0;
    };

    static std::int64_t minuteOf(Steady at) {
        return std::chrono::duration_cast<std::chrono::minutes>(at.time_since_epoch()).count();
    }

    std::array<Bucket, 60> m_buckets;
};

}  // namespace engine
