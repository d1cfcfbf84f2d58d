// SPDX-License-Identifier: Apache-2.0
// Durations and sizes as people write them, and the nearest of some names. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/config/config.h"

namespace engine {

/// "90s", "6h", "1h30m", "250ms", "1.5h"; units ns us ms s m h. Parts of a millisecond are rounded
/// up, so that something never becomes nothing.
Result<DurationMs> parseDuration(std::string_view text);
/// What Go's time.Duration marshals to.
Result<DurationMs> durationOfNanoseconds(std::int64_t nanoseconds);
/// The shortest text that parseDuration reads back: "1h30m", "250ms", "0s".
std::string toDurationText(DurationMs duration);

/// "5MiB", "20 GiB", "1.5GB", "4096"; binary and decimal units.
Result<std::uint64_t> parseSize(std::string_view text);
/// Exact: "5MiB", or bytes where no unit fits.
std::string toSizeText(std::uint64_t bytes);

/// The name that a mistyped one was probably meant to be; empty = none is near.
std::string nearestName(std::string_view typed, std::span<const std::string> names);

}  // namespace engine
