// SPDX-License-Identifier: Apache-2.0
// Times as people read and type them: in the time zone of this computer.
#pragma once

#include <string>
#include <string_view>

#include "engine/api/program.h"

namespace app {

/// RFC 3339 with an offset, or local: "2026-06-14 14:02:11", "2026-06-14 14:02:11.250",
/// "2026-06-14T14:02". InvalidArgument: not a time; a local time that the clocks skipped; one that
/// they showed twice (the message lists both).
engine::Result<engine::Time> parseMoment(std::string_view text);

/// "2026-06-14 14:02:11.123" in local time; "-" for 0.
std::string toLocalText(engine::Time time);
/// "3 s ago", "in 2 min"; "never" for 0.
std::string toRelativeText(engine::Time time, engine::Time now);

}  // namespace app
