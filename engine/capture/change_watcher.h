// SPDX-License-Identifier: Apache-2.0
// Notices changes of all databases: one inotify descriptor, one thread, one watch a folder
// (design: capture.md part 7). An idle watcher costs nothing: it waits without a timer. In a burst
// it rests for some milliseconds and does not ask for each write (see watch_table.h).
//
// The thread alone owns the descriptor and the tables of folders; the callers' side is a queue of
// requests and, per database, what was seen. All functions are safe from all threads and do no
// I/O. What events cannot tell (mmap writes, a folder above that was moved, a remote file system)
// is for the caller's stat each 30 s, which also calls recheck().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/capture/capture.h"

namespace engine {

class ChangeWatcher {
public:
    /// Never used twice, so a late callback for a removed database is only a number.
    using Id = std::uint64_t;
    /// From the watcher's thread; must not block and not call back into the watcher other than
    /// with take() and polled().
    using OnEvent = std::function<void(Id)>;

    explicit ChangeWatcher(OnEvent onEvent);
    ~ChangeWatcher();
    ChangeWatcher(const ChangeWatcher&) = delete;
    ChangeWatcher& operator=(const ChangeWatcher&) = delete;

    /// No callback runs any more when it returns. Before the owner lets go of the watcher: a
    /// callback that calls take() must not meet a pointer that is already empty.
    void stop();

    /// path: absolute; neither the file nor its folder need exist. onEvent(id) comes once the
    /// watch stands (or cannot), with `lost`: what happened before was not seen.
    Id add(std::string path);
    void remove(Id id);
    /// Looks again where the path leads, and tries again where it could not be watched.
    void recheck(Id id);

    /// What was seen since the last call. `lost` in each answer while polled.
    SourceEvents take(Id id);
    /// The same for another taker, who needs to know that nothing happened: waits until every event
    /// that came before the call has been looked at (some microseconds); in doubt `lost`. Not from
    /// the watcher's thread.
    SourceEvents takeDrained(Id id);
    /// No events come for this database: poll it. True, too, until its watch stands.
    bool polled(Id id) const;

private:
    class Worker;
    std::unique_ptr<Worker> m_worker;
};

}  // namespace engine
