// SPDX-License-Identifier: Apache-2.0
#include "engine/service/state_folder.h"

#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/checksum.h"
#include "engine/base/log.h"

namespace engine {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kFileBytesMax = 32u << 20;
constexpr std::string_view kIdentityName = "identity.json";
constexpr std::string_view kDatabasesName = "databases.json";
constexpr const char* kDatabaseFolders = "databases";
constexpr const char* kCheck = "check";

/// First 8 bytes of a keyed digest: the machine id itself must not leave this computer.
std::uint64_t digest64(std::string_view purpose, std::string_view text) {
    const std::string input = std::string(purpose) + '\0' + std::string(text);
    const Sha256 digest = sha256(viewOf(input));
    const auto value = loadBe<std::uint64_t>(digest.data());
    return value == 0 ? 1 : value;
}

/// Empty where the system has none (containers, for example).
std::string machineId(const std::string& path) {
    const Result<Buffer> bytes = readWholeFile(path, 4096);
    std::string text = bytes.ok() ? textOf(bytes.value()) : std::string();
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
        text.pop_back();
    }
    return text;
}

Error damaged(const std::string& path) {
    return Error{ErrorCode::Corruption, path + " is not what was written there"}
        .withEffect("nothing was started; what the replicas hold is untouched")
        .withFix("move the state folder aside: recording starts anew, with one new snapshot");
}

/// Of the JSON without its check; keys are sorted, so that one value has one text.
std::string checkOf(const Json& json) {
    return toHex16(xxh3(viewOf(json.dump(-1, ' ', false, Json::error_handler_t::replace))));
}

struct StoredObject {
    Json json = nullptr;  // null: the file is not there
    bool checked = false;
};

Result<StoredObject> readObject(const std::string& path) {
    const Result<Buffer> bytes = readWholeFile(path, kFileBytesMax);
    if (!bytes.ok()) {
        return bytes.error().code == ErrorCode::NotFound ? Result<StoredObject>(StoredObject{})
                                                         : bytes.error();
    }
    StoredObject stored;
    stored.json = Json::parse(textOf(bytes.value()), nullptr, false);
    if (!stored.json.is_object()) {
        return damaged(path);
    }
    if (const auto check = stored.json.find(kCheck); check != stored.json.end()) {
        const Json wanted = *check;
        stored.json.erase(check);
        if (wanted != checkOf(stored.json)) {
            return damaged(path);
        }
        stored.checked = true;
    }
    return stored;
}

Status writeObject(const std::string& path, Json json) {
    json[kCheck] = checkOf(json);
    const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    return writeFileAtomically(path, viewOf(text));
}

template <class Id>
Result<Id> idField(const Json& json, const std::string& key, const std::string& path) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string()) {
        return damaged(path);
    }
    Result<Id> id = Id::parse(found->get_ref<const std::string&>());
    return id.ok() && !id.value().empty() ? id : Result<Id>(damaged(path));
}

struct Identity {
    ComputerId computer;
    WriterId writer;
    std::optional<std::string> machine;  // a check value; "" = of a computer without an id
    bool checked = false;
};

/// None where the file is not there.
Result<std::optional<Identity>> readIdentity(const std::string& path) {
    ENGINE_TRY_ASSIGN(const StoredObject stored, readObject(path));
    if (stored.json.is_null()) {
        return std::optional<Identity>();
    }
    Identity identity;
    ENGINE_TRY_ASSIGN(identity.computer, idField<ComputerId>(stored.json, "computerId", path));
    ENGINE_TRY_ASSIGN(identity.writer, idField<WriterId>(stored.json, "writerId", path));
    if (const auto check = stored.json.find("machine");
        check != stored.json.end() && check->is_string()) {
        identity.machine = check->get<std::string>();
    }
    identity.checked = stored.checked;
    return std::optional<Identity>(std::move(identity));
}

using DatabaseIds = std::map<std::string, DatabaseId>;

/// A path in a spelling of an earlier version keeps its id under the one spelling of today.
Result<DatabaseIds> databasesOf(const Json& json, const std::string& path) {
    DatabaseIds databases;
    const auto list = json.find("databases");
    if (list == json.end() || !list->is_object()) {
        return damaged(path);
    }
    std::vector<std::string> otherSpellings;
    for (const auto& [name, unused] : list->items()) {
        ENGINE_TRY_ASSIGN(databases[name], idField<DatabaseId>(*list, name, path));
        if (normalPath(name) != name) {
            otherSpellings.push_back(name);
        }
    }
    for (const std::string& name : otherSpellings) {
        if (databases.try_emplace(normalPath(name), databases[name]).second) {
            databases.erase(name);
        }
    }
    return databases;
}

Error heldByAnother(const std::string& folder, const std::string& lockPath) {
    const Result<Buffer> text = readWholeFile(lockPath, 64);
    const Result<std::uint64_t> pid = parseDecimal(
        text.ok()
            ? textOf(text.value()).substr(0, text.value().size() - (text.value().empty() ? 0 : 1))
            : std::string());
    const std::string holder = pid.ok() ? " (process " + std::to_string(pid.value()) + ")" : "";
    return Error{ErrorCode::AlreadyExists,
                 "another engine" + holder + " has the state folder " + folder}
        .withEffect("nothing was started; the other one goes on recording")
        .withFix("stop it first, or use another --state-dir");
}

Status writePid(const std::string& lockPath) {
    // Another descriptor than the lock's own: flock belongs to the open file, so closing this one
    // does not give it up.
    ENGINE_TRY_ASSIGN(File file, File::open(lockPath, File::Mode::ReadWrite));
    ENGINE_TRY(file.truncate(0));
    return file.writeAt(0, viewOf(std::to_string(::getpid()) + "\n"));
}

}  // namespace

namespace {

/// With the lock: whoever was writing is dead.
void removeHalfWrittenIn(const std::string& stateDir) {
    const std::string databases = joinPath(stateDir, kDatabaseFolders);
    removeHalfWritten(stateDir);
    removeHalfWritten(joinPath(stateDir, "replicas"));
    const Result<std::vector<FolderEntry>> entries = listFolder(databases);
    for (const FolderEntry& entry : entries.ok() ? entries.value() : std::vector<FolderEntry>{}) {
        removeHalfWritten(joinPath(databases, entry.name));
    }
}

}  // namespace

Result<StateFolder> StateFolder::open(const std::string& path, const std::string& machineIdPath) {
    StateFolder state;
    ENGINE_TRY(makeFolders(path));
    ENGINE_TRY_ASSIGN(state.m_path, realPath(path));
    const std::string lockPath = joinPath(state.m_path, "lock");
    Result<FolderLock> lock = FolderLock::take(lockPath);
    if (!lock.ok()) {
        return lock.error().code == ErrorCode::AlreadyExists ? heldByAnother(state.m_path, lockPath)
                                                             : std::move(lock).error();
    }
    state.m_lock = std::move(lock).value();
    ENGINE_TRY(writePid(lockPath));
    removeHalfWrittenIn(state.m_path);
    ENGINE_TRY(state.loadIdentity(machineIdPath));
    ENGINE_TRY(state.loadDatabases());
    return state;
}

Status StateFolder::loadIdentity(const std::string& machineIdPath) {
    const std::string path = joinPath(m_path, kIdentityName);
    const std::string machine = machineId(machineIdPath);
    // Only a check value is kept; "" = a computer without an id, which cannot be told from another.
    const std::string machineCheck =
        machine.empty() ? "" : toHex16(digest64("strandline machine", machine));
    Result<std::optional<Identity>> stored = readIdentity(path);
    if (!stored.ok() && stored.error().code == ErrorCode::Corruption) {
        if (machine.empty()) {
            return std::move(stored).error().withFix(
                "remove it: recording goes on as a new computer, with one new snapshot of each "
                "database; what is stored can still be restored");
        }
        log::service().warn(
            "identity damaged path={} effect=\"made again from the machine's id; "
            "each database gets a new snapshot\"",
            path);
        stored = std::optional<Identity>();
    }
    ENGINE_TRY_ASSIGN(const std::optional<Identity> identity, std::move(stored));
    const bool own = identity && identity->machine == machineCheck;
    if (own) {
        m_computer = identity->computer;
        m_writer = identity->writer;
    } else {
        // New here, or a state folder that came from another computer: two writers must never share
        // ids.
        m_computer = machine.empty() ? randomId<ComputerId>()
                                     : ComputerId{digest64("strandline computer", machine)};
        m_writer = randomId<WriterId>();
    }
    return own && identity->checked ? Status{}
                                    : writeObject(path,
                                                  {{"version", 1},
                                                   {"computerId", m_computer.text()},
                                                   {"writerId", m_writer.text()},
                                                   {"machine", machineCheck}});
}

Status StateFolder::loadDatabases() {
    const std::string path = joinPath(m_path, kDatabasesName);
    ENGINE_TRY_ASSIGN(const StoredObject stored, readObject(path));
    if (stored.json.is_null()) {
        return {};
    }
    ENGINE_TRY_ASSIGN(m_databases, databasesOf(stored.json, path));
    return stored.checked ? Status{} : writeDatabases();
}

Status StateFolder::writeDatabases() const {
    Json list = Json::object();
    for (const auto& [path, id] : m_databases) {
        list[path] = id.text();
    }
    return writeObject(joinPath(m_path, kDatabasesName),
                       {{"version", 1}, {"databases", std::move(list)}});
}

Result<DatabaseId> StateFolder::databaseId(const std::string& databasePath) {
    if (!isUtf8(databasePath)) {
        return Error{ErrorCode::InvalidArgument, databasePath + ": the path is not UTF-8"};
    }
    const auto [entry, isNew] = m_databases.try_emplace(databasePath);
    if (isNew) {
        entry->second = randomId<DatabaseId>();
        if (Status written = writeDatabases(); !written.ok()) {
            m_databases.erase(entry);
            return std::move(written).error();
        }
    }
    return entry->second;
}

Result<std::string> StateFolder::databaseFolder(DatabaseId id) const {
    std::string folder = joinPath(joinPath(m_path, kDatabaseFolders), id.text());
    ENGINE_TRY(makeFolders(folder));
    return folder;
}

Result<std::map<std::string, DatabaseId>> knownDatabases(const std::string& stateDir) {
    const std::string path = joinPath(stateDir, kDatabasesName);
    ENGINE_TRY_ASSIGN(const StoredObject stored, readObject(path));
    return stored.json.is_null() ? DatabaseIds{} : databasesOf(stored.json, path);
}

std::optional<ComputerId> knownComputer(const std::string& stateDir) {
    const auto identity = readIdentity(joinPath(stateDir, kIdentityName));
    return identity.ok() && identity.value() ? std::optional(identity.value()->computer)
                                             : std::nullopt;
}

std::optional<DatabaseId> knownDatabaseId(const std::string& stateDir,
                                          const std::string& databasePath) {
    const Result<std::map<std::string, DatabaseId>> databases = knownDatabases(stateDir);
    if (!databases.ok()) {
        return std::nullopt;
    }
    const auto found = databases.value().find(databasePath);
    return found == databases.value().end() ? std::nullopt : std::optional(found->second);
}

}  // namespace engine
