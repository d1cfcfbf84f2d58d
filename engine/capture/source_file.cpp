// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/source_file.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "engine/base/file_system.h"
#include "engine/capture/file_system_kind.h"

namespace engine {
namespace {

/// The type of a lock that stands against ours, F_UNLCK for none, -1 for no answer.
int conflictingLock(int fd, short wanted, LockRange range) noexcept {
    struct flock lock {};

    lock.l_type = wanted;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(range.start);
    lock.l_len = static_cast<off_t>(range.length);
    return ::fcntl(fd, F_OFD_GETLK, &lock) == 0 ? lock.l_type : -1;
}

class SystemSourceFile final : public SourceFile {
public:
    SystemSourceFile(File file, bool visibleLocks)
        : m_file(std::move(file))
        , m_visibleLocks(visibleLocks) {}

    Result<std::size_t> readAt(std::uint64_t offset, MutableBytes into) const override {
        return m_file.readAt(offset, into);
    }

    Result<FileFacts> facts() const override { return m_file.facts(); }

    Result<FileIdentity> identity() const override;
    LockState lockQuestion(LockRange range) const override;

private:
    File m_file;
    bool m_visibleLocks;
};

Result<FileIdentity> SystemSourceFile::identity() const {
    struct statx x {};

    if (::statx(m_file.fd(), "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &x) != 0) {
        return errnoError(errno, "statx " + m_file.path());
    }
    FileIdentity identity;
    identity.inode = x.stx_ino;
    if ((x.stx_mask & STATX_BTIME) != 0) {
        identity.birthNs = x.stx_btime.tv_sec * 1'000'000'000 + x.stx_btime.tv_nsec;
    }

    struct statfs fs {};

    if (::fstatfs(m_file.fd(), &fs) == 0) {
        static_assert(sizeof fs.f_fsid == sizeof identity.fileSystem);
        std::memcpy(&identity.fileSystem, &fs.f_fsid, sizeof identity.fileSystem);
    }
    return identity;
}

LockState SystemSourceFile::lockQuestion(LockRange range) const {
    if (!m_visibleLocks) {
        return LockState::Unknown;
    }
    // One answer names one lock of maybe several in the range, so the stronger is asked for first.
    const int exclusive = conflictingLock(m_file.fd(), F_RDLCK, range);
    if (exclusive == F_WRLCK) {
        return LockState::Exclusive;
    }
    const int any = exclusive == F_UNLCK ? conflictingLock(m_file.fd(), F_WRLCK, range) : -1;
    switch (any) {
        case F_UNLCK:
            return LockState::Free;
        case F_RDLCK:
            return LockState::Shared;
        case F_WRLCK:
            return LockState::Exclusive;
        default:
            return LockState::Unknown;
    }
}

class SystemSourceFolder final : public SourceFolder {
public:
    explicit SystemSourceFolder(std::string path)
        : m_path(std::move(path))
        , m_resolved(m_path) {
        refresh();
    }

    void refresh() override {
        auto resolved = realPath(m_path);
        if (resolved.ok()) {
            m_resolved = std::move(resolved).value();
        }
    }

    Result<std::unique_ptr<SourceFile>> open(SourceRole role) override;

    Result<FileFacts> factsAt(SourceRole role) const override { return factsOf(pathOf(role)); }

    std::string databasePath() const override { return m_resolved; }

private:
    std::string pathOf(SourceRole role) const {
        return role == SourceRole::Database ? m_path : m_resolved + std::string(suffixOf(role));
    }

    std::string m_path;
    std::string m_resolved;
};

Result<std::unique_ptr<SourceFile>> SystemSourceFolder::open(SourceRole role) {
    const std::string path = pathOf(role);
    // Looked at before opening: opening a device may do something, and closing a file that this
    // process has locked for other reasons would drop the lock.
    ENGINE_TRY_ASSIGN(const FileFacts before, factsOf(path));
    if (!before.isRegular()) {
        return Error{ErrorCode::Unsupported, path + " is not a regular file"};
    }
    ENGINE_TRY_ASSIGN(File file, File::open(path, File::Mode::Read));
    ENGINE_TRY_ASSIGN(const FileFacts facts, file.facts());
    if (!facts.isRegular()) {
        return Error{ErrorCode::Unsupported, path + " is not a regular file"};
    }

    struct statfs fs {};

    // Locks taken by another host, or kept by a user-space server, do not show here.
    const bool visible = ::fstatfs(file.fd(), &fs) == 0 &&
                         !fileSystemKindOfMagic(static_cast<std::uint32_t>(fs.f_type)).remote;
    return std::unique_ptr<SourceFile>(
        std::make_unique<SystemSourceFile>(std::move(file), visible));
}

}  // namespace

std::string_view suffixOf(SourceRole role) noexcept {
    switch (role) {
        case SourceRole::Database:
            return "";
        case SourceRole::Wal:
            return "-wal";
        case SourceRole::Shm:
            return "-shm";
        case SourceRole::Journal:
            return "-journal";
    }
    return "";
}

std::unique_ptr<SourceFolder> openSourceFolder(std::string path) {
    return std::make_unique<SystemSourceFolder>(std::move(path));
}

Result<bool> readWhole(const SourceFile& file, std::uint64_t offset, MutableBytes into) {
    ENGINE_TRY_ASSIGN(const std::size_t count, file.readAt(offset, into));
    return count == into.size();
}

}  // namespace engine
