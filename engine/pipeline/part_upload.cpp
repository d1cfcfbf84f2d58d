// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/part_upload.h"

#include <algorithm>
#include <utility>

#include "engine/base/log.h"

namespace engine {

PartUpload::PartUpload(const UploadTools& tools, const PendingUpload& upload, std::stop_token stop)
    : m_tools(tools)
    , m_upload(upload)
    , m_stop(std::move(stop)) {}

PartUpload::~PartUpload() {
    m_waiting.close();
}

Status PartUpload::part(FinishedPart part) {
    m_bytes += part.bytes.size();
    const std::string name = part.name.text();
    if (std::find(m_upload.parts.begin(), m_upload.parts.end(), name) != m_upload.parts.end()) {
        return {};
    }
    if (!m_thread.running()) {
        if (!m_first) {
            m_first = std::move(part);
            return {};
        }
        m_thread = Thread(
            "parts",
            [this](const std::stop_token&) { storeWaiting(); },
            ThreadPriority::Background);
        ENGINE_TRY(handOn(*std::exchange(m_first, std::nullopt)));
    }
    return handOn(std::move(part));
}

Buffer PartUpload::spare() {
    MutexLock lock(m_mutex);
    return std::exchange(m_spare, Buffer());
}

Status PartUpload::handOn(FinishedPart part) {
    const bool taken = m_waiting.push(std::move(part), m_stop);
    ENGINE_TRY(failure());
    if (!taken) {
        return Error{ErrorCode::Cancelled, "the upload was stopped"};
    }
    ++m_handedOn;
    return {};
}

Status PartUpload::drain() {
    if (m_first) {
        return store(*std::exchange(m_first, std::nullopt));
    }
    m_waiting.close();
    m_thread.join();
    ENGINE_TRY(failure());
    MutexLock lock(m_mutex);
    return m_stored == m_handedOn ? Status{}
                                  : Error{ErrorCode::Cancelled, "the upload was stopped"};
}

void PartUpload::storeWaiting() {
    while (std::optional<FinishedPart> part = m_waiting.pop(m_stop)) {
        const Status stored = store(*part);
        MutexLock lock(m_mutex);
        m_spare = std::move(part->bytes);
        if (!stored.ok()) {
            m_failure = stored;
            m_waiting.close();
            return;
        }
        ++m_stored;
    }
}

Status PartUpload::store(const FinishedPart& part) {
    const std::string name = part.name.text();
    ENGINE_TRY(m_tools.replica.put(name, part.bytes, PutMode::New, m_stop));
    log::replica().debug("part stored name={} bytes={}", name, part.bytes.size());
    return m_tools.journal.partStored(m_upload.artefact, name);
}

Status PartUpload::failure() const {
    MutexLock lock(m_mutex);
    return m_failure;
}

}  // namespace engine
