// SPDX-License-Identifier: Apache-2.0
#include "engine/replica/throttled_replica.h"

#include <algorithm>

namespace engine {

SendBudget::SendBudget(std::uint64_t bytesPerSecond, Steady now)
    : m_bytesPerSecond(bytesPerSecond)
    , m_freeAt(now) {
    ENSURE(bytesPerSecond > 0);
}

std::chrono::nanoseconds SendBudget::waitTime(Steady now) const {
    return std::max(std::chrono::nanoseconds(0), std::chrono::nanoseconds(m_freeAt - now));
}

void SendBudget::spend(std::uint64_t bytes, Steady now) {
    // Time in which nothing was sent is not saved up: the line is shared with others.
    const double seconds = static_cast<double>(bytes) / static_cast<double>(m_bytesPerSecond);
    m_freeAt = std::max(m_freeAt, now) + std::chrono::duration_cast<std::chrono::nanoseconds>(
                                             std::chrono::duration<double>(seconds));
}

ThrottledReplica::ThrottledReplica(std::unique_ptr<Replica> inner, std::uint64_t bytesPerSecond)
    : m_inner(std::move(inner))
    , m_budget(bytesPerSecond, std::chrono::steady_clock::now()) {
    ENSURE(m_inner != nullptr);
}

Status ThrottledReplica::put(std::string_view name,
                             ByteView bytes,
                             PutMode mode,
                             std::stop_token stop) {
    {
        MutexLock lock(m_mutex);
        while (!stop.stop_requested() &&
               m_budget.waitTime(std::chrono::steady_clock::now()).count() > 0) {
            const Steady until = std::chrono::steady_clock::now() +
                                 m_budget.waitTime(std::chrono::steady_clock::now());
            m_changed.waitUntil(m_mutex, stop, until, [] { return false; });
        }
        if (stop.stop_requested()) {
            return Error{ErrorCode::Cancelled, "stopped"};
        }
        m_budget.spend(bytes.size(), std::chrono::steady_clock::now());
    }
    return m_inner->put(name, bytes, mode, std::move(stop));
}

Result<Buffer> ThrottledReplica::get(std::string_view name, ByteRange range, std::stop_token stop) {
    return m_inner->get(name, range, std::move(stop));
}

Result<Buffer> ThrottledReplica::get(std::string_view name, std::stop_token stop) {
    return m_inner->get(name, std::move(stop));
}

Result<ListPage> ThrottledReplica::list(std::string_view prefix,
                                        std::string_view startAfter,
                                        std::size_t limit,
                                        std::stop_token stop) {
    return m_inner->list(prefix, startAfter, limit, std::move(stop));
}

Status ThrottledReplica::remove(std::span<const std::string> names, std::stop_token stop) {
    return m_inner->remove(names, std::move(stop));
}

std::unique_ptr<Replica> withUploadLimit(std::unique_ptr<Replica> replica,
                                         std::uint64_t bytesPerSecond) {
    if (bytesPerSecond == 0) {
        return replica;
    }
    return std::make_unique<ThrottledReplica>(std::move(replica), bytesPerSecond);
}

}  // namespace engine
