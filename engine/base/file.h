// SPDX-License-Identifier: Apache-2.0
// A file descriptor with an owner. Positions are explicit (pread/pwrite); short reads are told
// apart from errors. Files of ours are created 0600.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace engine {

/// What stat says, in one struct; all that identifies a file and shows that it changed.
struct FileFacts {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t mtimeNs = 0;
    std::int64_t ctimeNs = 0;
    std::uint64_t links = 0;
    std::uint32_t mode = 0;  // st_mode, with the type
    std::uint32_t owner = 0;
    bool isRegular() const noexcept;
    bool isDirectory() const noexcept;

    bool sameFile(const FileFacts& other) const noexcept {
        return device == other.device && inode == other.inode;
    }

    /// Same size and times: nothing has been written as far as stat can tell.
    bool sameStamp(const FileFacts& other) const noexcept {
        return size == other.size && mtimeNs == other.mtimeNs && ctimeNs == other.ctimeNs;
    }
};

class File {
public:
    enum class Mode {
        Read,        // O_RDONLY
        ReadWrite,   // must exist
        CreateNew,   // O_EXCL, 0600
        CreateTrunc  // 0600, emptied if there
    };
    static Result<File> open(const std::string& path, Mode mode);

    File() = default;
    ~File();
    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    bool isOpen() const noexcept { return m_fd >= 0; }

    int fd() const noexcept { return m_fd; }

    const std::string& path() const noexcept { return m_path; }

    void close() noexcept;

    /// Reads until the buffer is full or the file ends; returns the count (short = end of file).
    Result<std::size_t> readAt(std::uint64_t offset, MutableBytes into) const;
    /// As readAt, but less than the whole buffer is Corruption ("unexpected end").
    Status readExactAt(std::uint64_t offset, MutableBytes into) const;
    Status writeAt(std::uint64_t offset, ByteView bytes);
    Status truncate(std::uint64_t size);
    /// fsync: data and metadata are on the disk.
    Status sync();
    Result<FileFacts> facts() const;

private:
    int m_fd = -1;
    std::string m_path;
};

/// stat(2), following symlinks.
Result<FileFacts> factsOf(const std::string& path);

}  // namespace engine
