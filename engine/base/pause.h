// SPDX-License-Identifier: Apache-2.0
// A pause that a stop ends at once; for back-off and for what gives no event.
#pragma once

#include <chrono>
#include <stop_token>

namespace engine {

/// false: stopped before the time was over.
bool pauseFor(std::stop_token stop, std::chrono::milliseconds time);

}  // namespace engine
