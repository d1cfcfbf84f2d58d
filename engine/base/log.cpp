// SPDX-License-Identifier: Apache-2.0
#include "engine/base/log.h"

#include <algorithm>
#include <array>
#include <memory>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>

#include "engine/base/clock.h"
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

/// "2026-06-14T12:02:11.123Z info ..."
bool beginsLikeALog(std::string_view text) {
    constexpr std::size_t kTimeBytes = 24;
    constexpr std::array<std::string_view, 5> kLevels = {
        " error ", " warning ", " info ", " debug ", " trace "};
    const std::string_view after = text.substr(std::min(kTimeBytes, text.size()));
    const auto follows = [after](std::string_view level) {
        return after.substr(0, level.size()) == level;
    };
    return parseRfc3339(text.substr(0, kTimeBytes)).ok() &&
           std::any_of(kLevels.begin(), kLevels.end(), follows);
}

/// Makes the file (0600), or looks whether it is one that may be appended to.
Status prepareFile(const std::string& path) {
    Result<File> file = File::open(path, File::Mode::CreateNew);
    if (file.ok() || file.error().code != ErrorCode::AlreadyExists) {
        return file.ok() ? Status{} : Status{std::move(file).error()};
    }
    ENGINE_TRY_ASSIGN(const FileFacts facts, factsOf(path));
    if (facts.isRegular()) {
        std::array<std::byte, 64> head{};
        ENGINE_TRY_ASSIGN(file, File::open(path, File::Mode::ReadWrite));
        ENGINE_TRY_ASSIGN(const std::size_t count, file.value().readAt(0, head));
        if (count == 0 || beginsLikeALog(textOf(ByteView(head).first(count)))) {
            return {};
        }
    }
    return Error{ErrorCode::Refused, path + " is there already and is no log of this program"}
        .withEffect("it was not touched, and nothing was started")
        .withFix("name a file that is not there yet, or an earlier log");
}

}  // namespace

Status startLog(const LogOptions& options) {
    Loggers& state = loggers();
    if (!options.filePath.empty()) {
        ENGINE_TRY(prepareFile(options.filePath));
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
