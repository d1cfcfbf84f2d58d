// SPDX-License-Identifier: Apache-2.0
#include "app/cli/source_check.h"

#include <array>
#include <cerrno>

#include <sys/stat.h>

namespace cli {

using engine::Error;
using engine::ErrorCode;
using engine::Result;

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

/// Opening and closing drops POSIX locks of this process only; no engine has the file yet.
static Result<engine::File> openToRead(const std::string& path) {
    Result<engine::File> file = engine::File::open(path, engine::File::Mode::Read);
    if (!file.ok()) {
        return engine::errnoError(file.error().sysErrno, "cannot read " + path)
            .withFix("let this user read the file");
    }
    return file;
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
    if (!engine::isUtf8(path)) {
        return Error{ErrorCode::InvalidArgument,
                     path + ": the path is not UTF-8, which what is stored about it has to be"}
            .withFix("rename it, or record it through a symbolic link with another name");
    }
    ENGINE_TRY_ASSIGN(const engine::File file, openToRead(path));
    ENGINE_TRY_ASSIGN(const std::string target, engine::realPath(path));
    for (const char* suffix : {"-wal", "-shm", "-journal"}) {
        const Result<engine::File> beside = openToRead(target + suffix);
        if (!beside.ok() && beside.error().code != ErrorCode::NotFound) {
            return beside.error();
        }
    }
    std::array<std::byte, 16> head{};
    ENGINE_TRY_ASSIGN(const std::size_t count, file.readAt(0, head));
    constexpr std::string_view kMagic("SQLite format 3\0", 16);
    const std::string found = engine::textOf(engine::ByteView(head).first(count));
    const Result<engine::FileFacts> log = engine::factsOf(target + "-wal");
    const bool inLog = log.ok() && log.value().size > 0;
    if (found.empty() && !inLog) {
        return Error{ErrorCode::InvalidArgument, path + " is empty, so there is nothing to record"}
            .withFix("start again when its app has written to it");
    }
    return found.empty() || found == kMagic ? engine::Status{} : engine::Status{notADatabase(path)};
}

}  // namespace cli
