// SPDX-License-Identifier: Apache-2.0
#include "engine/replica/folder.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/base/file_system.h"

namespace engine {
namespace {

constexpr std::size_t kChunkBytes = 1u << 20;

Folder::Entry::Kind kindOf(mode_t mode) noexcept {
    if (S_ISREG(mode)) {
        return Folder::Entry::Kind::File;
    }
    return S_ISDIR(mode) ? Folder::Entry::Kind::Folder : Folder::Entry::Kind::Other;
}

Folder::Entry::Kind kindOfEntry(unsigned char type) noexcept {
    if (type == DT_REG) {
        return Folder::Entry::Kind::File;
    }
    return type == DT_DIR ? Folder::Entry::Kind::Folder : Folder::Entry::Kind::Other;
}

Error cancelled() {
    return Error{ErrorCode::Cancelled, "stopped"};
}

int retryOpenAt(int folder, const char* name, int flags, mode_t mode = 0) noexcept {
    int fd = -1;
    do {
        fd = ::openat(folder, name, flags | O_CLOEXEC, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

}  // namespace

Descriptor::~Descriptor() {
    if (m_fd >= 0) {
        ::close(m_fd);
    }
}

Descriptor::Descriptor(Descriptor&& other) noexcept
    : m_fd(std::exchange(other.m_fd, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(m_fd, other.m_fd);
    return *this;
}

Folder::Folder(Descriptor descriptor, std::string label)
    : m_descriptor(std::move(descriptor))
    , m_label(std::move(label)) {}

Error Folder::failed(int sysErrno, std::string_view verb, const std::string& name) const {
    return errnoError(sysErrno, std::string(verb) + " " + joinPath(m_label, name));
}

Result<Folder> Folder::open(const std::string& path) {
    const int fd = retryOpenAt(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        return errnoError(errno, "open folder " + path);
    }
    return Folder(Descriptor(fd), path);
}

Result<Folder> Folder::again() const {
    const int fd = retryOpenAt(m_descriptor.fd(), ".", O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        return failed(errno, "open folder", "");
    }
    return Folder(Descriptor(fd), m_label);
}

Result<Folder::Facts> Folder::facts() const {
    struct stat s {};

    if (::fstat(m_descriptor.fd(), &s) != 0) {
        return failed(errno, "stat", "");
    }

    struct statvfs v {};

    if (::fstatvfs(m_descriptor.fd(), &v) != 0) {
        return failed(errno, "stat", "");
    }
    return Facts{s.st_dev, s.st_ino, v.f_fsid};
}

Result<Folder> Folder::child(const std::string& name) const {
    const int fd =
        retryOpenAt(m_descriptor.fd(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd >= 0) {
        return Folder(Descriptor(fd), joinPath(m_label, name));
    }
    if (errno == ENOTDIR || errno == ELOOP) {
        return Error{ErrorCode::Corruption, joinPath(m_label, name) + " is no folder", errno};
    }
    return failed(errno, "open folder", name);
}

Result<bool> Folder::make(const std::string& name) const {
    if (::mkdirat(m_descriptor.fd(), name.c_str(), 0700) == 0) {
        return true;
    }
    if (errno == EEXIST) {
        return false;
    }
    return failed(errno, "create folder", name);
}

Status Folder::sync() const {
    // Some file systems have no fsync for folders; their names are as durable as they get.
    if (::fsync(m_descriptor.fd()) != 0 && errno != EINVAL && errno != ENOTSUP) {
        return failed(errno, "fsync folder", "");
    }
    return {};
}

Result<std::optional<Folder::Entry>> Folder::look(const std::string& name) const {
    struct stat s {};

    if (::fstatat(m_descriptor.fd(), name.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) {
            return std::optional<Entry>();
        }
        return failed(errno, "stat", name);
    }
    const std::int64_t mtimeMs = s.st_mtim.tv_sec * 1000 + s.st_mtim.tv_nsec / 1'000'000;
    return std::optional<Entry>(
        Entry{kindOf(s.st_mode), static_cast<std::uint64_t>(s.st_size), mtimeMs});
}

Status Folder::visit(const std::function<void(const char* name, Entry::Kind kind)>& visitor) const {
    const int fd = retryOpenAt(m_descriptor.fd(), ".", O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        return failed(errno, "list", "");
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd), &::closedir);
    if (stream == nullptr) {
        const int reason = errno;
        ::close(fd);
        return failed(reason, "list", "");
    }
    for (;;) {
        errno = 0;
        const struct dirent* entry = ::readdir(stream.get());
        if (entry == nullptr) {
            break;
        }
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            visitor(entry->d_name, kindOfEntry(entry->d_type));
        }
    }
    return errno == 0 ? Status{} : Status{failed(errno, "list", "")};
}

Result<Buffer> Folder::read(const std::string& name,
                            std::uint64_t offset,
                            std::optional<std::uint64_t> length,
                            std::uint64_t bytesMax,
                            std::stop_token stop) const {
    // O_NONBLOCK: a fifo in this place must not make us wait for its writer.
    const Descriptor file(
        retryOpenAt(m_descriptor.fd(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK));

    struct stat s {};

    if (file.fd() < 0 || ::fstat(file.fd(), &s) != 0) {
        if (errno == ELOOP || errno == ENXIO) {
            return Error{
                ErrorCode::Corruption, joinPath(m_label, name) + " is no plain file", errno};
        }
        return failed(errno, "open", name);
    }
    const auto size = static_cast<std::uint64_t>(s.st_size);
    const std::uint64_t wanted = length.value_or(size);
    if (!S_ISREG(s.st_mode) || wanted > bytesMax || offset > size || wanted > size - offset) {
        return Error{ErrorCode::Corruption,
                     joinPath(m_label, name) + " holds " + std::to_string(size) +
                         " bytes, not the range that was asked for"};
    }
    Buffer bytes(wanted);
    for (std::size_t done = 0; done < bytes.size();) {
        if (stop.stop_requested()) {
            return cancelled();
        }
        const std::size_t chunk = std::min(kChunkBytes, bytes.size() - done);
        const ssize_t count =
            ::pread(file.fd(), bytes.data() + done, chunk, static_cast<off_t>(offset + done));
        if (count < 0 && errno != EINTR) {
            return failed(errno, "read", name);
        }
        if (count == 0) {
            return Error{ErrorCode::Corruption,
                         joinPath(m_label, name) + " ended while it was read"};
        }
        done += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    return bytes;
}

Result<Descriptor> Folder::write(const std::string& name,
                                 ByteView bytes,
                                 std::stop_token stop) const {
    Descriptor file(retryOpenAt(
        m_descriptor.fd(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    if (file.fd() < 0) {
        return failed(errno, "create", name);
    }
    // Without a lock the file counts as abandoned; whoever takes it away makes the move fail, which
    // is tried again.
    static_cast<void>(::flock(file.fd(), LOCK_EX | LOCK_NB));
    if (Status done = writeNew(file, name, bytes, stop); !done.ok()) {
        ignoreError(removeFile(name),
                    "the first error is the one to report; old ones go at the next open");
        return std::move(done).error();
    }
    return file;
}

Result<bool> Folder::removeAbandoned(const std::string& name, std::int64_t oldestMs) const {
    const Descriptor file(
        retryOpenAt(m_descriptor.fd(), name.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK));

    struct stat s {};

    if (file.fd() < 0 || ::fstat(file.fd(), &s) != 0) {
        return failed(errno, "open", name);
    }
    // An empty one may be between its creation and its lock; trying the lock now would take it from
    // its writer, who then writes on without.
    const bool old = s.st_mtim.tv_sec * 1000 < oldestMs;
    if (!S_ISREG(s.st_mode) || (!old && s.st_size == 0)) {
        return false;
    }
    const bool free = ::flock(file.fd(), LOCK_EX | LOCK_NB) == 0;
    const bool held = !free && errno == EWOULDBLOCK;
    if (held || (!old && !free)) {
        return false;
    }
    ENGINE_TRY(removeFile(name));
    return true;
}

Status Folder::writeNew(const Descriptor& file,
                        const std::string& name,
                        ByteView bytes,
                        const std::stop_token& stop) const {
    for (std::size_t done = 0; done < bytes.size();) {
        if (stop.stop_requested()) {
            return cancelled();
        }
        const std::size_t chunk = std::min(kChunkBytes, bytes.size() - done);
        const ssize_t count =
            ::pwrite(file.fd(), bytes.data() + done, chunk, static_cast<off_t>(done));
        if (count < 0 && errno != EINTR) {
            return failed(errno, "write", name);
        }
        done += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    if (::fsync(file.fd()) != 0) {
        return failed(errno, "fsync", name);
    }
    return {};
}

Status Folder::move(const std::string& name,
                    const Folder& to,
                    const std::string& newName,
                    bool replace) const {
    const int from = m_descriptor.fd();
    const int into = to.m_descriptor.fd();
    if (::renameat2(from, name.c_str(), into, newName.c_str(), replace ? 0 : RENAME_NOREPLACE) ==
        0) {
        return {};
    }
    if (replace || (errno != EINVAL && errno != ENOSYS)) {
        return to.failed(errno, "rename to", newName);
    }
    // A file system without RENAME_NOREPLACE: a hard link never replaces either.
    if (::linkat(from, name.c_str(), into, newName.c_str(), 0) == 0) {
        return removeFile(name);
    }
    if (errno != EPERM && errno != ENOTSUP && errno != ENOSYS) {
        return to.failed(errno, "link to", newName);
    }
    // Nor hard links (exFAT): look first; names of immutable objects are random enough for that.
    ENGINE_TRY_ASSIGN(const std::optional<Entry> there, to.look(newName));
    if (there.has_value()) {
        return to.failed(EEXIST, "rename to", newName);
    }
    return move(name, to, newName, true);
}

Status Folder::removeFile(const std::string& name) const {
    if (::unlinkat(m_descriptor.fd(), name.c_str(), 0) == 0 || errno == ENOENT) {
        return {};
    }
    if (errno == EISDIR) {
        return Error{ErrorCode::Corruption, joinPath(m_label, name) + " is a folder", errno};
    }
    return failed(errno, "remove", name);
}

Result<bool> Folder::removeFolder(const std::string& name) const {
    if (::unlinkat(m_descriptor.fd(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) {
        return true;
    }
    if (errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY || errno == ENOTDIR) {
        return false;
    }
    return failed(errno, "remove folder", name);
}

}  // namespace engine
