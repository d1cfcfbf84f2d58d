// SPDX-License-Identifier: Apache-2.0
// When all of a source may be read again. Who writes faster than can be followed makes us lose our
// place again and again, and reading everything over and over would take time from just that app;
// so most of the time is left to it, and what happens meanwhile becomes one catch-up.
//
// Not for use from several threads at once.
#pragma once

#include <chrono>

#include "engine/base/clock.h"

namespace engine {

class SweepPacing {
public:
    /// Time spent on the source, for following it and for sweeps alike.
    void spent(std::chrono::nanoseconds time) { m_spent += time; }

    /// The place is lost and a sweep is wanted: it may begin at notBefore(). Asking again while
    /// one is waited for or under way changes nothing.
    void wanted(Steady now);

    Steady notBefore() const { return m_notBefore; }

    /// Sweeps are overtaken by the app one after the other.
    bool tooBusy() const;

    void begun(Steady now) { m_begun = now; }

    /// Returns how long to wait before the next one; zero: it may begin at once.
    std::chrono::milliseconds overtaken(Steady now);

    void done(Steady now);

private:
    std::chrono::nanoseconds m_spent{0};  // since the last pause
    std::chrono::nanoseconds m_cost{0};   // of the last sweep
    Steady m_begun, m_done, m_notBefore;
    bool m_wanted = false;
    int m_overtaken = 0;  // in a row
    int m_soon = 0;       // places that were lost soon, in a row
};

}  // namespace engine
