// SPDX-License-Identifier: Apache-2.0
// One replica's two upload lanes: segments first, snapshots beside them, so that a large snapshot
// never holds up the changes. A replica that is down delays neither capture nor another replica.
//
// Owns the link, the ack journals and two threads. Controllers outlive it. Safe from any thread.
#pragma once

#include <memory>
#include <set>
#include <vector>

#include "engine/base/thread.h"
#include "engine/base/worker_pool.h"
#include "engine/pipeline/lane_slot.h"
#include "engine/pipeline/replica_link.h"
#include "engine/pipeline/uploader.h"

namespace engine {

struct LanesOptions {
    ReplicaConfig config;
    std::string knownFile;
    ReplicaFactory factory;
    WorkerPool* pool = nullptr;
    const Clock* clock = nullptr;
    std::function<void()> changed;  // status; must not block
};

struct LaneStatus {
    SlotState state;
    std::optional<std::string> linkError;  // the replica cannot be reached at all
    Steady linkRetryAt{};
};

class ReplicaLanes {
public:
    explicit ReplicaLanes(LanesOptions options);
    ~ReplicaLanes();
    ReplicaLanes(const ReplicaLanes&) = delete;
    ReplicaLanes& operator=(const ReplicaLanes&) = delete;

    const ReplicaConfig& config() const noexcept { return m_options.config; }

    /// Before start(). replica: this replica's index in the controller's progress. Opens the ack
    /// journals in the controller's state folder.
    Status add(Controller& controller, std::size_t replica, const std::string& databaseJson);
    void start();
    /// At most 2 s, whatever the network does.
    void stop();

    /// The controller published, or its generation changed.
    void notify(const Controller& controller);
    void setPaused(bool paused);
    /// Sends what there is without waiting for an interval, until set back.
    void setFlush(bool flush);
    void requestSnapshot(const Controller& controller);
    /// Forgets why something stopped and tries again now.
    void retryNow();
    LaneStatus status(const Controller& controller) const;

private:
    struct Slot;
    enum class Lane : std::uint8_t { Segments, Snapshots };

    void runLane(Lane lane, std::stop_token stop);
    Slot* nextDue(Lane lane, std::stop_token stop);
    std::optional<Steady> dueOf(Lane lane, const Slot& slot) const ENGINE_REQUIRES(m_mutex);
    Status work(Lane lane, Slot& slot, Replica& replica, std::stop_token stop);
    Status workSegments(Slot& slot, const UploadTools& tools, std::stop_token stop);
    Status sendGeneration(Slot& slot,
                          GenerationId generation,
                          const UploadTools& tools,
                          std::stop_token stop);
    Status workSnapshot(Slot& slot, const UploadTools& tools, std::stop_token stop);
    void takeOver(Slot& slot);
    Status lookAround(Slot& slot, const UploadTools& tools, std::stop_token stop);
    Status checkSoleWriter(Slot& slot,
                           GenerationId generation,
                           const UploadTools& tools,
                           std::stop_token stop);
    bool leadsOn(const Slot& slot, GenerationId generation) const;
    Status skipHole(Slot& slot,
                    GenerationId generation,
                    TxId stored,
                    const std::vector<ShadowSegment>& pending);
    Status describeDatabase(Slot& slot, Replica& replica, std::stop_token stop);
    void noteLinkFailure(const Error& error);
    void finish(Lane lane, Slot& slot, const Status& result);
    void reportProgress(Slot& slot);
    Slot* find(const Controller& controller) const;

    const LanesOptions m_options;
    const Clock& m_clock;
    ReplicaLink m_link;
    std::vector<std::unique_ptr<Slot>> m_slots;  // fixed after start()

    mutable Mutex m_mutex;
    Condition m_changed;
    bool m_paused ENGINE_GUARDED_BY(m_mutex) = false;
    bool m_flush ENGINE_GUARDED_BY(m_mutex) = false;
    std::optional<std::string> m_linkError ENGINE_GUARDED_BY(m_mutex);
    Steady m_linkRetryAt ENGINE_GUARDED_BY(m_mutex){};
    Backoff m_linkBackoff ENGINE_GUARDED_BY(m_mutex);

    Thread m_segmentLane;
    Thread m_snapshotLane;
};

}  // namespace engine
