// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/watch_table.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/inotify.h>

#include "engine/capture/file_system_kind.h"
#include "engine/capture/source_file.h"

namespace engine {
namespace {

constexpr std::uint32_t kNameChanges = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t kFolderChanges = IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t kMask = kNameChanges | kFolderChanges | IN_MODIFY | IN_CLOSE_WRITE;
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
        const int watch = ::inotify_add_watch(m_fd, at.folder.c_str(), kMask | IN_ONLYDIR);
        if (watch < 0) {
            found.shortOfWatches = errno == ENOSPC;
            return false;
        }
        listen(id, found, watch, at);
    }
    return !found.trail.empty();
}

void WatchTable::listen(std::uint64_t id, Database& found, int watch, const TrailName& at) {
    const auto add = [&](std::string name, Interest interest) {
        m_folders[watch][name].push_back({id, interest});
        found.places.push_back({watch, std::move(name), interest});
    };
    if (at.kind != TrailName::Kind::File) {
        add(at.name, Interest::Way);
        return;
    }
    add(at.name, Interest::Database);
    for (const SourceRole role : {SourceRole::Wal, SourceRole::Shm, SourceRole::Journal}) {
        add(at.name + std::string(suffixOf(role)),
            role == SourceRole::Shm ? Interest::Shm : Interest::SideFile);
    }
}

void WatchTable::forget(std::uint64_t id, Database& found) {
    for (const Place& place : found.places) {
        const auto folder = m_folders.find(place.watch);
        if (folder == m_folders.end()) {
            continue;  // the folder itself is gone
        }
        const auto name = folder->second.find(place.name);
        std::vector<Listener>& listeners = name->second;
        const Listener listener{id, place.interest};
        listeners.erase(std::find(listeners.begin(), listeners.end(), listener));
        if (listeners.empty()) {
            folder->second.erase(name);
        }
        if (folder->second.empty()) {
            m_folders.erase(folder);
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
        case Interest::SideFile:
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
    const auto folder = m_folders.find(watch);
    if (folder == m_folders.end()) {
        return effects;
    }
    if ((mask & (kFolderChanges | IN_IGNORED | IN_UNMOUNT)) != 0) {
        for (const auto& [unused, listeners] : folder->second) {
            for (const Listener& listener : listeners) {
                effects.push_back({listener.id, true, true, true});
            }
        }
        if ((mask & IN_IGNORED) != 0) {
            m_folders.erase(folder);
        }
        return effects;
    }
    const auto listeners = folder->second.find(name);
    if (listeners != folder->second.end()) {
        for (const Listener& listener : listeners->second) {
            effects.push_back(effectOn(listener, mask));
        }
    }
    return effects;
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
