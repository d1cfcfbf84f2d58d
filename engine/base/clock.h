// SPDX-License-Identifier: Apache-2.0
// Time: raw UTC in milliseconds. Clock: where "now" comes from, so that tests own it.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace engine {

/// Milliseconds since 1970-01-01T00:00:00Z; wall-clock, may jump. 0 = "unknown".
struct Time {
    std::int64_t ms = 0;
    friend auto operator<=>(const Time&, const Time&) = default;

    Time plus(std::int64_t deltaMs) const noexcept { return Time{ms + deltaMs}; }
};

/// Years 0000 to 9999: what the text forms can hold.
inline constexpr Time kTimeMin{-62'167'219'200'000};
inline constexpr Time kTimeMax{253'402'300'799'999};

constexpr bool isRepresentable(Time time) noexcept {
    return time >= kTimeMin && time <= kTimeMax;
}

/// "2026-06-14T12:02:11.123Z"; a time that is not representable is shown as the nearest that is.
std::string toRfc3339(Time time);
/// RFC 3339 with any offset, up to 9 fraction digits (cut to ms).
Result<Time> parseRfc3339(std::string_view text);
/// "20260614t120211123z": the form in object names; sorts, legal on every file system.
std::string toNameText(Time time);
Result<Time> parseNameText(std::string_view text);

/// Monotonic, never jumps, counts only while awake or not as the system does.
using Steady = std::chrono::steady_clock::time_point;

/// Safe for use from all threads.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Time now() const = 0;
    virtual Steady steady() const = 0;
};

class SystemClock final : public Clock {
public:
    Time now() const override;

    Steady steady() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace engine
