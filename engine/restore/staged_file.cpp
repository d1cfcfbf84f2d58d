// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/staged_file.h"

#include <algorithm>
#include <cerrno>

#include <sys/stat.h>

#include "engine/base/file_system.h"
#include "engine/base/ids.h"
#include "engine/restore/restorer.h"

namespace engine {

namespace {

constexpr std::size_t kNameBytesMax = 128;  // of the target, in the name of its temporary file

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

/// Whole characters of the beginning: some file systems take no others.
std::string shortened(const std::string& name) {
    std::size_t end = std::min(name.size(), kNameBytesMax);
    while (end > 0 && end < name.size() && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) {
        --end;
    }
    return name.substr(0, end);
}

}  // namespace

Status checkRestoreTarget(const std::string& target, bool isSqlite) {
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
    if (Status own = checkFree(target); !own.ok()) {
        return refuse(std::move(own).error());
    }
    for (const char* suffix : {"-wal", "-shm", "-journal"}) {
        Status beside = isSqlite ? checkFree(target + suffix) : Status{};
        if (!beside.ok()) {
            Error error = std::move(beside).error();
            error.message += " and would be mixed into the restored file";
            return refuse(std::move(error));
        }
    }
    return {};
}

Result<StagedFile> StagedFile::create(const std::string& targetPath, bool isSqlite) {
    ENGINE_TRY(checkRestoreTarget(targetPath, isSqlite));
    const std::string name =
        "." + shortened(fileNameOf(targetPath)) + ".strandline-" + toHex16(randomId64()) + ".part";
    const std::string path = joinPath(parentOf(targetPath), name);
    ENGINE_TRY_ASSIGN(File file, File::open(path, File::Mode::CreateNew));
    return StagedFile(targetPath, path, std::move(file));
}

StagedFile::StagedFile(std::string target, std::string path, File file)
    : m_target(std::move(target))
    , m_path(std::move(path))
    , m_file(std::move(file)) {}

StagedFile::StagedFile(StagedFile&& other) noexcept
    : m_target(std::move(other.m_target))
    , m_path(std::move(other.m_path))
    , m_file(std::move(other.m_file)) {
    other.m_path.clear();
}

StagedFile::~StagedFile() {
    if (!m_path.empty()) {
        ignoreError(removeFile(m_path),
                    "a leftover is only a hidden file; the first error is reported");
    }
}

Status StagedFile::publish() {
    m_file.close();
    ENGINE_TRY(renameNoReplace(m_path, m_target));
    m_path.clear();
    return syncFolder(parentOf(m_target));
}

}  // namespace engine
