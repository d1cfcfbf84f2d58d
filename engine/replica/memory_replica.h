// SPDX-License-Identifier: Apache-2.0
// A replica in memory with faults on demand: what tests of everything above the seam stand on. It
// keeps the contract of the seam (and passes its conformance suite) as long as no fault is set.
//
// Several MemoryReplicas on one MemoryPlace are several computers on one replica. Safe for use
// from several threads at once; the pause hook runs without a lock.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "engine/base/mutex.h"
#include "engine/replica/replica.h"

namespace engine {

/// What is stored; shared by the replicas that are connected to it.
class MemoryPlace {
public:
    /// Every object, to look at and to damage.
    std::map<std::string, Buffer> objects() const;
    void store(const std::string& name, Buffer bytes);
    void erase(const std::string& name);
    void clear();
    std::uint64_t bytes() const;

private:
    friend class MemoryReplica;
    mutable Mutex m_mutex;
    std::map<std::string, Buffer, std::less<>> m_objects ENGINE_GUARDED_BY(m_mutex);
    std::map<std::string, std::uint64_t> m_hiddenUntil ENGINE_GUARDED_BY(m_mutex);  // list count
    std::uint64_t m_lists ENGINE_GUARDED_BY(m_mutex) = 0;
    std::uint64_t m_bytes ENGINE_GUARDED_BY(m_mutex) = 0;
};

enum class ReplicaVerb : std::uint8_t { Open, Put, Get, List, Remove };
inline constexpr std::size_t kReplicaVerbs = 5;

/// One rule. Its calls are those of the verb whose name (of a list: prefix, of a remove: any of
/// the names) contains `nameContains`; it acts on `times` of them from the firstCall-th on.
struct ReplicaFault {
    enum class Effect : std::uint8_t {
        Fail,       // with error; nothing happens
        LoseReply,  // it is done, and error is returned all the same
        CutAfter,   // put, get: the connection breaks after `bytes`; shorter ones go through
        FlipByte,   // get: the byte at `bytes` (modulo the size) has all its bits turned round
        Hang,       // waits for stop, then Cancelled
    };
    ReplicaVerb verb = ReplicaVerb::Put;
    Effect effect = Effect::Fail;
    std::string nameContains = {};
    std::uint64_t firstCall = 1;
    std::uint64_t times = 1;  // 0 = every one from firstCall on
    Error error = Error{ErrorCode::Unavailable, "the connection broke"};
    std::uint64_t bytes = 0;
};

class MemoryReplica final : public Replica {
public:
    MemoryReplica()
        : MemoryReplica(std::make_shared<MemoryPlace>()) {}

    explicit MemoryReplica(std::shared_ptr<MemoryPlace> place);

    ReplicaTraits traits() const override;
    Status open(std::stop_token stop) override;
    Status put(std::string_view name, ByteView bytes, PutMode mode, std::stop_token stop) override;
    Result<Buffer> get(std::string_view name, ByteRange range, std::stop_token stop) override;
    Result<Buffer> get(std::string_view name, std::stop_token stop) override;
    Result<ListPage> list(std::string_view prefix,
                          std::string_view startAfter,
                          std::size_t limit,
                          std::stop_token stop) override;
    Status remove(std::span<const std::string> names, std::stop_token stop) override;
    Time reportedTime() const override;

    MemoryPlace& place() noexcept { return *m_place; }

    void addFault(ReplicaFault fault);
    /// Forgets the rules; limits and traits stay.
    void clearFaults();
    void setTraits(const ReplicaTraits& traits);
    void setReportedTime(Time time);
    /// Bytes that fit into the place; a put beyond is NoSpace.
    void setCapacity(std::optional<std::uint64_t> bytes);
    /// Deletes are PermissionDenied (an append-only place).
    void setRefuseDelete(bool refuse);
    /// A new object is seen by the lists after that many further ones, of anybody.
    void setListingLag(std::uint64_t lists);
    /// Called at the start of every request with its verb and name, to delay or to interfere.
    void setPause(std::function<void(ReplicaVerb verb, std::string_view name)> pause);

    /// Requests so far, failed ones too.
    std::uint64_t requests(ReplicaVerb verb) const;
    std::uint64_t requests() const;

private:
    struct Rule {
        ReplicaFault fault;
        std::uint64_t calls = 0;
    };

    Result<std::optional<ReplicaFault>> begin(ReplicaVerb verb,
                                              std::span<const std::string_view> names,
                                              const std::stop_token& stop);
    std::optional<ReplicaFault> match(ReplicaVerb verb, std::span<const std::string_view> names);
    Status store(std::string_view name, ByteView bytes, PutMode mode);
    Result<Buffer> read(std::string_view name,
                        std::uint64_t offset,
                        std::optional<std::uint64_t> length,
                        const std::stop_token& stop);

    const std::shared_ptr<MemoryPlace> m_place;
    mutable Mutex m_mutex;
    ReplicaTraits m_traits ENGINE_GUARDED_BY(m_mutex);
    Time m_reportedTime ENGINE_GUARDED_BY(m_mutex);
    std::vector<Rule> m_rules ENGINE_GUARDED_BY(m_mutex);
    std::optional<std::uint64_t> m_capacity ENGINE_GUARDED_BY(m_mutex);
    bool m_refuseDelete ENGINE_GUARDED_BY(m_mutex) = false;
    std::uint64_t m_listingLag ENGINE_GUARDED_BY(m_mutex) = 0;
    std::function<void(ReplicaVerb, std::string_view)> m_pause ENGINE_GUARDED_BY(m_mutex);
    std::array<std::uint64_t, kReplicaVerbs> m_requests ENGINE_GUARDED_BY(m_mutex){};
};

}  // namespace engine
