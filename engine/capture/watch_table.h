// SPDX-License-Identifier: Apache-2.0
// Which folders are watched for which databases. Internal to change_watcher, whose thread alone
// uses it.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/base/clock.h"
#include "engine/capture/path_trail.h"

namespace engine {

/// What an event means to one database.
struct WatchEffect {
    std::uint64_t id = 0;
    bool anything = false;
    bool shmTouched = false;
    bool leadsElsewhere = false;  // resolve it again
};

class WatchTable {
public:
    /// inotifyFd: -1 where there is none; nothing is watched then.
    explicit WatchTable(int inotifyFd)
        : m_fd(inotifyFd) {}

    ~WatchTable();
    WatchTable(const WatchTable&) = delete;
    WatchTable& operator=(const WatchTable&) = delete;

    enum class Outcome : std::uint8_t { Same, Moved, Polled };
    /// Watches what the path of the database needs now. Moved: other watches than before.
    Outcome resolve(std::uint64_t id, const std::string& path);
    void remove(std::uint64_t id);

    /// An event of a watch; name is empty for the folder itself.
    std::vector<WatchEffect> effectsOf(int watch, std::uint32_t mask, const std::string& name);

    /// An app pays for each event of its writes (a watched write of a page takes twice as long), so
    /// in a burst the folder is not asked for them: once those of a WAL came close together, until
    /// listenAgain(). Names that come and go are told of all the time, and so are writes to a
    /// -shm: each that is there has a watch of its own before that.
    void quieten(Steady now);

    bool anyQuiet() const noexcept { return !m_quiet.empty(); }

    /// What may have happened in the meantime: something, in each of those folders.
    std::vector<WatchEffect> listenAgain();
    /// Events were lost, so it is not known any more which -shm are there: no silence on that.
    void eventsLost();

    /// Databases that are polled only because the system gave no more watches.
    std::vector<std::uint64_t> shortOfWatches() const;

private:
    enum class Interest : std::uint8_t { Way, Database, Wal, Shm, Journal };

    struct Place {
        int watch = -1;
        std::string name;
        Interest interest = Interest::Way;
        friend bool operator==(const Place&, const Place&) = default;
    };

    struct Listener {
        std::uint64_t id = 0;
        Interest interest = Interest::Way;
        friend bool operator==(const Listener&, const Listener&) = default;
    };

    struct Folder {
        std::string path;
        std::unordered_map<std::string, std::vector<Listener>> names;
        Steady modifiedAt{};
        bool quiet = false;
        bool slow = false;  // its mask takes long to change: it stays as it is
        int fd = -1;        // while quiet: whatever becomes of the path, it is this folder
        // The -shm of our databases: those with a watch of their own, and those of which it is not
        // known whether they are there. The rest is not there.
        std::unordered_map<std::string, int> shmWatches;
        std::unordered_set<std::string> shmUnknown;
    };

    /// Whose file a watch of a -shm is about.
    struct ShmFile {
        int folder = -1;
        std::string name;
    };

    struct Database {
        PathTrail trail;
        std::vector<Place> places;
        bool polled = true;
        bool shortOfWatches = false;
    };

    /// False: there is a part of the way that cannot be watched.
    bool watchTrail(std::uint64_t id, Database& found);
    void listen(std::uint64_t id, Database& found, int watch, const TrailName& at);
    void forget(std::uint64_t id, Database& found);
    static WatchEffect effectOn(const Listener& listener, std::uint32_t mask);
    std::vector<WatchEffect> effectsOfShm(int watch, std::uint32_t mask);
    bool watchShms(int watch, Folder& folder);
    void forgetShm(Folder& folder, const std::string& name);
    void silence(int watch, Folder& folder);
    std::vector<WatchEffect> listenTo(int watch, Folder& folder);
    void drop(std::unordered_map<int, Folder>::iterator at);
    int ask(int fd, std::uint32_t mask) const;

    int m_fd;
    std::unordered_map<int, Folder> m_folders;
    std::unordered_map<int, ShmFile> m_shmFiles;
    std::vector<int> m_modified;  // folders, since quieten()
    std::vector<int> m_quiet;
    std::unordered_map<std::uint64_t, Database> m_databases;
};

}  // namespace engine
