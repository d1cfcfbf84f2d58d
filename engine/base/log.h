// SPDX-License-Identifier: Apache-2.0
// Logging: short event, then key=value with the unit in the key:
//     log::capture().info("commit captured db={} tx={} pages={}", name, tx.value, pages);
// error = user data at risk now; warn = degraded, will retry; info = state changes and finished
// jobs; debug = each object; trace = each frame. Page contents and secrets never (a Secret has no
// formatter, so logging one does not compile).
#pragma once

#include <string>

#include <spdlog/logger.h>

#include "engine/base/result.h"

namespace engine {

enum class LogLevel : std::uint8_t { Error, Warn, Info, Debug, Trace };

struct LogOptions {
    LogLevel level = LogLevel::Warn;
    std::string filePath;  // is appended to; empty = standard error
};

/// Call once, before threads start; before that warnings go to standard error. Refused: the file is
/// there, holds something and does not begin with a line of a log of ours.
Status startLog(const LogOptions& options);
void flushLog() noexcept;

namespace log {
spdlog::logger& base();
spdlog::logger& capture();
spdlog::logger& shadow();
spdlog::logger& replica();
spdlog::logger& history();
spdlog::logger& pipeline();
spdlog::logger& restore();
spdlog::logger& service();
}  // namespace log

}  // namespace engine
