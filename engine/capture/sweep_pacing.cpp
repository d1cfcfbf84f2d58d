// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/sweep_pacing.h"

#include <algorithm>

namespace engine {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr int kOvertakenMax = 3;
constexpr milliseconds kPauseMax{30'000};
constexpr milliseconds kOvertakenPauseMin{20};

// A place that was held no longer than this, so often in a row, is one that cannot be held.
constexpr milliseconds kSoon{1000};
constexpr int kSoonMax = 3;

// The pause is so many times what was spent, and longer each time. Following alone costs a delay of
// two seconds at most.
constexpr int kShare = 4;
constexpr int kDoublingsMax = 3;
constexpr nanoseconds kPauseMin = milliseconds{250};
constexpr nanoseconds kFollowPauseMax = milliseconds{2000};

}  // namespace

void SweepPacing::wanted(Steady now) {
    if (m_wanted) {
        return;
    }
    m_wanted = true;
    m_soon = now - m_done < kSoon ? m_soon + 1 : 0;
    if (m_soon >= kSoonMax) {
        const int longer = kShare * (1 << std::min(m_soon - kSoonMax, kDoublingsMax));
        const nanoseconds pauseMax = std::max(kFollowPauseMax, m_cost * kShare);
        const nanoseconds pause = std::clamp(m_spent * longer, kPauseMin, pauseMax);
        m_notBefore = now + std::min<nanoseconds>(pause, kPauseMax);
    }
    m_spent = nanoseconds{0};
}

bool SweepPacing::tooBusy() const {
    return m_overtaken >= kOvertakenMax;
}

/// A pause of a growing multiple of what was wasted: a small file is soon tried again, a large one
/// does not take a worker's time.
milliseconds SweepPacing::overtaken(Steady now) {
    m_overtaken += 1;
    if (!tooBusy()) {
        return milliseconds{0};
    }
    const int doublings = std::min(m_overtaken - kOvertakenMax, 5);
    const auto wasted = duration_cast<milliseconds>(now - m_begun);
    const milliseconds pause = std::clamp(wasted * (1 << doublings), kOvertakenPauseMin, kPauseMax);
    m_notBefore = now + pause;
    return pause;
}

void SweepPacing::done(Steady now) {
    m_cost = now - m_begun;
    m_done = now;
    m_wanted = false;
    m_overtaken = 0;
}

}  // namespace engine
