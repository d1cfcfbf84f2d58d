// SPDX-License-Identifier: Apache-2.0
#include "engine/replica/memory_replica.h"

#include <algorithm>

namespace engine {
namespace {

Error cancelled() {
    return Error{ErrorCode::Cancelled, "stopped"};
}

bool startsWith(std::string_view text, std::string_view start) noexcept {
    return text.substr(0, start.size()) == start;
}

void waitForStop(const std::stop_token& stop) {
    Mutex mutex;
    Condition never;
    MutexLock lock(mutex);
    never.wait(mutex, stop, [] { return false; });
}

}  // namespace

std::map<std::string, Buffer> MemoryPlace::objects() const {
    MutexLock lock(m_mutex);
    return {m_objects.begin(), m_objects.end()};
}

void MemoryPlace::store(const std::string& name, Buffer bytes) {
    MutexLock lock(m_mutex);
    Buffer& slot = m_objects[name];
    m_bytes = m_bytes - slot.size() + bytes.size();
    slot = std::move(bytes);
}

void MemoryPlace::erase(const std::string& name) {
    MutexLock lock(m_mutex);
    if (const auto found = m_objects.find(name); found != m_objects.end()) {
        m_bytes -= found->second.size();
        m_objects.erase(found);
    }
    m_hiddenUntil.erase(name);
}

void MemoryPlace::clear() {
    MutexLock lock(m_mutex);
    m_objects.clear();
    m_hiddenUntil.clear();
    m_bytes = 0;
}

std::uint64_t MemoryPlace::bytes() const {
    MutexLock lock(m_mutex);
    return m_bytes;
}

MemoryReplica::MemoryReplica(std::shared_ptr<MemoryPlace> place)
    : m_place(std::move(place)) {
    m_traits.kind = "memory";
    m_traits.conditionalPut = true;
    m_traits.local = true;
}

ReplicaTraits MemoryReplica::traits() const {
    MutexLock lock(m_mutex);
    return m_traits;
}

Time MemoryReplica::reportedTime() const {
    MutexLock lock(m_mutex);
    return m_reportedTime;
}

void MemoryReplica::addFault(ReplicaFault fault) {
    MutexLock lock(m_mutex);
    m_rules.push_back(Rule{std::move(fault), 0});
}

void MemoryReplica::clearFaults() {
    MutexLock lock(m_mutex);
    m_rules.clear();
}

void MemoryReplica::setTraits(const ReplicaTraits& traits) {
    MutexLock lock(m_mutex);
    m_traits = traits;
}

void MemoryReplica::setReportedTime(Time time) {
    MutexLock lock(m_mutex);
    m_reportedTime = time;
}

void MemoryReplica::setCapacity(std::optional<std::uint64_t> bytes) {
    MutexLock lock(m_mutex);
    m_capacity = bytes;
}

void MemoryReplica::setRefuseDelete(bool refuse) {
    MutexLock lock(m_mutex);
    m_refuseDelete = refuse;
}

void MemoryReplica::setListingLag(std::uint64_t lists) {
    MutexLock lock(m_mutex);
    m_listingLag = lists;
    m_traits.listingConsistent = lists == 0;
}

void MemoryReplica::setPause(std::function<void(ReplicaVerb, std::string_view)> pause) {
    MutexLock lock(m_mutex);
    m_pause = std::move(pause);
}

std::uint64_t MemoryReplica::requests(ReplicaVerb verb) const {
    MutexLock lock(m_mutex);
    return m_requests[static_cast<std::size_t>(verb)];
}

std::uint64_t MemoryReplica::requests() const {
    MutexLock lock(m_mutex);
    std::uint64_t sum = 0;
    for (const std::uint64_t count : m_requests) {
        sum += count;
    }
    return sum;
}

/// Counts the call with every rule that it fits; the first that is due acts.
std::optional<ReplicaFault> MemoryReplica::match(ReplicaVerb verb,
                                                 std::span<const std::string_view> names) {
    MutexLock lock(m_mutex);
    ++m_requests[static_cast<std::size_t>(verb)];
    std::optional<ReplicaFault> due;
    for (Rule& rule : m_rules) {
        const ReplicaFault& fault = rule.fault;
        const bool fits = fault.verb == verb &&
                          std::any_of(names.begin(), names.end(), [&](std::string_view name) {
                              return name.find(fault.nameContains) != std::string_view::npos;
                          });
        if (!fits) {
            continue;
        }
        ++rule.calls;
        const bool begun = rule.calls >= fault.firstCall;
        if (!due && begun && (fault.times == 0 || rule.calls < fault.firstCall + fault.times)) {
            due = fault;
        }
    }
    return due;
}

/// The start of every request: counts it, pauses, and fails it where a rule says so; a fault with
/// another effect is handed to the verb.
Result<std::optional<ReplicaFault>> MemoryReplica::begin(ReplicaVerb verb,
                                                         std::span<const std::string_view> names,
                                                         const std::stop_token& stop) {
    std::optional<ReplicaFault> fault = match(verb, names);
    std::function<void(ReplicaVerb, std::string_view)> pause;
    {
        MutexLock lock(m_mutex);
        pause = m_pause;
    }
    if (pause) {
        pause(verb, names.empty() ? std::string_view() : names.front());
    }
    if (fault && fault->effect == ReplicaFault::Effect::Hang) {
        waitForStop(stop);
    }
    if (stop.stop_requested()) {
        return cancelled();
    }
    if (fault && fault->effect == ReplicaFault::Effect::Fail) {
        return fault->error;
    }
    return fault;
}

Status MemoryReplica::open(std::stop_token stop) {
    const std::string_view noName;
    ENGINE_TRY_ASSIGN(const std::optional<ReplicaFault> fault,
                      begin(ReplicaVerb::Open, {&noName, 1}, stop));
    return fault && fault->effect == ReplicaFault::Effect::LoseReply ? Status{fault->error}
                                                                     : Status{};
}

Status MemoryReplica::store(std::string_view name, ByteView bytes, PutMode mode) {
    std::optional<std::uint64_t> capacity;
    std::uint64_t lag = 0;
    {
        MutexLock lock(m_mutex);
        capacity = m_capacity;
        lag = m_listingLag;
    }
    MutexLock lock(m_place->m_mutex);
    const auto found = m_place->m_objects.find(name);
    const bool there = found != m_place->m_objects.end();
    if (there && mode == PutMode::New) {
        const bool same =
            std::equal(found->second.begin(), found->second.end(), bytes.begin(), bytes.end());
        return same ? Status{}
                    : Status{Error{ErrorCode::AlreadyExists,
                                   std::string(name) + " is there with other bytes"}};
    }
    const std::uint64_t after =
        m_place->m_bytes - (there ? found->second.size() : 0) + bytes.size();
    if (capacity && after > *capacity) {
        return Error{ErrorCode::NoSpace, "the place is full"};
    }
    m_place->m_bytes = after;
    m_place->m_objects.insert_or_assign(std::string(name), Buffer(bytes.begin(), bytes.end()));
    if (!there && lag > 0) {
        m_place->m_hiddenUntil[std::string(name)] = m_place->m_lists + lag;
    }
    return {};
}

Status MemoryReplica::put(std::string_view name,
                          ByteView bytes,
                          PutMode mode,
                          std::stop_token stop) {
    ENGINE_TRY(checkObjectName(name));
    if (bytes.size() > kObjectBytesMax) {
        return Error{ErrorCode::InvalidArgument, "an object of more than 32 MiB"};
    }
    ENGINE_TRY_ASSIGN(const std::optional<ReplicaFault> fault,
                      begin(ReplicaVerb::Put, {&name, 1}, stop));
    if (fault && fault->effect == ReplicaFault::Effect::CutAfter && bytes.size() > fault->bytes) {
        return fault->error;
    }
    ENGINE_TRY(store(name, bytes, mode));
    if (fault && fault->effect == ReplicaFault::Effect::LoseReply) {
        return fault->error;
    }
    return {};
}

Result<Buffer> MemoryReplica::read(std::string_view name,
                                   std::uint64_t offset,
                                   std::optional<std::uint64_t> length,
                                   const std::stop_token& stop) {
    ENGINE_TRY(checkObjectName(name));
    ENGINE_TRY_ASSIGN(const std::optional<ReplicaFault> fault,
                      begin(ReplicaVerb::Get, {&name, 1}, stop));
    Buffer bytes;
    {
        MutexLock lock(m_place->m_mutex);
        const auto found = m_place->m_objects.find(name);
        if (found == m_place->m_objects.end()) {
            return Error{ErrorCode::NotFound, "there is no object " + std::string(name)};
        }
        const Buffer& whole = found->second;
        const std::uint64_t wanted = length.value_or(whole.size());
        if (offset > whole.size() || wanted > whole.size() - offset || wanted > kObjectBytesMax) {
            return Error{ErrorCode::Corruption,
                         std::string(name) + " does not hold the range that was asked for"};
        }
        const auto first = whole.begin() + static_cast<std::ptrdiff_t>(offset);
        bytes.assign(first, first + static_cast<std::ptrdiff_t>(wanted));
    }
    if (!fault) {
        return bytes;
    }
    if (fault->effect == ReplicaFault::Effect::FlipByte && !bytes.empty()) {
        bytes[fault->bytes % bytes.size()] ^= std::byte{0xff};
    }
    const bool cut = fault->effect == ReplicaFault::Effect::CutAfter && bytes.size() > fault->bytes;
    if (cut || fault->effect == ReplicaFault::Effect::LoseReply) {
        return fault->error;
    }
    return bytes;
}

Result<Buffer> MemoryReplica::get(std::string_view name, ByteRange range, std::stop_token stop) {
    return read(name, range.offset, range.length, stop);
}

Result<Buffer> MemoryReplica::get(std::string_view name, std::stop_token stop) {
    return read(name, 0, std::nullopt, stop);
}

Result<ListPage> MemoryReplica::list(std::string_view prefix,
                                     std::string_view startAfter,
                                     std::size_t limit,
                                     std::stop_token stop) {
    ENGINE_TRY(checkObjectPrefix(prefix));
    if (limit == 0) {
        return Error{ErrorCode::InvalidArgument, "a page of no objects"};
    }
    ENGINE_TRY_ASSIGN(const std::optional<ReplicaFault> fault,
                      begin(ReplicaVerb::List, {&prefix, 1}, stop));
    if (fault && fault->effect == ReplicaFault::Effect::LoseReply) {
        return fault->error;
    }
    ListPage page;
    MutexLock lock(m_place->m_mutex);
    const std::uint64_t thisList = m_place->m_lists++;
    auto at = startAfter < prefix ? m_place->m_objects.lower_bound(prefix)
                                  : m_place->m_objects.upper_bound(startAfter);
    for (; at != m_place->m_objects.end() && startsWith(at->first, prefix); ++at) {
        const auto hidden = m_place->m_hiddenUntil.find(at->first);
        if (hidden != m_place->m_hiddenUntil.end() && thisList < hidden->second) {
            continue;
        }
        if (page.objects.size() == limit) {
            page.more = true;
            break;
        }
        page.objects.push_back(ObjectInfo{at->first, at->second.size()});
    }
    return page;
}

Status MemoryReplica::remove(std::span<const std::string> names, std::stop_token stop) {
    for (const std::string& name : names) {
        ENGINE_TRY(checkObjectName(name));
    }
    const std::vector<std::string_view> views(names.begin(), names.end());
    ENGINE_TRY_ASSIGN(const std::optional<ReplicaFault> fault,
                      begin(ReplicaVerb::Remove, views, stop));
    {
        MutexLock lock(m_mutex);
        if (m_refuseDelete) {
            return Error{ErrorCode::PermissionDenied, "the place does not allow deleting"};
        }
    }
    for (const std::string& name : names) {
        m_place->erase(name);
    }
    if (fault && fault->effect == ReplicaFault::Effect::LoseReply) {
        return fault->error;
    }
    return {};
}

}  // namespace engine
