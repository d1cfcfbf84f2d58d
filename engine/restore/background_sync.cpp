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

}  // namespace

BackgroundSync::BackgroundSync(File& file, std::uint64_t size)
    : m_thread("restore-sync", [this, &file, size](std::stop_token stop) {
        m_status = syncInSteps(file, size, std::move(stop));
    }) {}

Status BackgroundSync::wait() {
    m_thread.join();
    return m_status;
}

}  // namespace engine
