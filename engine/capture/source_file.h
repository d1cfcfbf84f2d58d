// SPDX-License-Identifier: Apache-2.0
// What capture may do with another program's files: read at a position, look at the facts, ask
// about locks. Nothing here can write, map, lock or wait. Tests put their own files underneath, so
// that a writer can move between two reads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/file.h"

namespace engine {

/// The answer to "who holds this range?". Unknown: the file system cannot tell (network, FUSE, or
/// the question failed), which is never the same as Free.
enum class LockState : std::uint8_t { Free, Shared, Exclusive, Unknown };

struct LockRange {
    std::uint64_t start = 0;
    std::uint64_t length = 1;
};

/// What stays the same for a file over reboots and remounts; st_dev does not.
struct FileIdentity {
    std::uint64_t fileSystem = 0;  // statfs f_fsid, 0 = not known
    std::uint64_t inode = 0;
    std::int64_t birthNs = 0;  // 0 = the file system keeps none
    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;

    /// inode and birth time decide; the file system's id (on some file systems made from the device
    /// number) only where there is no birth time.
    bool sameFile(const FileIdentity& other) const noexcept {
        return inode == other.inode && birthNs == other.birthNs &&
               (birthNs != 0 || fileSystem == other.fileSystem);
    }
};

/// One open source file. An unlinked file stays readable. One thread at a time.
class SourceFile {
public:
    virtual ~SourceFile() = default;
    /// Reads until the buffer is full or the file ends; returns the count.
    virtual Result<std::size_t> readAt(std::uint64_t offset, MutableBytes into) const = 0;
    /// fstat of the open file (not of its path); links == 0: unlinked.
    virtual Result<FileFacts> facts() const = 0;
    virtual Result<FileIdentity> identity() const = 0;
    /// Asks, never takes. Exclusive wins where a range holds several locks.
    virtual LockState lockQuestion(LockRange range) const = 0;
};

enum class SourceRole : std::uint8_t { Database, Wal, Shm, Journal };
/// "", "-wal", "-shm", "-journal"
std::string_view suffixOf(SourceRole role) noexcept;

/// The database and its side files, which lie beside the target of a symlink.
class SourceFolder {
public:
    virtual ~SourceFolder() = default;
    /// Looks again where the path leads; call at the start of a step.
    virtual void refresh() = 0;
    /// NotFound: nothing there. PermissionDenied. Unsupported: not a regular file.
    virtual Result<std::unique_ptr<SourceFile>> open(SourceRole role) = 0;
    /// What is at the path now. NotFound: nothing.
    virtual Result<FileFacts> factsAt(SourceRole role) const = 0;
    /// The database's path with symlinks resolved (as far as they exist).
    virtual std::string databasePath() const = 0;
};

/// The real one. Opens O_RDONLY|O_CLOEXEC|O_NONBLOCK.
std::unique_ptr<SourceFolder> openSourceFolder(std::string path);

/// Exactly into.size() bytes, else false (the file is shorter).
Result<bool> readWhole(const SourceFile& file, std::uint64_t offset, MutableBytes into);

}  // namespace engine
