// SPDX-License-Identifier: Apache-2.0
#include "engine/history/replica_read.h"

#include <chrono>

#include "engine/base/backoff.h"
#include "engine/base/mutex.h"

namespace engine {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetryFor{2000};
constexpr std::uint64_t kReadWholeBelow = 128u << 10;

/// False: stopped.
bool pauseFor(milliseconds pause, std::stop_token stop) {
    Mutex mutex;
    Condition never;
    MutexLock lock(mutex);
    never.waitUntil(mutex, stop, std::chrono::steady_clock::now() + pause, [] { return false; });
    return !stop.stop_requested();
}

template <class Read>
Result<Buffer> readWithRetry(const std::string& name, std::stop_token stop, Read read) {
    const auto until = std::chrono::steady_clock::now() + kRetryFor;
    Backoff backoff(milliseconds(100), milliseconds(800));
    while (true) {
        if (stop.stop_requested()) {
            return Error{ErrorCode::Cancelled, "stopped"};
        }
        Result<Buffer> bytes = read();
        if (bytes.ok()) {
            return bytes;
        }
        const milliseconds pause = backoff.next();
        const bool again = bytes.error().retryable() &&
                           std::chrono::steady_clock::now() + pause < until &&
                           pauseFor(pause, stop);
        if (!again) {
            return std::move(bytes).error().context(name);
        }
    }
}

}  // namespace

Result<Buffer> readObject(Replica& replica, const std::string& name, std::stop_token stop) {
    return readWithRetry(name, stop, [&] { return replica.get(name, stop); });
}

Result<Buffer> readObjectRange(Replica& replica,
                               const std::string& name,
                               ByteRange range,
                               std::stop_token stop) {
    Result<Buffer> bytes =
        readWithRetry(name, stop, [&] { return replica.get(name, range, stop); });
    if (bytes.ok() && bytes.value().size() != range.length) {
        return Error{ErrorCode::Corruption, name + ": shorter than it was listed"};
    }
    return bytes;
}

ReplicaPartSource::ReplicaPartSource(Replica& replica, StoredPart part, std::stop_token stop)
    : m_replica(replica)
    , m_part(std::move(part))
    , m_stop(std::move(stop)) {}

Result<Buffer> ReplicaPartSource::read(std::uint64_t offset, std::uint64_t length) {
    if (offset > m_part.size || length > m_part.size - offset) {
        return Error{ErrorCode::Corruption, m_part.name + ": unexpected end"};
    }
    const bool kept = offset >= m_keptOffset && offset - m_keptOffset <= m_kept.size() &&
                      length <= m_kept.size() - (offset - m_keptOffset);
    if (!kept) {
        const bool whole = m_part.size <= kReadWholeBelow;
        const ByteRange range = whole ? ByteRange{0, m_part.size} : ByteRange{offset, length};
        ENGINE_TRY_ASSIGN(m_kept, readObjectRange(m_replica, m_part.name, range, m_stop));
        m_keptOffset = range.offset;
        m_fetchedBytes += range.length;
    }
    const auto from = m_kept.begin() + static_cast<std::ptrdiff_t>(offset - m_keptOffset);
    return Buffer(from, from + static_cast<std::ptrdiff_t>(length));
}

}  // namespace engine
