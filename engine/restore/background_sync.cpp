// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/background_sync.h"

#include <algorithm>

#include <fcntl.h>

namespace engine {

namespace {

constexpr std::uint64_t kStepBytes = 32u << 20;

/// In steps, so that a stop is seen within one of them: a single fsync of a large file cannot be
/// left.
Status syncInSteps(File& file, std::uint64_t size, std::stop_token stop) {
    const unsigned flags =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    for (std::uint64_t offset = 0; offset < size; offset += kStepBytes) {
        if (stop.stop_requested()) {
            return Error{ErrorCode::Cancelled, "stopped while the file was brought to the disk"};
        }
        // Only spreads the work: the fsync below is what counts, and reports errors.
        const auto length = std::min(kStepBytes, size - offset);
        if (::sync_file_range(
                file.fd(), static_cast<off64_t>(offset), static_cast<off64_t>(length), flags) !=
            0) {
            break;
        }
    }
    return file.sync();
}

/// Whatever is dirty by now begins to be written; errors show in the fsync at the end.
void pushInSteps(const File& file, const std::stop_token& stop) {
    const Result<FileFacts> facts = file.facts();
    const std::uint64_t size = facts.ok() ? facts.value().size : 0;
    for (std::uint64_t offset = 0; offset < size && !stop.stop_requested(); offset += kStepBytes) {
        static_cast<void>(::sync_file_range(
            file.fd(), static_cast<off64_t>(offset), kStepBytes, SYNC_FILE_RANGE_WRITE));
    }
}

}  // namespace

BackgroundSync::BackgroundSync(File& file)
    : m_file(file)
    , m_thread("restore-sync", [this](std::stop_token stop) { work(std::move(stop)); }) {}

void BackgroundSync::push() {
    MutexLock lock(m_mutex);
    m_pushed = true;
    m_changed.notifyOne();
}

void BackgroundSync::finish(std::uint64_t size) {
    MutexLock lock(m_mutex);
    m_size = size;
    m_changed.notifyOne();
}

Status BackgroundSync::wait() {
    m_thread.join();
    return m_status;
}

void BackgroundSync::work(std::stop_token stop) {
    while (!stop.stop_requested()) {
        std::optional<std::uint64_t> size;
        {
            MutexLock lock(m_mutex);
            m_changed.wait(
                m_mutex, stop, [this]() ENGINE_NO_TSA { return m_pushed || m_size.has_value(); });
            m_pushed = false;
            size = m_size;
        }
        if (size) {
            m_status = syncInSteps(m_file, *size, stop);
            return;
        }
        pushInSteps(m_file, stop);
    }
}

}  // namespace engine
