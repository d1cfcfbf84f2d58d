// SPDX-License-Identifier: Apache-2.0
// The state folder: one engine at a time, who this computer and this writer are, and which id each
// database has. Layout:
//   lock                       held by the engine; its text is the holder's process id
//   identity.json              computer and writer id, with the machine they were made on
//   databases.json             path -> database id
//   databases/<database id>/   a database's own files (page map, ack journal); made by others
//   index.sqlite               the disposable index
//   shadow/                    shadow logs, unless the configuration puts them elsewhere
// The two JSON files carry a checksum of themselves ("check"); one without it, from before, is
// taken as it is and gets one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/file_system.h"
#include "engine/base/ids.h"

namespace engine {

/// Owns the lock as long as it lives. One thread at a time. Every file is replaced atomically.
class StateFolder {
public:
    /// Makes the folder (0700) where it is not there. AlreadyExists: another engine has it, the
    /// message names its process. Corruption: its files are not what we wrote. A damaged identity
    /// is made again where the machine has an id: the same computer, and a writer of its own, as
    /// if the folder had come from elsewhere.
    static Result<StateFolder> open(const std::string& path,
                                    const std::string& machineIdPath = "/etc/machine-id");

    const std::string& path() const noexcept { return m_path; }

    ComputerId computer() const noexcept { return m_computer; }

    WriterId writer() const noexcept { return m_writer; }

    /// The id of the database with this normalPath(); made and stored when it is new.
    Result<DatabaseId> databaseId(const std::string& databasePath);
    /// Made (0700) where it is not there.
    Result<std::string> databaseFolder(DatabaseId id) const;

    std::string indexPath() const { return joinPath(m_path, "index.sqlite"); }

private:
    Status loadIdentity(const std::string& machineIdPath);
    Status loadDatabases();
    Status writeDatabases() const;

    std::string m_path;
    FolderLock m_lock;
    ComputerId m_computer;
    WriterId m_writer;
    std::map<std::string, DatabaseId> m_databases;
};

/// Without the lock, changing nothing: path -> id of every database that the state folder knows;
/// empty where there is no state folder.
Result<std::map<std::string, DatabaseId>> knownDatabases(const std::string& stateDir);
/// The computer that a state folder says it is of, without the lock.
std::optional<ComputerId> knownComputer(const std::string& stateDir);
/// The id that a state folder gave to a database, if it ever did.
std::optional<DatabaseId> knownDatabaseId(const std::string& stateDir,
                                          const std::string& databasePath);

}  // namespace engine
