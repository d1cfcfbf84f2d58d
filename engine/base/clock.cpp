// SPDX-License-Identifier: Apache-2.0
#include "engine/base/clock.h"

#include <algorithm>
#include <cstdio>

namespace engine {
namespace {

struct Civil {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0;
};

Civil civilOf(Time time) {
    using namespace std::chrono;
    const sys_time<milliseconds> point{milliseconds(std::clamp(time, kTimeMin, kTimeMax).ms)};
    const auto midnight = floor<days>(point);
    const year_month_day date{midnight};
    const hh_mm_ss<milliseconds> clock{point - midnight};
    return Civil{static_cast<int>(date.year()),
                 static_cast<int>(static_cast<unsigned>(date.month())),
                 static_cast<int>(static_cast<unsigned>(date.day())),
                 static_cast<int>(clock.hours().count()),
                 static_cast<int>(clock.minutes().count()),
                 static_cast<int>(clock.seconds().count()),
                 static_cast<int>(clock.subseconds().count())};
}

Result<Time> timeOf(const Civil& civil, std::int64_t offsetMinutes) {
    using namespace std::chrono;
    const year_month_day date{year{civil.year},
                              month{static_cast<unsigned>(civil.month)},
                              day{static_cast<unsigned>(civil.day)}};
    if (!date.ok() || civil.hour > 23 || civil.minute > 59 || civil.second > 60) {
        return Error{ErrorCode::InvalidArgument, "no such date or time"};
    }
    const std::int64_t seconds = sys_days{date}.time_since_epoch().count() * std::int64_t{86400} +
                                 civil.hour * 3600 + civil.minute * 60 + civil.second -
                                 offsetMinutes * 60;
    const Time time{seconds * 1000 + civil.ms};
    if (!isRepresentable(time)) {
        return Error{ErrorCode::InvalidArgument, "a time outside of the years 0000 to 9999"};
    }
    return time;
}

/// Reads fixed-width digits and separators off the front of a text.
class Scanner {
public:
    explicit Scanner(std::string_view text)
        : m_text(text) {}

    bool digits(std::size_t count, int& value) {
        if (m_text.size() < count) {
            return false;
        }
        value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (m_text[i] < '0' || m_text[i] > '9') {
                return false;
            }
            value = value * 10 + (m_text[i] - '0');
        }
        m_text.remove_prefix(count);
        return true;
    }

    bool oneOf(std::string_view choices, char& found) {
        if (m_text.empty() || choices.find(m_text.front()) == std::string_view::npos) {
            return false;
        }
        found = m_text.front();
        m_text.remove_prefix(1);
        return true;
    }

    bool is(char wanted) {
        char found = 0;
        return oneOf(std::string_view(&wanted, 1), found);
    }

    bool atDigit() const {
        return !m_text.empty() && m_text.front() >= '0' && m_text.front() <= '9';
    }

    bool atEnd() const { return m_text.empty(); }

private:
    std::string_view m_text;
};

bool scanFraction(Scanner& scan, int& ms) {
    int digit = 0;
    int count = 0;
    for (int weight = 100; scan.atDigit(); weight /= 10, ++count) {
        if (count == 9 || !scan.digits(1, digit)) {
            return false;
        }
        ms += digit * weight;
    }
    return count > 0;
}

bool scanOffset(Scanner& scan, std::int64_t& minutes) {
    char sign = 0;
    if (scan.oneOf("Zz", sign)) {
        return scan.atEnd();
    }
    int hours = 0;
    int rest = 0;
    if (!scan.oneOf("+-", sign) || !scan.digits(2, hours) || !scan.is(':') ||
        !scan.digits(2, rest) || hours > 23 || rest > 59) {
        return false;
    }
    minutes = (hours * 60 + rest) * (sign == '-' ? -1 : 1);
    return scan.atEnd();
}

}  // namespace

std::string toRfc3339(Time time) {
    const Civil c = civilOf(time);
    char text[48];
    std::snprintf(text,
                  sizeof text,
                  "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                  c.year,
                  c.month,
                  c.day,
                  c.hour,
                  c.minute,
                  c.second,
                  c.ms);
    return text;
}

Result<Time> parseRfc3339(std::string_view text) {
    Scanner scan(text);
    Civil c;
    char separator = 0;
    std::int64_t offset = 0;
    const bool date = scan.digits(4, c.year) && scan.is('-') && scan.digits(2, c.month) &&
                      scan.is('-') && scan.digits(2, c.day) && scan.oneOf("Tt ", separator);
    const bool clock = date && scan.digits(2, c.hour) && scan.is(':') && scan.digits(2, c.minute) &&
                       scan.is(':') && scan.digits(2, c.second);
    if (!clock || (scan.is('.') && !scanFraction(scan, c.ms)) || !scanOffset(scan, offset)) {
        return Error{ErrorCode::InvalidArgument,
                     "not a time like 2026-06-14T12:02:11Z: '" + std::string(text) + "'"};
    }
    return timeOf(c, offset);
}

std::string toNameText(Time time) {
    const Civil c = civilOf(time);
    char text[48];
    std::snprintf(text,
                  sizeof text,
                  "%04d%02d%02dt%02d%02d%02d%03dz",
                  c.year,
                  c.month,
                  c.day,
                  c.hour,
                  c.minute,
                  c.second,
                  c.ms);
    return text;
}

Result<Time> parseNameText(std::string_view text) {
    Scanner scan(text);
    Civil c;
    if (!scan.digits(4, c.year) || !scan.digits(2, c.month) || !scan.digits(2, c.day) ||
        !scan.is('t') || !scan.digits(2, c.hour) || !scan.digits(2, c.minute) ||
        !scan.digits(2, c.second) || !scan.digits(3, c.ms) || !scan.is('z') || !scan.atEnd()) {
        return Error{ErrorCode::InvalidArgument, "not a time of an object name"};
    }
    return timeOf(c, 0);
}

Time SystemClock::now() const {
    using namespace std::chrono;
    return Time{duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
}

}  // namespace engine
