// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/staged_file.h"

#include <cerrno>

#include <sys/stat.h>

#include "engine/base/file_system.h"
#include "engine/base/ids.h"

namespace engine {

namespace {

/// A dangling link counts too: a name is taken or it is not.
bool nameIsTaken(const std::string& path) {
    struct stat facts {};

    return ::lstat(path.c_str(), &facts) == 0 || errno != ENOENT;
}

Status checkTarget(const std::string& target, bool isSqlite) {
    const std::string folder = parentOf(target);
    Result<FileFacts> facts = factsOf(folder);
    if (!facts.ok()) {
        return std::move(facts).error().context("the folder for the restored file");
    }
    if (!facts.value().isDirectory()) {
        return Error{ErrorCode::InvalidArgument, folder + " is not a folder"};
    }
    if (fileNameOf(target).empty()) {
        return Error{ErrorCode::InvalidArgument, "the restored file needs a name"};
    }
    if (nameIsTaken(target)) {
        return Error{ErrorCode::AlreadyExists, target + " exists already"};
    }
    for (const char* suffix : {"-wal", "-journal"}) {
        if (isSqlite && nameIsTaken(target + suffix)) {
            return Error{
                ErrorCode::AlreadyExists,
                target + suffix + " exists already and would be mixed into the restored file"};
        }
    }
    return {};
}

}  // namespace

Result<StagedFile> StagedFile::create(const std::string& targetPath, bool isSqlite) {
    ENGINE_TRY(checkTarget(targetPath, isSqlite));
    const std::string name =
        "." + fileNameOf(targetPath) + ".strandline-" + toHex16(randomId64()) + ".part";
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
