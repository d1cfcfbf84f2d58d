// SPDX-License-Identifier: Apache-2.0
#include "engine/config/units.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "engine/base/ids.h"

namespace engine {
namespace {

struct Unit {
    std::string_view name;
    double factor;
};

// Of a millisecond, longest names first so that "ms" is not read as "m".
constexpr std::array<Unit, 7> kTimeUnits = {{{"ns", 1e-6},
                                             {"us", 1e-3},
                                             {"\xc2\xb5s", 1e-3},
                                             {"ms", 1.0},
                                             {"s", 1e3},
                                             {"m", 60e3},
                                             {"h", 3600e3}}};
constexpr std::array<Unit, 14> kSizeUnits = {{{"KiB", 0x1p10},
                                              {"MiB", 0x1p20},
                                              {"GiB", 0x1p30},
                                              {"TiB", 0x1p40},
                                              {"kB", 1e3},
                                              {"KB", 1e3},
                                              {"MB", 1e6},
                                              {"GB", 1e9},
                                              {"TB", 1e12},
                                              {"K", 0x1p10},
                                              {"M", 0x1p20},
                                              {"G", 0x1p30},
                                              {"T", 0x1p40},
                                              {"B", 1.0}}};
constexpr DurationMs kDurationMax = 100LL * 365 * 24 * 3600 * 1000;
constexpr double kSizeMax = 0x1p60;

bool isDigit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Takes "12" or "1.5" off the front; at most 15 digits, so that a double holds it exactly enough.
bool takeNumber(std::string_view& text, double& value) {
    value = 0;
    std::size_t digits = 0;
    double weight = 0;
    while (!text.empty() && (isDigit(text.front()) || (text.front() == '.' && weight == 0))) {
        if (text.front() == '.') {
            weight = 1;
        } else {
            value = value * 10 + (text.front() - '0');
            weight *= 10;
            ++digits;
        }
        text.remove_prefix(1);
    }
    if (weight > 0) {
        value /= weight;
    }
    return digits > 0 && digits <= 15;
}

template <std::size_t N>
const Unit* takeUnit(std::string_view& text, const std::array<Unit, N>& units) {
    for (const Unit& unit : units) {
        if (text.substr(0, unit.name.size()) == unit.name) {
            text.remove_prefix(unit.name.size());
            return &unit;
        }
    }
    return nullptr;
}

Error notADuration(std::string_view text) {
    return Error{ErrorCode::InvalidArgument,
                 "not a duration like \"90s\", \"6h\" or \"1h30m\": \"" + std::string(text) + "\""};
}

std::size_t editDistance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
        }
    }
    return row[b.size()];
}

std::string lowered(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return lower;
}

}  // namespace

Result<DurationMs> parseDuration(std::string_view text) {
    std::string_view rest = text;
    double ms = 0;
    if (text == "0") {
        return DurationMs{0};
    }
    if (text.empty() || text.size() > 64) {
        return notADuration(text.substr(0, 64));
    }
    while (!rest.empty()) {
        double number = 0;
        if (!takeNumber(rest, number)) {
            return notADuration(text);
        }
        const Unit* unit = takeUnit(rest, kTimeUnits);
        if (unit == nullptr) {
            return notADuration(text);
        }
        ms += number * unit->factor;
    }
    if (ms > static_cast<double>(kDurationMax)) {
        return Error{ErrorCode::InvalidArgument,
                     "longer than 100 years: \"" + std::string(text) + "\""};
    }
    // What binary fractions add to a whole number must not count as part of a millisecond.
    constexpr double kRounding = 1e-7;
    return static_cast<DurationMs>(std::ceil(ms - kRounding));
}

Result<DurationMs> durationOfNanoseconds(std::int64_t nanoseconds) {
    if (nanoseconds < 0) {
        return Error{ErrorCode::InvalidArgument, "a duration is not negative"};
    }
    constexpr std::int64_t kNsPerMs = 1000000;
    const DurationMs ms = nanoseconds / kNsPerMs + (nanoseconds % kNsPerMs != 0 ? 1 : 0);
    if (ms > kDurationMax) {
        return Error{ErrorCode::InvalidArgument, "longer than 100 years"};
    }
    return ms;
}

std::string toDurationText(DurationMs duration) {
    if (duration == 0) {
        return "0s";
    }
    const DurationMs hours = duration / 3600000;
    const DurationMs minutes = duration / 60000 % 60;
    const DurationMs seconds = duration / 1000 % 60;
    const DurationMs ms = duration % 1000;
    std::string text;
    const auto add = [&text](DurationMs count, std::string_view unit) {
        if (count != 0) {
            text += std::to_string(count) + std::string(unit);
        }
    };
    add(hours, "h");
    add(minutes, "m");
    add(seconds, "s");
    add(ms, "ms");
    return text;
}

Result<std::uint64_t> parseSize(std::string_view text) {
    const Error wrong{ErrorCode::InvalidArgument,
                      "not a size like \"5MiB\" or a number of bytes: \"" +
                          std::string(text.substr(0, 64)) + "\""};
    std::string_view rest = text;
    double number = 0;
    if (text.size() > 64 || !takeNumber(rest, number)) {
        return wrong;
    }
    while (!rest.empty() && rest.front() == ' ') {
        rest.remove_prefix(1);
    }
    const Unit* unit = rest.empty() ? &kSizeUnits.back() : takeUnit(rest, kSizeUnits);
    if (unit == nullptr || !rest.empty() || number * unit->factor > kSizeMax) {
        return wrong;
    }
    return static_cast<std::uint64_t>(std::ceil(number * unit->factor));
}

std::string toSizeText(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 4> kNames = {"KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    std::uint64_t count = bytes;
    while (count != 0 && count % 1024 == 0 && unit < kNames.size()) {
        count /= 1024;
        ++unit;
    }
    return std::to_string(count) + (unit == 0 ? std::string() : std::string(kNames[unit - 1]));
}

std::string nearestName(std::string_view typed, std::span<const std::string> names) {
    if (typed.size() > 64) {
        return {};
    }
    const std::string lower = lowered(typed);
    std::size_t best = std::max<std::size_t>(2, typed.size() / 3) + 1;
    std::string nearest;
    for (const std::string& name : names) {
        const std::size_t distance = editDistance(lower, lowered(name));
        if (distance < best && distance < name.size()) {
            best = distance;
            nearest = name;
        }
    }
    return nearest;
}

}  // namespace engine
