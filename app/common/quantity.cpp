// SPDX-License-Identifier: Apache-2.0
#include "app/common/quantity.h"

#include <array>
#include <cstdio>

namespace app {

std::string toSizeLabel(std::uint64_t bytes) {
    constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double amount = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (amount >= 1023.95 && unit + 1 < kUnits.size()) {
        amount /= 1024;
        ++unit;
    }
    std::array<char, 32> text{};
    std::snprintf(
        text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", amount, kUnits[unit]);
    return text.data();
}

std::string toSpanLabel(std::int64_t ms) {
    std::array<char, 48> text{};
    if (ms < 1000) {
        std::snprintf(text.data(), text.size(), "%d ms", static_cast<int>(ms));
    } else if (ms < 60000) {
        std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(ms) / 1000);
    } else if (ms < 3600000) {
        std::snprintf(text.data(),
                      text.size(),
                      "%d min %d s",
                      static_cast<int>(ms / 60000),
                      static_cast<int>(ms / 1000 % 60));
    } else {
        return std::to_string(ms / 3600000) + " h " + std::to_string(ms / 60000 % 60) + " min";
    }
    return text.data();
}

std::string safeText(std::string_view text) {
    std::string safe(text);
    for (std::size_t i = 0; i < safe.size(); ++i) {
        const auto byte = static_cast<unsigned char>(safe[i]);
        // The second: C1 control characters as UTF-8, which some terminals obey.
        const bool c1 =
            byte == 0xc2 && i + 1 < safe.size() && static_cast<unsigned char>(safe[i + 1]) < 0xa0;
        if (byte < 0x20 || byte == 0x7f || c1) {
            safe[i] = '?';
            if (c1) {
                safe[i + 1] = '?';
            }
        }
    }
    return safe;
}

}  // namespace app
