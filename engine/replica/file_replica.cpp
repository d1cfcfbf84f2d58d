// SPDX-License-Identifier: Apache-2.0
#include "engine/replica/file_replica.h"

#include <algorithm>
#include <utility>

#include "engine/base/file_system.h"
#include "engine/base/ids.h"
#include "engine/base/log.h"
#include "engine/replica/folder_listing.h"

namespace engine {
namespace {

constexpr std::string_view kTemporaryPrefix = ".tmp-";
constexpr std::int64_t kTemporaryAgeMaxMs = 24LL * 3600 * 1000;
/// How often a put that lost its folder to a concurrent remove makes it again.
constexpr int kFolderAttempts = 16;
constexpr std::size_t kDurableFoldersMax = 4096;

bool isTemporaryName(std::string_view name) {
    return name.substr(0, kTemporaryPrefix.size()) == kTemporaryPrefix &&
           parseHex16(name.substr(kTemporaryPrefix.size())).ok();
}

/// "a/b/c" -> {"a", "b"} and "c".
struct SplitName {
    std::vector<std::string> folders;
    std::string file;
};

SplitName split(std::string_view name) {
    SplitName parts;
    for (std::size_t slash = name.find('/'); slash != std::string_view::npos;
         slash = name.find('/')) {
        parts.folders.emplace_back(name.substr(0, slash));
        name.remove_prefix(slash + 1);
    }
    parts.file = std::string(name);
    return parts;
}

/// {"a", "b"} -> {"a/", "a/b/"}
std::vector<std::string> pathsOf(const std::vector<std::string>& folders) {
    std::vector<std::string> paths;
    std::string path;
    for (const std::string& folder : folders) {
        path += folder + "/";
        paths.push_back(path);
    }
    return paths;
}

Result<Folder> walk(const Folder& root, const std::vector<std::string>& folders) {
    ENGINE_TRY_ASSIGN(Folder folder, root.again());
    for (const std::string& name : folders) {
        ENGINE_TRY_ASSIGN(folder, folder.child(name));
    }
    return folder;
}

Error cancelled() {
    return Error{ErrorCode::Cancelled, "stopped"};
}

/// What the seam promises: an input/output error of a drive or a mount is "try again".
Error seamError(Error error) {
    if (error.code == ErrorCode::Io) {
        error.code = ErrorCode::Unavailable;
    }
    return error;
}

/// Each try has another temporary name, which helps nobody; the object's does.
Error notWritten(Error error, const std::string& path) {
    return seamError(error.sysErrno == 0 ? std::move(error)
                                         : errnoError(error.sysErrno, "write " + path));
}

template <class T>
Result<T> seam(Result<T> result) {
    return result.ok() ? std::move(result) : Result<T>(seamError(std::move(result).error()));
}

}  // namespace

std::uint64_t FileReplica::DurableFolders::epoch() const {
    MutexLock lock(m_mutex);
    return m_epoch;
}

bool FileReplica::DurableFolders::knows(const std::string& folder) const {
    MutexLock lock(m_mutex);
    return m_removals == 0 && m_folders.count(folder) > 0;
}

void FileReplica::DurableFolders::learn(const std::vector<std::string>& folders,
                                        std::uint64_t epoch) {
    MutexLock lock(m_mutex);
    if (m_removals > 0 || epoch != m_epoch) {
        return;
    }
    if (m_folders.size() > kDurableFoldersMax) {
        m_folders.clear();
    }
    m_folders.insert(folders.begin(), folders.end());
}

void FileReplica::DurableFolders::beginRemoval() {
    MutexLock lock(m_mutex);
    ++m_removals;
    m_folders.clear();
}

void FileReplica::DurableFolders::endRemoval() {
    MutexLock lock(m_mutex);
    ENSURE(m_removals > 0);
    --m_removals;
    ++m_epoch;
}

Result<std::unique_ptr<FileReplica>> FileReplica::create(const FileReplicaOptions& options) {
    std::string root = expandHome(options.path);
    if (root.empty() || root.front() != '/') {
        return Error{
            ErrorCode::InvalidArgument,
            "the folder of a replica needs a path that begins with / or ~: '" + options.path + "'"};
    }
    return std::unique_ptr<FileReplica>(new FileReplica(std::move(root)));
}

ReplicaTraits FileReplica::traits() const {
    ReplicaTraits traits;
    traits.kind = "file";
    traits.conditionalPut = true;
    traits.local = true;
    return traits;
}

Status FileReplica::open(std::stop_token stop) {
    Result<Folder> root = Folder::open(m_root);
    if (!root.ok()) {
        return seamError(std::move(root).error());
    }
    ENGINE_TRY_ASSIGN(const Folder::Facts facts, seam(root.value().facts()));
    {
        MutexLock lock(m_mutex);
        m_identity = facts;
    }
    std::vector<std::string> temporaries;
    ENGINE_TRY(seam(root.value().visit([&](const char* name, Folder::Entry::Kind) {
        if (isTemporaryName(name)) {
            temporaries.emplace_back(name);
        }
    })));
    const std::int64_t oldest = SystemClock().now().ms - kTemporaryAgeMaxMs;
    for (const std::string& name : temporaries) {
        if (stop.stop_requested()) {
            return cancelled();
        }
        const Result<bool> removed = root.value().removeAbandoned(name, oldest);
        // A replica that can only be read is still good for a restore.
        ignoreError(removed, "tried again at the next open");
        if (removed.ok() && removed.value()) {
            log::replica().info("abandoned temporary file removed kind=file name={}", name);
        }
    }
    return {};
}

Result<Folder> FileReplica::openRoot() const {
    std::optional<Folder::Facts> identity;
    {
        MutexLock lock(m_mutex);
        identity = m_identity;
    }
    if (!identity) {
        return Error{ErrorCode::Unavailable, "the replica " + m_root + " has not been opened"};
    }
    Result<Folder> root = Folder::open(m_root);
    if (!root.ok()) {
        Error error = seamError(std::move(root).error());
        error.code = error.code == ErrorCode::NotFound ? ErrorCode::Unavailable : error.code;
        return error;
    }
    ENGINE_TRY_ASSIGN(const Folder::Facts facts, seam(root.value().facts()));
    if (facts != *identity) {
        return Error{ErrorCode::Unavailable,
                     m_root + " is not the folder that was here (unmounted?)"};
    }
    return root;
}

/// The folder that the names lead to, made where it is missing; every name on the way is durable
/// when this returns.
Result<Folder> FileReplica::makeParents(const std::vector<std::string>& folders,
                                        const Folder& root) {
    const std::vector<std::string> paths = pathsOf(folders);
    ENGINE_TRY_ASSIGN(Folder folder, root.again());
    for (std::size_t i = 0; i < folders.size(); ++i) {
        ENGINE_TRY_ASSIGN(const bool made, folder.make(folders[i]));
        if (made || !m_durable.knows(paths[i])) {
            ENGINE_TRY(folder.sync());
        }
        ENGINE_TRY_ASSIGN(folder, folder.child(folders[i]));
    }
    return folder;
}

Status FileReplica::publish(const Folder& root,
                            const std::string& temporary,
                            std::string_view name,
                            PutMode mode) {
    const SplitName parts = split(name);
    for (int attempt = 1;; ++attempt) {
        const std::uint64_t epoch = m_durable.epoch();
        Result<Folder> folder = makeParents(parts.folders, root);
        Status moved =
            folder.ok() ? root.move(temporary, folder.value(), parts.file, mode == PutMode::Replace)
                        : Status{std::move(folder).error()};
        if (moved.ok()) {
            ENGINE_TRY(folder.value().sync());
            m_durable.learn(pathsOf(parts.folders), epoch);
            return {};
        }
        // A remove of the folder's last object took the folder away between the two steps.
        if (moved.error().code != ErrorCode::NotFound) {
            return moved;
        }
        if (attempt == kFolderAttempts) {
            return Error{ErrorCode::Unavailable, moved.error().message, moved.error().sysErrno};
        }
    }
}

Status FileReplica::put(std::string_view name, ByteView bytes, PutMode mode, std::stop_token stop) {
    ENGINE_TRY(checkObjectName(name));
    if (bytes.size() > kObjectBytesMax) {
        return Error{ErrorCode::InvalidArgument, "an object of more than 32 MiB"};
    }
    ENGINE_TRY_ASSIGN(const Folder root, openRoot());
    if (stop.stop_requested()) {
        return cancelled();
    }
    const std::string temporary = std::string(kTemporaryPrefix) + toHex16(randomId64());
    const Result<Descriptor> writing = root.write(temporary, bytes, stop);
    if (!writing.ok()) {
        return notWritten(writing.error(), joinPath(m_root, name));
    }
    Status done = publish(root, temporary, name, mode);
    if (done.ok()) {
        return {};
    }
    ignoreError(root.removeFile(temporary),
                "the first error is the one to report; old ones go at the next open");
    if (mode != PutMode::New || done.error().code != ErrorCode::AlreadyExists) {
        return seamError(std::move(done).error());
    }
    ENGINE_TRY_ASSIGN(const Buffer there, get(name, stop));
    if (!std::equal(there.begin(), there.end(), bytes.begin(), bytes.end())) {
        return Error{ErrorCode::AlreadyExists, std::string(name) + " is there with other bytes"};
    }
    // Whoever renamed it may have died before its fsync of the folders.
    ENGINE_TRY_ASSIGN(const Folder folder, seam(makeParents(split(name).folders, root)));
    return seam(folder.sync());
}

Result<Buffer> FileReplica::read(std::string_view name,
                                 std::uint64_t offset,
                                 std::optional<std::uint64_t> length,
                                 const std::stop_token& stop) const {
    ENGINE_TRY(checkObjectName(name));
    if (stop.stop_requested()) {
        return cancelled();
    }
    ENGINE_TRY_ASSIGN(const Folder root, openRoot());
    const SplitName parts = split(name);
    Result<Folder> folder = walk(root, parts.folders);
    if (!folder.ok()) {
        return seamError(std::move(folder).error());
    }
    return seam(folder.value().read(parts.file, offset, length, kObjectBytesMax, stop));
}

Result<Buffer> FileReplica::get(std::string_view name, ByteRange range, std::stop_token stop) {
    return read(name, range.offset, range.length, stop);
}

Result<Buffer> FileReplica::get(std::string_view name, std::stop_token stop) {
    return read(name, 0, std::nullopt, stop);
}

Result<ListPage> FileReplica::list(std::string_view prefix,
                                   std::string_view startAfter,
                                   std::size_t limit,
                                   std::stop_token stop) {
    ENGINE_TRY(checkObjectPrefix(prefix));
    if (limit == 0) {
        return Error{ErrorCode::InvalidArgument, "a page of no objects"};
    }
    ENGINE_TRY_ASSIGN(const Folder root, openRoot());
    return seam(listFolderObjects(root, prefix, startAfter, limit, stop));
}

Status FileReplica::removeOne(std::string_view name) {
    ENGINE_TRY_ASSIGN(const Folder root, openRoot());
    SplitName parts = split(name);
    Result<Folder> folder = walk(root, parts.folders);
    if (!folder.ok()) {
        const bool gone = folder.error().code == ErrorCode::NotFound;
        return gone ? Status{} : Status{std::move(folder).error()};
    }
    ENGINE_TRY(folder.value().removeFile(parts.file));
    removeEmptyFolders(root, std::move(parts.folders));
    return {};
}

/// From the innermost up to, not including, the root; stops at the first that is not empty. The
/// object is gone by now, which is what counts: a folder that stays does no harm.
void FileReplica::removeEmptyFolders(const Folder& root, std::vector<std::string> folders) {
    m_durable.beginRemoval();
    for (bool empty = true; empty && !folders.empty();) {
        const std::string last = std::move(folders.back());
        folders.pop_back();
        const Result<Folder> parent = walk(root, folders);
        const Result<bool> removed =
            parent.ok() ? parent.value().removeFolder(last) : Result<bool>(false);
        empty = removed.ok() && removed.value();
    }
    m_durable.endRemoval();
}

Status FileReplica::remove(std::span<const std::string> names, std::stop_token stop) {
    for (const std::string& name : names) {
        ENGINE_TRY(checkObjectName(name));
    }
    for (const std::string& name : names) {
        if (stop.stop_requested()) {
            return cancelled();
        }
        ENGINE_TRY(seam(removeOne(name)));
    }
    return {};
}

Status createFileReplicaRoot(const FileReplicaOptions& options) {
    ENGINE_TRY_ASSIGN(const std::unique_ptr<FileReplica> replica, FileReplica::create(options));
    std::vector<std::string> made;
    for (std::string path = replica->root(); path != "/" && !factsOf(path).ok();
         path = parentOf(path)) {
        made.push_back(parentOf(path));
    }
    ENGINE_TRY(makeFolders(replica->root()));
    for (const std::string& parent : made) {
        ENGINE_TRY(syncFolder(parent));
    }
    return {};
}

}  // namespace engine
