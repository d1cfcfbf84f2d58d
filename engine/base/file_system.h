// SPDX-License-Identifier: Apache-2.0
// Paths and folders: everything of ours is 0600/0700, published by rename, and fsynced with its
// folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/file.h"
#include "engine/base/result.h"

namespace engine {

std::string joinPath(std::string_view folder, std::string_view name);
/// "/a/b" of "/a/b/c"; "." where there is no folder part.
std::string parentOf(std::string_view path);
std::string fileNameOf(std::string_view path);
/// "~" and "~/x" become the home folder; other text is returned as it is.
std::string expandHome(std::string_view path);
/// An absolute path without "//", ".", ".." and a last "/"; symlinks stay. Where ".." follows one,
/// it is the parent of what the link leads to, as for the system.
std::string normalPath(std::string_view path);
/// Absolute, symlinks resolved. NotFound where it does not exist.
Result<std::string> realPath(const std::string& path);

/// Creates the folder and its missing parents, each 0700. No error if it exists.
Status makeFolders(const std::string& path);
/// Makes names in the folder durable.
Status syncFolder(const std::string& path);
/// Temporary file beside the target, write, fsync, rename over, fsync of the folder.
Status writeFileAtomically(const std::string& path, ByteView bytes);
/// What such writers left in the folder when they were killed ("<name>.tmp-<16 hex>"). Only for who
/// knows that nobody is writing there; what cannot be removed stays.
void removeHalfWritten(const std::string& folder);
/// The whole file; more than bytesMax is Corruption (nobody makes us take memory without a limit).
Result<Buffer> readWholeFile(const std::string& path, std::uint64_t bytesMax);
/// rename(2) that never replaces: AlreadyExists if the target is there.
Status renameNoReplace(const std::string& from, const std::string& to);
/// rename(2), replacing.
Status renameReplace(const std::string& from, const std::string& to);
/// No error if it is not there.
Status removeFile(const std::string& path);
/// Removes a folder with what is in it; no error if it is not there.
Status removeTree(const std::string& path);

struct FolderEntry {
    std::string name;
    bool isDirectory = false;
};

/// Names without "." and "..", sorted. NotFound if the folder is not there.
Result<std::vector<FolderEntry>> listFolder(const std::string& path);
/// Bytes that we may still write there.
Result<std::uint64_t> freeSpace(const std::string& path);

/// flock(2) on a file of ours, held until destroyed. AlreadyExists if another process has it.
class FolderLock {
public:
    static Result<FolderLock> take(const std::string& lockFilePath);

private:
    File m_file;
};

}  // namespace engine
