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
    /// alone: commits that are one transaction each; merged: catch-ups.
    void add(Steady at, std::uint64_t alone, std::uint64_t merged);
    /// 0..1; empty where nothing changed in the hour before `at`.
    std::optional<double> share(Steady at) const;

private:
    struct Bucket {
        std::int64_t minute = -1;
        std::uint64_t alone = 0;
        std::uint64_t merged = 0;
    };

    static std::int64_t minuteOf(Steady at) {
        return std::chrono::duration_cast<std::chrono::minutes>(at.time_since_epoch()).count();
    }

    std::array<Bucket, 60> m_buckets;
};

}  // namespace engine
