// SPDX-License-Identifier: Apache-2.0
#include "app/cli/source_check.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cli {

using engine::Error;
using engine::ErrorCode;

static std::string_view kindOf(mode_t mode) noexcept {
    if (S_ISDIR(mode)) {
        return "a folder";
    }
    if (S_ISFIFO(mode)) {
        return "a pipe";
    }
    return S_ISSOCK(mode) ? "a socket" : "a device";
}

static Error notADatabase(const std::string& path) {
    return Error{ErrorCode::InvalidArgument, path + " is not a SQLite database"}.withFix(
        "name the database file; strandline-cli probe says what a file is");
}

engine::Status checkSource(const std::string& path) {
    struct stat facts {};

    if (::stat(path.c_str(), &facts) != 0) {
        return engine::errnoError(errno, path).withFix("check the path");
    }
    if (!S_ISREG(facts.st_mode)) {
        return Error{ErrorCode::InvalidArgument,
                     path + " is " + std::string(kindOf(facts.st_mode)) + ", not a database"}
            .withFix("name the database file");
    }
    // Opening and closing drops POSIX locks of this process only; no engine has the file yet.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return engine::errnoError(errno, "cannot read " + path)
            .withFix("let this user read the file");
    }
    std::array<char, 16> head{};
    const ssize_t count = ::pread(fd, head.data(), head.size(), 0);
    ::close(fd);
    constexpr std::string_view kMagic("SQLite format 3\0", 16);
    const std::string_view found(head.data(), count > 0 ? static_cast<std::size_t>(count) : 0);

    struct stat log {};

    const bool inLog = ::stat((path + "-wal").c_str(), &log) == 0 && log.st_size > 0;
    if (found.empty() && !inLog) {
        return Error{ErrorCode::InvalidArgument, path + " is empty, so there is nothing to record"}
            .withFix("start again when its app has written to it");
    }
    return found.empty() || found == kMagic ? engine::Status{} : engine::Status{notADatabase(path)};
}

}  // namespace cli
