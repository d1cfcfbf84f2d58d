// SPDX-License-Identifier: Apache-2.0
#include "engine/base/file.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace engine {
namespace {

FileFacts factsFrom(const struct stat& s) {
    FileFacts facts;
    facts.device = s.st_dev;
    facts.inode = s.st_ino;
    facts.size = static_cast<std::uint64_t>(s.st_size);
    facts.mtimeNs = s.st_mtim.tv_sec * 1'000'000'000 + s.st_mtim.tv_nsec;
    facts.ctimeNs = s.st_ctim.tv_sec * 1'000'000'000 + s.st_ctim.tv_nsec;
    facts.links = s.st_nlink;
    facts.mode = s.st_mode;
    facts.owner = s.st_uid;
    return facts;
}

int flagsOf(File::Mode mode) noexcept {
    switch (mode) {
        case File::Mode::Read:
            return O_RDONLY;
        case File::Mode::ReadWrite:
            return O_RDWR;
        case File::Mode::CreateNew:
            return O_RDWR | O_CREAT | O_EXCL;
        case File::Mode::CreateTrunc:
            return O_RDWR | O_CREAT | O_TRUNC;
    }
    return O_RDONLY;
}

}  // namespace

bool FileFacts::isRegular() const noexcept {
    return S_ISREG(mode);
}

bool FileFacts::isDirectory() const noexcept {
    return S_ISDIR(mode);
}

Result<File> File::open(const std::string& path, Mode mode) {
    // O_NONBLOCK: opening a fifo must not wait for a writer; regular files do not care.
    const int fd = ::open(path.c_str(), flagsOf(mode) | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0) {
        return errnoError(errno, "open " + path);
    }
    File file;
    file.m_fd = fd;
    file.m_path = path;
    return file;
}

File::~File() {
    close();
}

File::File(File&& other) noexcept
    : m_fd(std::exchange(other.m_fd, -1))
    , m_path(std::move(other.m_path)) {}

File& File::operator=(File&& other) noexcept {
    if (this != &other) {
        close();
        m_fd = std::exchange(other.m_fd, -1);
        m_path = std::move(other.m_path);
    }
    return *this;
}

void File::close() noexcept {
    if (m_fd >= 0) {
        ::close(m_fd);
        m_fd = -1;
    }
}

Result<std::size_t> File::readAt(std::uint64_t offset, MutableBytes into) const {
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t count = ::pread(
            m_fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return errnoError(errno, "read " + m_path);
        }
        if (count == 0) {
            break;
        }
        done += static_cast<std::size_t>(count);
    }
    return done;
}

Status File::readExactAt(std::uint64_t offset, MutableBytes into) const {
    ENGINE_TRY_ASSIGN(const std::size_t count, readAt(offset, into));
    if (count != into.size()) {
        return Error{ErrorCode::Corruption, "read " + m_path + ": unexpected end of file"};
    }
    return {};
}

Status File::writeAt(std::uint64_t offset, ByteView bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count = ::pwrite(
            m_fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return errnoError(errno, "write " + m_path);
        }
        done += static_cast<std::size_t>(count);
    }
    return {};
}

Status File::truncate(std::uint64_t size) {
    if (::ftruncate(m_fd, static_cast<off_t>(size)) != 0) {
        return errnoError(errno, "truncate " + m_path);
    }
    return {};
}

Status File::sync() {
    if (::fsync(m_fd) != 0) {
        return errnoError(errno, "fsync " + m_path);
    }
    return {};
}

Result<FileFacts> File::facts() const {
    struct stat s {};

    if (::fstat(m_fd, &s) != 0) {
        return errnoError(errno, "stat " + m_path);
    }
    return factsFrom(s);
}

Result<FileFacts> factsOf(const std::string& path) {
    struct stat s {};

    if (::stat(path.c_str(), &s) != 0) {
        return errnoError(errno, "stat " + path);
    }
    return factsFrom(s);
}

}  // namespace engine
