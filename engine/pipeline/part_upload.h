// SPDX-License-Identifier: Apache-2.0
// Puts the finished parts of one artefact on a replica, in order, while the next one is being
// made; but for those that the replica acknowledged before.
//
// Owned by the lane that makes the artefact. A thread of its own begins with the second part: most
// segments have only one. Memory: one part waiting beside the one that is sent.
#pragma once

#include <optional>
#include <stop_token>

#include "engine/base/bounded_queue.h"
#include "engine/base/thread.h"
#include "engine/format/artefact_writer.h"
#include "engine/pipeline/uploader.h"
#include "engine/shadow/ack_journal.h"

namespace engine {

class PartUpload final : public PartSink {
public:
    /// The arguments outlive it.
    PartUpload(const UploadTools& tools, const PendingUpload& upload, std::stop_token stop);
    /// Parts that were taken may still be sent; without drain() nobody knows.
    ~PartUpload() override;

    /// Takes the part; an error is that of an earlier one.
    Status part(FinishedPart part) override;
    Buffer spare() override;
    /// Waits until every part is stored and noted. To be called after the writer's finish().
    Status drain();

    /// Of the artefact, those stored before included.
    std::uint64_t bytes() const noexcept { return m_bytes; }

private:
    Status store(const FinishedPart& part);
    void storeWaiting();
    Status handOn(FinishedPart part);
    Status failure() const;

    const UploadTools& m_tools;
    const PendingUpload& m_upload;
    const std::stop_token m_stop;
    std::uint64_t m_bytes = 0;
    std::uint64_t m_handedOn = 0;  // to the thread
    std::optional<FinishedPart> m_first;
    BoundedQueue<FinishedPart> m_waiting{1};
    mutable Mutex m_mutex;
    Status m_failure ENGINE_GUARDED_BY(m_mutex);
    std::uint64_t m_stored ENGINE_GUARDED_BY(m_mutex) = 0;
    Buffer m_spare ENGINE_GUARDED_BY(m_mutex);
    Thread m_thread;
};

}  // namespace engine
