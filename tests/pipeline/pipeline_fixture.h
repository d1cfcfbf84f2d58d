// SPDX-License-Identifier: Apache-2.0
// One database with its controller and lanes to memory replicas, without watcher or scheduler:
// the test says when the controller runs. Dropping the fixture's engine without stop() is kill -9.
#pragma once

#include <QTemporaryDir>

#include "engine/history/timeline.h"
#include "engine/pipeline/controller.h"
#include "engine/pipeline/replica_lanes.h"
#include "engine/replica/memory_replica.h"

#include "fake_source.h"

namespace engine::test {

/// Hands calls on to a replica that the test keeps: lanes own theirs.
std::unique_ptr<Replica> borrow(const std::shared_ptr<Replica>& replica);

class PipelineFixture {
public:
    explicit PipelineFixture(std::uint64_t pages, std::size_t replicas = 1);
    ~PipelineFixture();

    FakeSource source;
    std::vector<std::shared_ptr<MemoryReplica>> replicas;
    /// Of what is stored; taken over by startEngine().
    Compression compression;
    WriterId writer{3};
    std::uint64_t logBytesMax = 1ull << 30;

    /// Opens controller and lanes over what is on the disk.
    void startEngine();
    /// stop() of everything.
    void stopEngine();
    /// As after kill -9: nothing is published or checkpointed any more.
    void killEngine();

    /// The state folder and the log as they are, and back: a copy from a backup.
    void saveState(const std::string& name);
    void putStateBack(const std::string& name);

    Controller& controller() { return *m_controller; }

    ReplicaLanes& lanes(std::size_t replica) { return *m_lanes.at(replica); }

    /// Runs the controller until it has captured everything and published it.
    void capture();
    /// Waits until the replica was looked at and has a snapshot and every published change; false
    /// after 20 s.
    bool waitStored(std::size_t replica = 0);
    /// Waits for a condition on the replica's lane state; false after 20 s.
    bool waitFor(std::size_t replica, const std::function<bool(const LaneStatus&)>& condition);
    /// The same, while the controller goes on capturing beside the lanes.
    bool captureUntil(std::size_t replica, const std::function<bool(const LaneStatus&)>& condition);

    History history(std::size_t replica = 0);
    /// Restores the plan's point and gives the bytes; empty where it failed (the error is printed).
    Buffer restore(const RestoreTarget& target, std::size_t replica = 0);
    Buffer restoreLatest(std::size_t replica = 0);

    /// The files of the log's segments, oldest first.
    std::vector<std::string> segmentFiles() const;
    std::string ackFile(std::size_t replica = 0) const;

    std::string folder() const { return m_folder.path().toStdString(); }

    const DatabaseLocation location{ComputerId{1}, DatabaseId{2}};

private:
    bool waitWith(std::size_t replica,
                  const std::function<bool(const LaneStatus&)>& condition,
                  const std::function<void()>& between,
                  std::chrono::milliseconds patience);

    QTemporaryDir m_folder;
    SystemClock m_clock;
    Mutex m_mutex;
    Condition m_changed;
    std::uint64_t m_changes = 0;
    std::unique_ptr<Controller> m_controller;
    std::vector<std::unique_ptr<ReplicaLanes>> m_lanes;
    int m_restores = 0;
};

}  // namespace engine::test
