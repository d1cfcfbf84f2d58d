// SPDX-License-Identifier: Apache-2.0
// Whether equal times of a file prove that nobody wrote it meanwhile. Times come from a clock that
// moves in steps, so a write right after another one may leave them as they are. They prove
// something only if none of the time that was watched is near them. A distance, not an age: a
// clock that was set back is no reason to wait for it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "engine/base/clock.h"
#include "engine/base/file.h"

namespace engine {

class StampWatch {
public:
    /// Begins now; look at the file after that. quietMin: at least one step of the clock.
    StampWatch(const Clock& clock, std::chrono::milliseconds quietMin)
        : m_clock(&clock)
        , m_quietMin(quietMin)
        , m_from(clock.now())
        , m_steadyFrom(clock.steady()) {}

    /// A write between the beginning and now would show in the times of facts.
    bool wouldShow(const FileFacts& facts) const {
        return clockWasEven() && (far(facts.mtimeNs) || far(facts.ctimeNs));
    }

    /// How long until a new watch would find the file quiet; 0: at once.
    std::chrono::milliseconds untilQuiet(const FileFacts& facts) const {
        if (far(facts.mtimeNs) || far(facts.ctimeNs)) {
            return std::chrono::milliseconds{0};
        }
        const std::int64_t now = m_clock->now().ms;
        const std::int64_t mtimeEnd = toMs(facts.mtimeNs) + quietMs(facts.mtimeNs);
        const std::int64_t ctimeEnd = toMs(facts.ctimeNs) + quietMs(facts.ctimeNs);
        return std::chrono::milliseconds{
            std::max<std::int64_t>(1, std::min(mtimeEnd, ctimeEnd) + 1 - now)};
    }

private:
    static std::int64_t toMs(std::int64_t ns) noexcept { return ns / 1'000'000; }

    /// Round times come from coarse stamps (2 s: FAT, 1 s: ext3, 10 ms: exFAT): twice their step.
    std::int64_t quietMs(std::int64_t stampNs) const noexcept {
        std::int64_t twice = 0;
        if (stampNs % 1'000'000'000 == 0) {
            twice = 4000;
        } else if (stampNs % 10'000'000 == 0) {
            twice = 20;
        }
        return std::max<std::int64_t>(m_quietMin.count(), twice);
    }

    bool far(std::int64_t stampNs) const {
        const std::int64_t to = m_clock->now().ms;
        const std::int64_t quiet = quietMs(stampNs);
        // Both ends are cut to milliseconds, hence one more on the far side.
        return toMs(stampNs) + 1 + quiet <= std::min(m_from.ms, to) ||
               toMs(stampNs) >= std::max(m_from.ms, to) + 1 + quiet;
    }

    /// A clock that jumped while we watched says nothing about what lies between.
    bool clockWasEven() const {
        using std::chrono::duration_cast;
        using std::chrono::milliseconds;
        const std::int64_t ran =
            duration_cast<milliseconds>(m_clock->steady() - m_steadyFrom).count();
        const std::int64_t shown = m_clock->now().ms - m_from.ms;
        return std::abs(shown - ran) <= 5 + ran / 1000;
    }

    const Clock* m_clock;
    std::chrono::milliseconds m_quietMin;
    Time m_from;
    Steady m_steadyFrom;
};

}  // namespace engine
