// SPDX-License-Identifier: Apache-2.0
#include "app/common/local_time.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

namespace app {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;
using engine::Time;

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

Error notATime(std::string_view text) {
    return Error{ErrorCode::InvalidArgument,
                 "not a time: '" + std::string(text.substr(0, 64)) + "'"}
        .withFix("write it like 2026-06-14T12:02:11Z, or in local time like '2026-06-14 14:02:11'");
}

struct tm localFields(Time time) {
    const std::time_t seconds =
        static_cast<std::time_t>((time.ms - (time.ms < 0 ? 999 : 0)) / 1000);

    struct tm fields {};

    ::localtime_r(&seconds, &fields);
    return fields;
}

std::int64_t offsetAt(Time time) {
    return localFields(time).tm_gmtoff * std::int64_t{1000};
}

/// The moments at which a local clock shows these fields, given as if they were UTC.
std::vector<Time> momentsOf(Time asUtc) {
    std::vector<Time> found;
    for (const Time probe : {asUtc.plus(-kDayMs), asUtc.plus(kDayMs)}) {
        const Time candidate = asUtc.plus(-offsetAt(probe));
        const bool shows = candidate.plus(offsetAt(candidate)) == asUtc;
        if (shows && (found.empty() || found.front() != candidate)) {
            found.push_back(candidate);
        }
    }
    return found;
}

/// "14:02" gets its seconds.
std::string withSeconds(std::string_view text) {
    constexpr std::size_t kMinutesOnly = 16;
    return std::string(text) + (text.size() == kMinutesOnly ? ":00" : "");
}

}  // namespace

Result<Time> parseMoment(std::string_view text) {
    if (text.size() > 64) {
        return notATime(text);
    }
    if (Result<Time> exact = engine::parseRfc3339(text); exact.ok()) {
        return exact;
    }
    const Result<Time> asUtc = engine::parseRfc3339(withSeconds(text) + "Z");
    if (!asUtc.ok()) {
        return notATime(text);
    }
    const std::vector<Time> moments = momentsOf(asUtc.value());
    if (moments.empty()) {
        return Error{ErrorCode::InvalidArgument,
                     "the clocks skipped '" + std::string(text) + "' when they were put forward"}
            .withFix("name the time in UTC, like 2026-06-14T12:02:11Z");
    }
    if (moments.size() > 1) {
        return Error{ErrorCode::InvalidArgument,
                     "the clocks showed '" + std::string(text) + "' twice: " +
                         engine::toRfc3339(moments[0]) + " and " + engine::toRfc3339(moments[1])}
            .withFix("name one of the two");
    }
    return moments.front();
}

std::string toLocalText(Time time) {
    if (time.ms == 0) {
        return "-";
    }
    const struct tm fields = localFields(time);
    std::array<char, 32> date{};
    std::strftime(date.data(), date.size(), "%Y-%m-%d %H:%M:%S", &fields);
    std::array<char, 8> fraction{};
    const std::int64_t ms = (time.ms % 1000 + 1000) % 1000;
    std::snprintf(fraction.data(), fraction.size(), ".%03d", static_cast<int>(ms));
    return std::string(date.data()) + fraction.data();
}

std::string toRelativeText(Time time, Time now) {
    if (time.ms == 0) {
        return "never";
    }

    struct Unit {
        std::int64_t ms;
        const char* name;
    };

    constexpr std::array<Unit, 4> kUnits = {
        {{kDayMs, " d"}, {3600000, " h"}, {60000, " min"}, {1000, " s"}}};
    const std::int64_t age = std::llabs(now.ms - time.ms);
    for (const Unit& unit : kUnits) {
        // From two of the larger unit on: "90 min" says more than "1 h".
        if (age >= 2 * unit.ms || unit.ms == 1000) {
            const std::string span = std::to_string(age / unit.ms) + unit.name;
            return now >= time ? span + " ago" : "in " + span;
        }
    }
    return {};
}

}  // namespace app
