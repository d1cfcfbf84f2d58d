// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/staged_file.h"

#include <cerrno>
#include <climits>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file_system.h"
#include "engine/restore/restorer.h"
#include "engine/restore/verifier.h"

namespace engine {

namespace {

/// AlreadyExists where there is something, a dangling link too: a name is taken or it is not.
Status checkFree(const std::string& path) {
    struct stat facts {};

    if (::lstat(path.c_str(), &facts) == 0) {
        return Error{ErrorCode::AlreadyExists, path + " exists already"};
    }
    return errno == ENOENT ? Status{} : Status{errnoError(errno, path)};
}

Error tooLong(const std::string& target) {
    return Error{ErrorCode::InvalidArgument,
                 "the name " + fileNameOf(target) +
                     " is too long: a database needs room for the names beside it, like "
                     "NAME-journal"}
        .withFix("choose a shorter name");
}

/// A database and its side files: the database goes first, so that it is never opened without
/// them. All or nothing.
Status moveSet(const std::string& from, const std::string& to) {
    std::vector<std::string> suffixes = {""};
    suffixes.insert(suffixes.end(), kSideSuffixes.begin(), kSideSuffixes.end());
    for (std::size_t i = 0; i < suffixes.size(); ++i) {
        const Status moved = renameNoReplace(from + suffixes[i], to + suffixes[i]);
        if (moved.ok() || moved.error().code == ErrorCode::NotFound) {
            continue;
        }
        for (std::size_t back = i; back > 0; --back) {
            ignoreError(renameNoReplace(to + suffixes[back - 1], from + suffixes[back - 1]),
                        "it was not there, or stays under its new name");
        }
        return moved;
    }
    return {};
}

/// The database itself may be there, and nothing else.
Status checkReplaceable(const std::string& target) {
    struct stat facts {};

    if (::lstat(target.c_str(), &facts) != 0) {
        return errno == ENOENT ? Status{} : Status{errnoError(errno, target)};
    }
    return S_ISREG(facts.st_mode)
               ? Status{}
               : Status{Error{ErrorCode::AlreadyExists, target + " is not a plain file"}};
}

}  // namespace

std::string brokenNameOf(const std::string& database, Time now) {
    std::string time = toRfc3339(now);
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    const std::string end = ".broken-" + time;
    const std::size_t room = NAME_MAX - end.size() - std::string_view(kSideSuffixes.back()).size();
    return joinPath(parentOf(database), shortened(fileNameOf(database), room) + end);
}

Status checkRestoreTarget(const std::string& target, const std::string& aside, bool isSqlite) {
    const std::string folder = parentOf(target);
    Result<FileFacts> facts = factsOf(folder);
    if (!facts.ok()) {
        return std::move(facts)
            .error()
            .context("the folder for the restored file")
            .withFix("choose a folder that is there");
    }
    if (!facts.value().isDirectory()) {
        return Error{ErrorCode::InvalidArgument, folder + " is not a folder"}.withFix(
            "choose a folder that is there");
    }
    if (fileNameOf(target).empty()) {
        return Error{ErrorCode::InvalidArgument, "the restored file needs a name"};
    }
    const auto refuse = [&target](Error error) {
        return error.sysErrno == ENAMETOOLONG
                   ? tooLong(target)
                   : std::move(error)
                         .withEffect("it was not touched, and nothing was restored")
                         .withFix("choose another name, or move it aside");
    };
    Status own = aside.empty() ? checkFree(target) : checkReplaceable(target);
    if (!own.ok()) {
        return refuse(std::move(own).error());
    }
    if (!aside.empty()) {
        own = checkFree(aside + kSideSuffixes.back());
        return own.ok() ? Status{} : Status{refuse(std::move(own).error())};
    }
    for (const char* suffix : kSideSuffixes) {
        Status beside = isSqlite ? checkFree(target + suffix) : Status{};
        if (!beside.ok()) {
            Error error = std::move(beside).error();
            error.message += " and would be mixed into the restored file";
            return refuse(std::move(error));
        }
    }
    return {};
}

Result<StagedFile> StagedFile::create(const std::string& targetPath,
                                      const std::string& asidePath,
                                      bool isSqlite) {
    ENGINE_TRY(checkRestoreTarget(targetPath, asidePath, isSqlite));
    ENGINE_TRY_ASSIGN(TemporaryFile temporary, TemporaryFile::makeBeside(targetPath));
    return StagedFile(targetPath, asidePath, std::move(temporary));
}

StagedFile::StagedFile(std::string target, std::string aside, TemporaryFile temporary)
    : m_target(std::move(target))
    , m_aside(std::move(aside))
    , m_temporary(std::move(temporary)) {}

/// Whoever could use the file that was there can use the new one.
Status StagedFile::takeOver() const {
    struct stat facts {};

    if (::stat(m_target.c_str(), &facts) != 0) {
        return errno == ENOENT ? Status{} : Status{errnoError(errno, m_target)};
    }
    const std::string& path = m_temporary.path();
    const bool given = ::chown(path.c_str(), facts.st_uid, facts.st_gid) == 0;
    // Without its owner its group would be another one, too.
    const mode_t mode = facts.st_mode & (given ? 0777u : 0700u);
    if (::chmod(path.c_str(), mode) != 0) {
        return errnoError(errno, path);
    }
    return {};
}

Status StagedFile::publish() {
    const std::string folder = parentOf(m_target);
    if (!m_aside.empty()) {
        ENGINE_TRY(takeOver());
        ENGINE_TRY(moveSet(m_target, m_aside));
        ENGINE_TRY(syncFolder(folder));
    }
    const Status published = m_temporary.renameTo(m_target);
    if (!published.ok() && !m_aside.empty()) {
        ignoreError(moveSet(m_aside, m_target), "it is safe where it is; the first error is told");
    }
    ENGINE_TRY(published);
    return syncFolder(folder);
}

}  // namespace engine
