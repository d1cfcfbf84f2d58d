// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/watch_table.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/ensure.h"
#include "engine/base/file_system.h"
#include "engine/capture/file_system_kind.h"
#include "engine/capture/source_file.h"

namespace engine {
namespace {

constexpr std::uint32_t kNameChanges = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t kFolderChanges = IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t kMask = kNameChanges | kFolderChanges | IN_MODIFY | IN_CLOSE_WRITE;
constexpr std::uint32_t kModify = IN_MODIFY;
constexpr std::uint32_t kQuietMask = kMask & ~kModify;
/// Writes that are closer together than this are a burst.
constexpr std::chrono::milliseconds kBurstDistance{60};
/// Whoever shares the folder has to be looked at after each silence.
constexpr std::size_t kSilentNamesMax = 8;  // four a database
/// Older kernels go over all cached files of a folder to change what it is asked for.
constexpr std::chrono::microseconds kMaskChangeMax{200};

/// Of this thread alone: waiting for a core makes nothing slow.
std::chrono::nanoseconds ownTime() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::string pathOfDescriptor(int fd) {
    return "/proc/self/fd/" + std::to_string(fd);
}

/// A path that changes so often while we look is polled until it rests.
constexpr int kTriesMax = 8;

}  // namespace

WatchTable::Outcome WatchTable::resolve(std::uint64_t id, const std::string& path) {
    Database found;
    for (int tries = 0; tries < kTriesMax && found.polled; ++tries) {
        forget(id, found);
        found.trail = followPath(path);
        if (!watchTrail(id, found)) {
            break;
        }
        // What changed between looking and watching was not reported, so look again.
        found.polled = found.trail != followPath(path);
    }
    if (found.polled) {
        forget(id, found);
    }
    // The new watches stand before the old ones go: a folder in both is watched all the time.
    Database& database = m_databases[id];
    const bool moved = database.polled || database.places != found.places;
    forget(id, database);
    database = std::move(found);
    if (database.polled) {
        return Outcome::Polled;
    }
    return moved ? Outcome::Moved : Outcome::Same;
}

void WatchTable::remove(std::uint64_t id) {
    const auto at = m_databases.find(id);
    if (at != m_databases.end()) {
        forget(id, at->second);
        m_databases.erase(at);
    }
}

bool WatchTable::watchTrail(std::uint64_t id, Database& found) {
    for (const TrailName& at : found.trail) {
        const auto kind = fileSystemKindOf(at.folder);
        if (!kind.ok() || kind.value().remote) {
            return false;
        }
        int watch = ::inotify_add_watch(m_fd, at.folder.c_str(), kMask | IN_ONLYDIR);
        if (watch < 0 && errno == ENOSPC && !m_shmFiles.empty()) {
            eventsLost();  // those watches are a comfort, this one is needed
            watch = ::inotify_add_watch(m_fd, at.folder.c_str(), kMask | IN_ONLYDIR);
        }
        if (watch < 0) {
            found.shortOfWatches = errno == ENOSPC;
            return false;
        }
        m_folders[watch].path = at.folder;
        listen(id, found, watch, at);
    }
    return !found.trail.empty();
}

void WatchTable::listen(std::uint64_t id, Database& found, int watch, const TrailName& at) {
    const auto add = [&](std::string name, Interest interest) {
        Folder& folder = m_folders[watch];
        folder.names[name].push_back({id, interest});
        if (interest == Interest::Shm && !folder.shmWatches.contains(name)) {
            folder.shmUnknown.insert(name);
        }
        found.places.push_back({watch, std::move(name), interest});
    };
    if (at.kind != TrailName::Kind::File) {
        add(at.name, Interest::Way);
        return;
    }
    add(at.name, Interest::Database);
    add(at.name + std::string(suffixOf(SourceRole::Wal)), Interest::Wal);
    add(at.name + std::string(suffixOf(SourceRole::Shm)), Interest::Shm);
    add(at.name + std::string(suffixOf(SourceRole::Journal)), Interest::Journal);
}

void WatchTable::forget(std::uint64_t id, Database& found) {
    for (const Place& place : found.places) {
        const auto at = m_folders.find(place.watch);
        if (at == m_folders.end()) {
            continue;  // the folder itself is gone
        }
        Folder& folder = at->second;
        const auto name = folder.names.find(place.name);
        std::vector<Listener>& listeners = name->second;
        const Listener listener{id, place.interest};
        listeners.erase(std::find(listeners.begin(), listeners.end(), listener));
        if (listeners.empty()) {
            forgetShm(folder, place.name);
            folder.names.erase(name);
        }
        if (folder.names.empty()) {
            drop(at);
            ::inotify_rm_watch(m_fd, place.watch);
        }
    }
    found.places.clear();
}

WatchEffect WatchTable::effectOn(const Listener& listener, std::uint32_t mask) {
    const bool nameChanged = (mask & kNameChanges) != 0;
    WatchEffect effect;
    effect.id = listener.id;
    switch (listener.interest) {
        case Interest::Way:
            effect.leadsElsewhere = nameChanged;
            break;
        case Interest::Database:
            effect.anything = true;
            effect.leadsElsewhere = nameChanged;
            break;
        case Interest::Wal:
        case Interest::Journal:
            effect.anything = true;
            break;
        case Interest::Shm:
            effect.anything = true;
            effect.shmTouched = nameChanged || (mask & IN_MODIFY) != 0;
            break;
    }
    return effect;
}

std::vector<WatchEffect> WatchTable::effectsOf(int watch,
                                               std::uint32_t mask,
                                               const std::string& name) {
    std::vector<WatchEffect> effects;
    const auto at = m_folders.find(watch);
    if (at == m_folders.end()) {
        return effectsOfShm(watch, mask);
    }
    Folder& folder = at->second;
    if ((mask & (kFolderChanges | IN_IGNORED | IN_UNMOUNT)) != 0) {
        for (const auto& [unused, listeners] : folder.names) {
            for (const Listener& listener : listeners) {
                effects.push_back({listener.id, true, true, true});
            }
        }
        if ((mask & IN_IGNORED) != 0) {
            drop(at);
        }
        return effects;
    }
    const auto listeners = folder.names.find(name);
    if (listeners == folder.names.end()) {
        return effects;
    }
    bool shmNamed = false;
    bool wal = false;
    for (const Listener& listener : listeners->second) {
        effects.push_back(effectOn(listener, mask));
        shmNamed = shmNamed || listener.interest == Interest::Shm;
        wal = wal || listener.interest == Interest::Wal;
    }
    // With a rollback journal each commit waits for the disk: an event more is nothing.
    if (wal && (mask & IN_MODIFY) != 0) {
        m_modified.push_back(watch);
    }
    if (shmNamed && (mask & kNameChanges) != 0) {
        forgetShm(folder, name);
        folder.shmUnknown.insert(name);
        // Its writes are told of by the folder alone now; those that came before are covered by
        // this event, which is told after that.
        const std::vector<WatchEffect> meanwhile = listenTo(watch, folder);
        effects.insert(effects.end(), meanwhile.begin(), meanwhile.end());
    }
    return effects;
}

std::vector<WatchEffect> WatchTable::effectsOfShm(int watch, std::uint32_t mask) {
    const auto at = m_shmFiles.find(watch);
    if (at == m_shmFiles.end()) {
        return {};
    }
    const ShmFile file = at->second;
    const auto folder = m_folders.find(file.folder);
    ENSURE(folder != m_folders.end());
    if ((mask & (IN_IGNORED | IN_UNMOUNT)) != 0) {
        // That file is gone, or its file system; where its name went, the folder tells.
        m_shmFiles.erase(at);
        folder->second.shmWatches.erase(file.name);
        folder->second.shmUnknown.insert(file.name);
        std::vector<WatchEffect> effects = listenTo(file.folder, folder->second);
        for (const Listener& listener : folder->second.names.at(file.name)) {
            effects.push_back({listener.id, true, true, false});
        }
        return effects;
    }
    std::vector<WatchEffect> effects;
    for (const Listener& listener : folder->second.names.at(file.name)) {
        effects.push_back(effectOn(listener, mask));
    }
    return effects;
}

void WatchTable::forgetShm(Folder& folder, const std::string& name) {
    folder.shmUnknown.erase(name);
    const auto at = folder.shmWatches.find(name);
    if (at != folder.shmWatches.end()) {
        m_shmFiles.erase(at->second);
        ::inotify_rm_watch(m_fd, at->second);
        folder.shmWatches.erase(at);
    }
}

/// Each -shm that is there gets a watch of its own. False: one cannot have it.
bool WatchTable::watchShms(int watch, Folder& folder) {
    for (auto name = folder.shmUnknown.begin(); name != folder.shmUnknown.end();) {
        struct stat facts {};

        const bool there = ::fstatat(folder.fd, name->c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0;
        if (there ? !S_ISREG(facts.st_mode) : errno != ENOENT) {
            return false;
        }
        if (there) {
            // Never one that has a watch already: a file under two names.
            const std::string path = joinPath(pathOfDescriptor(folder.fd), *name);
            const int own = ::inotify_add_watch(
                m_fd, path.c_str(), IN_MODIFY | IN_DONT_FOLLOW | IN_MASK_CREATE);
            if (own < 0) {
                return false;
            }
            m_shmFiles[own] = ShmFile{watch, *name};
            folder.shmWatches[*name] = own;
        }
        name = folder.shmUnknown.erase(name);
    }
    return true;
}

int WatchTable::ask(int fd, std::uint32_t mask) const {
    return ::inotify_add_watch(m_fd, pathOfDescriptor(fd).c_str(), mask | IN_ONLYDIR);
}

void WatchTable::quieten(Steady now) {
    std::sort(m_modified.begin(), m_modified.end());
    m_modified.erase(std::unique(m_modified.begin(), m_modified.end()), m_modified.end());
    for (const int watch : std::exchange(m_modified, {})) {
        const auto at = m_folders.find(watch);
        if (at == m_folders.end()) {
            continue;
        }
        const Steady before = std::exchange(at->second.modifiedAt, now);
        const bool burst = now - before < kBurstDistance;
        const bool few = at->second.names.size() <= kSilentNamesMax;
        if (burst && few && !at->second.quiet && !at->second.slow) {
            silence(watch, at->second);
        }
    }
}

void WatchTable::silence(int watch, Folder& folder) {
    folder.fd = ::open(folder.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder.fd < 0) {
        return;
    }
    // The path may lead elsewhere by now. This changes nothing for a folder that is watched.
    const int asked = ask(folder.fd, kMask);
    if (asked >= 0 && !m_folders.contains(asked)) {
        ::inotify_rm_watch(m_fd, asked);
    }
    if (asked == watch && watchShms(watch, folder)) {
        const auto before = ownTime();
        folder.quiet = ask(folder.fd, kQuietMask) == watch;
        folder.slow = ownTime() - before > kMaskChangeMax;
        m_quiet.push_back(watch);
    }
    if (!folder.quiet) {
        ::close(std::exchange(folder.fd, -1));
    }
}

std::vector<WatchEffect> WatchTable::listenAgain() {
    std::vector<WatchEffect> effects;
    for (const int watch : std::exchange(m_quiet, {})) {
        const auto at = m_folders.find(watch);
        if (at != m_folders.end()) {
            const std::vector<WatchEffect> meanwhile = listenTo(watch, at->second);
            effects.insert(effects.end(), meanwhile.begin(), meanwhile.end());
        }
    }
    return effects;
}

std::vector<WatchEffect> WatchTable::listenTo(int watch, Folder& folder) {
    std::vector<WatchEffect> effects;
    if (!std::exchange(folder.quiet, false)) {
        return effects;
    }
    const bool heard = ask(folder.fd, kMask) == watch;
    ::close(std::exchange(folder.fd, -1));
    for (const auto& [unused, listeners] : folder.names) {
        for (const Listener& listener : listeners) {
            if (listener.interest == Interest::Database || !heard) {
                effects.push_back({listener.id, true, !heard, !heard});
            }
        }
    }
    return effects;
}

void WatchTable::eventsLost() {
    for (auto& [unused, folder] : m_folders) {
        if (folder.quiet) {
            ask(folder.fd, kMask);  // the rest is told by listenAgain()
        }
        while (!folder.shmWatches.empty()) {
            const std::string name = folder.shmWatches.begin()->first;
            forgetShm(folder, name);
        }
        for (const auto& [name, listeners] : folder.names) {
            const bool shm = std::any_of(listeners.begin(), listeners.end(), [](const Listener& l) {
                return l.interest == Interest::Shm;
            });
            if (shm) {
                folder.shmUnknown.insert(name);
            }
        }
    }
}

WatchTable::~WatchTable() {
    while (!m_folders.empty()) {
        drop(m_folders.begin());
    }
}

void WatchTable::drop(std::unordered_map<int, Folder>::iterator at) {
    Folder& folder = at->second;
    while (!folder.shmWatches.empty()) {
        const std::string name = folder.shmWatches.begin()->first;
        forgetShm(folder, name);
    }
    if (folder.fd >= 0) {
        ::close(folder.fd);
    }
    m_folders.erase(at);
}

std::vector<std::uint64_t> WatchTable::shortOfWatches() const {
    std::vector<std::uint64_t> ids;
    for (const auto& [id, database] : m_databases) {
        if (database.shortOfWatches) {
            ids.push_back(id);
        }
    }
    return ids;
}

}  // namespace engine
