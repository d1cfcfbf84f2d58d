// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/recent_share.h"

namespace engine {

void RecentShare::add(Steady at,
                      std::uint64_t alone,
                      std::uint64_t merged,
                      std::uint64_t uncounted) {
    if (alone == 0 && merged == 0) {
        return;
    }
    const std::int64_t minute = minuteOf(at);
    Bucket& bucket = m_buckets[static_cast<std::size_t>(minute % 60)];
    if (bucket.minute != minute) {
        bucket = Bucket{minute, 0, 0, 0};
    }
    bucket.alone += alone;
    bucket.merged += merged;
    bucket.uncounted += uncounted;
}

std::optional<RecentShare::Share> RecentShare::share(Steady at) const {
    const std::int64_t oldest = minuteOf(at) - 59;
    std::uint64_t alone = 0;
    std::uint64_t merged = 0;
    bool atMost = false;
    for (const Bucket& bucket : m_buckets) {
        if (bucket.minute >= oldest) {
            alone += bucket.alone;
            merged += bucket.merged;
            atMost = atMost || bucket.uncounted > 0;
        }
    }
    if (alone + merged == 0) {
        return std::nullopt;
    }
    return Share{static_cast<double>(alone) / static_cast<double>(alone + merged), atMost};
}

}  // namespace engine
