// SPDX-License-Identifier: Apache-2.0
// A folder by descriptor. Everything below it is reached one element at a time and never through a
// symlink, so that nothing that somebody planted in a replica's folder leads out of it.
//
// Each object belongs to one thread. Names are single elements without '/'.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/file.h"
#include "engine/base/result.h"

namespace engine {

class Descriptor {
public:
    Descriptor() = default;

    explicit Descriptor(int fd) noexcept
        : m_fd(fd) {}

    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept;
    Descriptor& operator=(Descriptor&& other) noexcept;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int fd() const noexcept { return m_fd; }

private:
    int m_fd = -1;
};

class Folder {
public:
    /// The path itself may lead through symlinks: the person chose it.
    static Result<Folder> open(const std::string& path);
    /// A second descriptor of the same folder.
    Result<Folder> again() const;

    /// What tells it from another folder in the same place. The file system's own id is part of
    /// it: two drives that are plugged in one after the other get the same device number.
    struct Facts {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::uint64_t fileSystem = 0;
        friend bool operator==(const Facts&, const Facts&) = default;
    };

    Result<Facts> facts() const;

    Result<Folder> child(const std::string& name) const;
    /// true: it was made (0700), false: it was there.
    Result<bool> make(const std::string& name) const;
    /// Makes the names in it durable.
    Status sync() const;

    struct Entry {
        enum class Kind : std::uint8_t { File, Folder, Other };
        Kind kind = Kind::Other;
        std::uint64_t size = 0;
        std::int64_t mtimeMs = 0;
    };

    /// What a name is, itself, not what it points to; none where there is nothing.
    Result<std::optional<Entry>> look(const std::string& name) const;
    /// Every name but "." and "..", in no order; the kind is Other where only look() can tell.
    Status visit(const std::function<void(const char* name, Entry::Kind kind)>& visitor) const;

    /// A range of a file; Corruption where it is shorter or no plain file. No length = all of it,
    /// at most bytesMax.
    Result<Buffer> read(const std::string& name,
                        std::uint64_t offset,
                        std::optional<std::uint64_t> length,
                        std::uint64_t bytesMax,
                        std::stop_token stop) const;
    /// A new file (0600) with these bytes, fsynced. Removes it again where that fails. Locked
    /// (flock, where there is such a thing) before its first byte for as long as the result lives.
    Result<Descriptor> write(const std::string& name, ByteView bytes, std::stop_token stop) const;
    /// Removes a file of write() whose writer is dead: it holds something, and nobody its lock.
    /// Where that cannot be told, what is older than oldestMs. true: it was removed.
    Result<bool> removeAbandoned(const std::string& name, std::int64_t oldestMs) const;
    /// Moves a name to another folder of the same file system, replacing what is there or not
    /// (AlreadyExists).
    Status move(const std::string& name,
                const Folder& to,
                const std::string& newName,
                bool replace) const;
    /// No error if it is not there.
    Status removeFile(const std::string& name) const;
    /// false: it is not empty.
    Result<bool> removeFolder(const std::string& name) const;

private:
    explicit Folder(Descriptor descriptor, std::string label);
    Error failed(int sysErrno, std::string_view verb, const std::string& name) const;
    Status writeNew(const Descriptor& file,
                    const std::string& name,
                    ByteView bytes,
                    const std::stop_token& stop) const;

    Descriptor m_descriptor;
    std::string m_label;  // the path, for messages
};

}  // namespace engine
