// SPDX-License-Identifier: Apache-2.0
// A replica that sends no more than so many bytes a second (uploadLimit). An object goes out in
// one piece and the next waits until the average is right again, so the limit holds over a few
// objects, not within one. Reading, listing and deleting are not limited.
#pragma once

#include <chrono>
#include <memory>

#include "engine/base/mutex.h"
#include "engine/replica/replica.h"

namespace engine {

/// The account of a limit: sending is free while the balance is not negative, and its cost is
/// paid back with time. Plain data: its owner locks.
class SendBudget {
public:
    SendBudget(std::uint64_t bytesPerSecond, Steady now);
    /// How long a send must wait; zero = it may go.
    std::chrono::nanoseconds waitTime(Steady now) const;
    void spend(std::uint64_t bytes, Steady now);

private:
    std::uint64_t m_bytesPerSecond;
    Steady m_freeAt;  // when what was spent is paid back
};

class ThrottledReplica final : public Replica {
public:
    /// bytesPerSecond > 0.
    ThrottledReplica(std::unique_ptr<Replica> inner, std::uint64_t bytesPerSecond);

    ReplicaTraits traits() const override { return m_inner->traits(); }

    Status open(std::stop_token stop) override { return m_inner->open(std::move(stop)); }

    /// Waits first where it must; Cancelled when stopped there.
    Status put(std::string_view name, ByteView bytes, PutMode mode, std::stop_token stop) override;
    Result<Buffer> get(std::string_view name, ByteRange range, std::stop_token stop) override;
    Result<Buffer> get(std::string_view name, std::stop_token stop) override;
    Result<ListPage> list(std::string_view prefix,
                          std::string_view startAfter,
                          std::size_t limit,
                          std::stop_token stop) override;
    Status remove(std::span<const std::string> names, std::stop_token stop) override;

    Time reportedTime() const override { return m_inner->reportedTime(); }

private:
    const std::unique_ptr<Replica> m_inner;
    Mutex m_mutex;
    Condition m_changed;
    SendBudget m_budget ENGINE_GUARDED_BY(m_mutex);
};

/// The replica itself where there is no limit (0).
std::unique_ptr<Replica> withUploadLimit(std::unique_ptr<Replica> replica,
                                         std::uint64_t bytesPerSecond);

}  // namespace engine
