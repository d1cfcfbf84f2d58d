// SPDX-License-Identifier: Apache-2.0
#include "engine/base/file_system.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/base/ids.h"

namespace engine {

std::string joinPath(std::string_view folder, std::string_view name) {
    std::string path(folder);
    if (!path.empty() && path.back() != '/') {
        path.push_back('/');
    }
    path.append(name);
    return path;
}

std::string parentOf(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) {
        return ".";
    }
    return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::string fileNameOf(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string expandHome(std::string_view path) {
    if (path.empty() || path.front() != '~' || (path.size() > 1 && path[1] != '/')) {
        return std::string(path);
    }
    const char* home = std::getenv("HOME");
    if (home == nullptr || *home == '\0') {
        const struct passwd* entry = ::getpwuid(::getuid());
        home = entry != nullptr ? entry->pw_dir : "";
    }
    return std::string(home) + std::string(path.substr(1));
}

static bool isSymlink(const std::string& path) {
    struct stat facts {};

    return ::lstat(path.c_str(), &facts) == 0 && S_ISLNK(facts.st_mode);
}

std::string normalPath(std::string_view path) {
    std::string normal;  // "" = the root
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view element = path.substr(0, end);
        path.remove_prefix(std::min(end + 1, path.size()));
        if (element.empty() || element == ".") {
            continue;
        }
        if (element != "..") {
            normal.append("/").append(element);
            continue;
        }
        if (isSymlink(normal)) {
            const Result<std::string> real = realPath(normal);
            normal = real.ok() ? real.value() : normal;
        }
        normal.erase(std::min(normal.rfind('/'), normal.size()));
    }
    return normal.empty() ? "/" : normal;
}

Result<std::string> realPath(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr),
                                                               &std::free);
    if (resolved == nullptr) {
        return errnoError(errno, path);
    }
    return std::string(resolved.get());
}

Status makeFolders(const std::string& path) {
    if (path.empty() || path == "/" || path == ".") {
        return {};
    }
    if (::mkdir(path.c_str(), 0700) == 0) {
        return {};
    }
    if (errno == ENOENT) {
        ENGINE_TRY(makeFolders(parentOf(path)));
        if (::mkdir(path.c_str(), 0700) == 0) {
            return {};
        }
    }
    const int failed = errno;
    if (failed == EEXIST) {
        ENGINE_TRY_ASSIGN(const FileFacts facts, factsOf(path));
        if (facts.isDirectory()) {
            return {};
        }
        return errnoError(ENOTDIR, "create folder " + path);
    }
    return errnoError(failed, "create folder " + path);
}

Status syncFolder(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errnoError(errno, "open folder " + path);
    }
    const int failed = ::fsync(fd) == 0 ? 0 : errno;
    ::close(fd);
    // Some file systems have no fsync for folders; their renames are as durable as they get.
    if (failed != 0 && failed != EINVAL && failed != ENOTSUP) {
        return errnoError(failed, "fsync folder " + path);
    }
    return {};
}

Status writeFileAtomically(const std::string& path, ByteView bytes) {
    const std::string temporary = path + ".tmp-" + toHex16(randomId64());
    const auto publish = [&]() -> Status {
        ENGINE_TRY_ASSIGN(File file, File::open(temporary, File::Mode::CreateNew));
        ENGINE_TRY(file.writeAt(0, bytes));
        ENGINE_TRY(file.sync());
        file.close();
        return renameReplace(temporary, path);
    };
    if (Status done = publish(); !done.ok()) {
        ignoreError(removeFile(temporary), "the first error is the one to report");
        return done;
    }
    return syncFolder(parentOf(path));
}

void removeHalfWritten(const std::string& folder) {
    constexpr std::string_view kMark = ".tmp-";
    const Result<std::vector<FolderEntry>> entries = listFolder(folder);
    if (!entries.ok()) {
        return;
    }
    for (const FolderEntry& entry : entries.value()) {
        const std::size_t mark = entry.name.rfind(kMark);
        if (mark != std::string::npos && !entry.isDirectory &&
            parseHex16(entry.name.substr(mark + kMark.size())).ok()) {
            ignoreError(removeFile(joinPath(folder, entry.name)), "it is in nobody's way");
        }
    }
}

Result<Buffer> readWholeFile(const std::string& path, std::uint64_t bytesMax) {
    ENGINE_TRY_ASSIGN(const File file, File::open(path, File::Mode::Read));
    ENGINE_TRY_ASSIGN(const FileFacts facts, file.facts());
    if (!facts.isRegular()) {
        return Error{ErrorCode::InvalidArgument, path + " is not a regular file"};
    }
    if (facts.size > bytesMax) {
        return Error{ErrorCode::Corruption,
                     path + " is larger than " + std::to_string(bytesMax) + " bytes"};
    }
    Buffer bytes(facts.size);
    ENGINE_TRY_ASSIGN(const std::size_t count, file.readAt(0, bytes));
    bytes.resize(count);
    return bytes;
}

Status renameNoReplace(const std::string& from, const std::string& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
        return {};
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return errnoError(errno, "rename to " + to);
    }
    // A file system without RENAME_NOREPLACE: a hard link never replaces either.
    if (::link(from.c_str(), to.c_str()) != 0) {
        return errnoError(errno, "link to " + to);
    }
    if (::unlink(from.c_str()) != 0) {
        return errnoError(errno, "unlink " + from);
    }
    return {};
}

Status renameReplace(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        return errnoError(errno, "rename to " + to);
    }
    return {};
}

Status removeFile(const std::string& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return errnoError(errno, "remove " + path);
    }
    return {};
}

Status removeTree(const std::string& path) {
    std::error_code code;
    std::filesystem::remove_all(path, code);
    if (code) {
        return errnoError(code.value(), "remove " + path);
    }
    return {};
}

Result<std::vector<FolderEntry>> listFolder(const std::string& path) {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
    if (folder == nullptr) {
        return errnoError(errno, "list " + path);
    }
    std::vector<FolderEntry> entries;
    for (;;) {
        errno = 0;  // the only way to tell the end from a failure; stat below may set it too
        const struct dirent* entry = ::readdir(folder.get());
        if (entry == nullptr) {
            break;
        }
        const std::string name = entry->d_name;
        if (name == "." || name == "..") {
            continue;
        }
        bool isDirectory = entry->d_type == DT_DIR;
        if (entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK) {
            const Result<FileFacts> facts = factsOf(joinPath(path, name));
            isDirectory = facts.ok() && facts.value().isDirectory();
        }
        entries.push_back(FolderEntry{name, isDirectory});
    }
    if (errno != 0) {
        return errnoError(errno, "list " + path);
    }
    std::sort(entries.begin(), entries.end(), [](const FolderEntry& a, const FolderEntry& b) {
        return a.name < b.name;
    });
    return entries;
}

Result<std::uint64_t> freeSpace(const std::string& path) {
    struct statvfs facts {};

    if (::statvfs(path.c_str(), &facts) != 0) {
        return errnoError(errno, "free space of " + path);
    }
    return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}

Result<FolderLock> FolderLock::take(const std::string& lockFilePath) {
    FolderLock lock;
    Result<File> file = File::open(lockFilePath, File::Mode::CreateNew);
    if (!file.ok() && file.error().code == ErrorCode::AlreadyExists) {
        file = File::open(lockFilePath, File::Mode::ReadWrite);
    }
    ENGINE_TRY_ASSIGN(lock.m_file, std::move(file));
    if (::flock(lock.m_file.fd(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return Error{
                ErrorCode::AlreadyExists, lockFilePath + " is held by another process", errno};
        }
        return errnoError(errno, "lock " + lockFilePath);
    }
    return lock;
}

}  // namespace engine
