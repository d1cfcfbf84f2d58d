// SPDX-License-Identifier: Apache-2.0
// A replica in a folder: a drive, a mounted share, any place with a path. An object is a file of
// the same relative name; files 0600, folders 0700.
//
// A put writes ".tmp-<16 hex>" in the root, fsyncs it, renames it to its name and fsyncs the
// folders that lead there, so a file under an object's name is whole. Listings skip those
// temporary files and everything else that is not named like an object. Those whose writer is dead
// (nobody holds their lock) are removed by open(). Symlinks below the root are never followed.
//
// open() remembers which folder the root is; when another one stands there later (the drive was
// unmounted, another one mounted) every call is Unavailable until open() is called again. No
// descriptor stays open between calls, so a drive can be unmounted at any time.
//
// Owned by the factory's caller; every call is safe from several threads at once.
#pragma once

#include <functional>
#include <set>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/replica/folder.h"
#include "engine/replica/options.h"
#include "engine/replica/replica.h"

namespace engine {

class FileReplica final : public Replica {
public:
    /// InvalidArgument for a path that is not absolute ("~" is the home folder).
    static Result<std::unique_ptr<FileReplica>> create(const FileReplicaOptions& options);

    ReplicaTraits traits() const override;
    Status open(std::stop_token stop) override;
    Status put(std::string_view name, ByteView bytes, PutMode mode, std::stop_token stop) override;
    Result<Buffer> get(std::string_view name, ByteRange range, std::stop_token stop) override;
    Result<Buffer> get(std::string_view name, std::stop_token stop) override;
    Result<ListPage> list(std::string_view prefix,
                          std::string_view startAfter,
                          std::size_t limit,
                          std::stop_token stop) override;
    Status remove(std::span<const std::string> names, std::stop_token stop) override;

    const std::string& root() const noexcept { return m_root; }

private:
    /// Which folders are known to have durable names, so that a put does not fsync the same three
    /// parents each time. Nothing that was learned while a folder was being removed is kept.
    class DurableFolders {
    public:
        std::uint64_t epoch() const;
        bool knows(const std::string& folder) const;
        void learn(const std::vector<std::string>& folders, std::uint64_t epoch);
        void beginRemoval();
        void endRemoval();

    private:
        mutable Mutex m_mutex;
        std::set<std::string> m_folders ENGINE_GUARDED_BY(m_mutex);
        std::uint64_t m_epoch ENGINE_GUARDED_BY(m_mutex) = 0;
        std::uint64_t m_removals ENGINE_GUARDED_BY(m_mutex) = 0;
    };

    explicit FileReplica(std::string root)
        : m_root(std::move(root)) {}

    Result<Folder> openRoot() const;
    Result<Buffer> read(std::string_view name,
                        std::uint64_t offset,
                        std::optional<std::uint64_t> length,
                        const std::stop_token& stop) const;
    Result<Folder> makeParents(const std::vector<std::string>& folders, const Folder& root);
    Status publish(const Folder& root,
                   const std::string& temporary,
                   std::string_view name,
                   PutMode mode);
    Status removeOne(std::string_view name);
    void removeEmptyFolders(const Folder& root, std::vector<std::string> folders);

    const std::string m_root;
    DurableFolders m_durable;
    mutable Mutex m_mutex;
    std::optional<Folder::Facts> m_identity ENGINE_GUARDED_BY(m_mutex);  // of the root, at open()
};

/// Makes the root of a new file replica, with its missing parents. Only when a replica is added:
/// a known one whose folder is not there is waiting for its drive.
Status createFileReplicaRoot(const FileReplicaOptions& options);

}  // namespace engine
