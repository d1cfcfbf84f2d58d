// SPDX-License-Identifier: Apache-2.0
#include "engine/base/log.h"

#include <array>
#include <memory>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>

#include "engine/base/file.h"

namespace engine {
namespace {

constexpr std::array<const char*, 8> kNames = {
    "base", "capture", "shadow", "replica", "history", "pipeline", "restore", "service"};

spdlog::level::level_enum levelOf(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::Error:
            return spdlog::level::err;
        case LogLevel::Warn:
            return spdlog::level::warn;
        case LogLevel::Info:
            return spdlog::level::info;
        case LogLevel::Debug:
            return spdlog::level::debug;
        case LogLevel::Trace:
            return spdlog::level::trace;
    }
    return spdlog::level::warn;
}

/// All loggers share one sink, so that a later startLog() redirects every one of them.
struct Loggers {
    std::shared_ptr<spdlog::sinks::dist_sink_mt> sink =
        std::make_shared<spdlog::sinks::dist_sink_mt>();
    std::array<std::shared_ptr<spdlog::logger>, kNames.size()> all;

    Loggers() {
        sink->add_sink(std::make_shared<spdlog::sinks::stderr_sink_mt>());
        for (std::size_t i = 0; i < kNames.size(); ++i) {
            all[i] = std::make_shared<spdlog::logger>(kNames[i], sink);
            all[i]->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %n: %v", spdlog::pattern_time_type::utc);
            all[i]->set_level(spdlog::level::warn);
            all[i]->flush_on(spdlog::level::warn);
        }
    }
};

Loggers& loggers() {
    static Loggers instance;
    return instance;
}

}  // namespace

Status startLog(const LogOptions& options) {
    Loggers& state = loggers();
    if (!options.filePath.empty()) {
        // Created here first so that it is 0600 and so that a failure is an error of ours.
        ENGINE_TRY_ASSIGN(const File file, File::open(options.filePath, File::Mode::CreateTrunc));
        state.sink->set_sinks(
            {std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.filePath)});
    }
    for (const auto& logger : state.all) {
        logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %n: %v", spdlog::pattern_time_type::utc);
        logger->set_level(levelOf(options.level));
    }
    return {};
}

void flushLog() noexcept {
    for (const auto& logger : loggers().all) {
        logger->flush();
    }
}

namespace log {
spdlog::logger& base() {
    return *loggers().all[0];
}

spdlog::logger& capture() {
    return *loggers().all[1];
}

spdlog::logger& shadow() {
    return *loggers().all[2];
}

spdlog::logger& replica() {
    return *loggers().all[3];
}

spdlog::logger& history() {
    return *loggers().all[4];
}

spdlog::logger& pipeline() {
    return *loggers().all[5];
}

spdlog::logger& restore() {
    return *loggers().all[6];
}

spdlog::logger& service() {
    return *loggers().all[7];
}
}  // namespace log

}  // namespace engine
