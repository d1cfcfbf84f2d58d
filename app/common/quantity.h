// SPDX-License-Identifier: Apache-2.0
// Amounts as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace app {

/// "812 B", "3.1 MiB"
std::string toSizeLabel(std::uint64_t bytes);
/// "340 ms", "2.4 s", "3 min 20 s"
std::string toSpanLabel(std::int64_t ms);
/// Text from outside for a terminal: control characters become "?".
std::string safeText(std::string_view text);

}  // namespace app
