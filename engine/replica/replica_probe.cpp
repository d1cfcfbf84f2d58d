// SPDX-License-Identifier: Apache-2.0
#include "engine/replica/replica_probe.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "engine/base/file_system.h"
#include "engine/base/ids.h"
#include "engine/base/mutex.h"
#include "engine/base/thread.h"
#include "engine/replica/factory.h"
#include "engine/replica/marker.h"

namespace engine {
namespace {

constexpr std::chrono::seconds kProbeTimeMax{15};
constexpr std::size_t kProbeBytes = 64u << 10;
constexpr ByteRange kProbeRange{1000, 5000};

/// Requests stop after a time, or when its parent stops.
class Deadline {
public:
    Deadline(const std::stop_token& parent, std::chrono::milliseconds after)
        : m_parentStops(parent, [this] { m_stop.request_stop(); })
        , m_thread("probe-deadline",
                   [this, until = std::chrono::steady_clock::now() + after](std::stop_token stop) {
                       MutexLock lock(m_mutex);
                       m_never.waitUntil(m_mutex, stop, until, [] { return false; });
                       if (!stop.stop_requested()) {
                           m_stop.request_stop();
                       }
                   }) {}

    std::stop_token token() const { return m_stop.get_token(); }

private:
    std::stop_source m_stop;
    std::stop_callback<std::function<void()>> m_parentStops;
    Mutex m_mutex;
    Condition m_never;
    Thread m_thread;
};

/// 64 KiB that no other probe writes: every byte differs from its neighbours.
Buffer probeBytes(std::uint64_t seed) {
    Buffer bytes(kProbeBytes);
    for (std::size_t i = 0; i < bytes.size(); i += sizeof seed) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        storeLe(bytes.data() + i, seed);
    }
    return bytes;
}

std::string_view fixOf(const Error& error) noexcept {
    switch (error.code) {
        case ErrorCode::NotFound:
            return "check the place's name and path, and that it exists";
        case ErrorCode::PermissionDenied:
            return "give this account the right to read, write and delete there";
        case ErrorCode::NoSpace:
            return "free some space there or choose another place";
        case ErrorCode::Unavailable:
        case ErrorCode::Timeout:
            return "check that the place is reachable (mounted, switched on, online) and try again";
        case ErrorCode::InvalidArgument:
            return "correct the replica's settings";
        case ErrorCode::Corruption:
            return "the place does not give back what was stored: choose another one";
        case ErrorCode::Cancelled:
            return "try again";
        case ErrorCode::AlreadyExists:
        case ErrorCode::Discontinuity:
        case ErrorCode::Io:
        case ErrorCode::Refused:
        case ErrorCode::Unsupported:
        case ErrorCode::Internal:
            return "look at the log, or choose another place";
    }
    return "";
}

/// The object that the probe writes, and the verbs on it.
class ProbeObject {
public:
    explicit ProbeObject(Replica& replica)
        : m_replica(replica)
        , m_seed(randomId64())
        , m_name("strandline-probe/" + toHex16(m_seed))
        , m_bytes(probeBytes(m_seed)) {}

    Result<std::string> write(std::stop_token stop) {
        m_written = true;  // perhaps: the reply may get lost
        ENGINE_TRY(m_replica.put(m_name, m_bytes, PutMode::New, stop));
        return std::string("64 KiB written");
    }

    Result<std::string> readBack(std::stop_token stop) const {
        ENGINE_TRY_ASSIGN(const Buffer whole, m_replica.get(m_name, stop));
        ENGINE_TRY_ASSIGN(const Buffer range, m_replica.get(m_name, kProbeRange, stop));
        const auto first = m_bytes.begin() + static_cast<std::ptrdiff_t>(kProbeRange.offset);
        if (whole != m_bytes ||
            !std::equal(range.begin(), range.end(), first, first + kProbeRange.length)) {
            return Error{ErrorCode::Corruption, "what was read is not what was written"};
        }
        return std::string("the same bytes, whole and in a range");
    }

    Result<std::string> list(std::stop_token stop) const {
        ENGINE_TRY_ASSIGN(const ListPage page, m_replica.list(m_name, "", 10, stop));
        const bool found = page.objects.size() == 1 && page.objects[0].name == m_name &&
                           page.objects[0].size == m_bytes.size();
        if (!found && m_replica.traits().listingConsistent) {
            return Error{ErrorCode::Corruption, "the object that was written is not listed"};
        }
        return std::string(found ? "the object is listed"
                                 : "not listed yet: this place's listings lag behind");
    }

    Result<std::string> remove(std::stop_token stop) {
        const Status removed = m_replica.remove({&m_name, 1}, stop);
        m_written = m_written && !removed.ok();
        if (!removed.ok() && removed.error().code == ErrorCode::PermissionDenied) {
            return std::string(
                "deleting is not allowed: the replica is append-only and grows for ever");
        }
        if (!removed.ok()) {
            return removed.error();
        }
        return std::string("deleted");
    }

    /// The steps stopped half-way: no rest stays if it can be helped.
    void cleanUp() {
        if (m_written) {
            ignoreError(m_replica.remove({&m_name, 1}, std::stop_token()),
                        "the step that failed has been reported");
        }
    }

private:
    Replica& m_replica;
    const std::uint64_t m_seed;
    const std::string m_name;
    const Buffer m_bytes;
    bool m_written = false;
};

Result<std::string> lookForHistory(Replica& replica, std::stop_token stop) {
    const Result<ReplicaMarker> marker = readMarker(replica, stop);
    if (marker.ok()) {
        return "a replica since " + toRfc3339(marker.value().createdAt) + ", id " +
               marker.value().id.text();
    }
    if (marker.error().code == ErrorCode::NotFound) {
        return std::string("no history here yet");
    }
    return marker.error();
}

ProbeStep runAction(const ProbeAction& action, const std::stop_token& stop) {
    ProbeStep step;
    step.name = action.name;
    if (!action.run) {
        step.ok = true;
        step.skipped = true;
        step.detail = action.skippedBecause;
        return step;
    }
    const Steady begin = std::chrono::steady_clock::now();
    const Result<std::string> found = action.run(stop);
    step.ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                  std::chrono::steady_clock::now() - begin)
                  .count();
    step.ok = found.ok();
    if (found.ok()) {
        step.detail = found.value();
    } else {
        const Error& error = found.error();
        step.detail = error.message;
        step.fix = error.fix.empty() ? std::string(fixOf(error)) : error.fix;
    }
    return step;
}

std::string sizeText(std::uint64_t bytes) {
    char text[32];
    std::snprintf(
        text, sizeof text, "%.1f GiB", static_cast<double>(bytes) / static_cast<double>(1u << 30));
    return text;
}

Result<std::string> resolveFolder(const std::string& path) {
    Result<std::string> real = realPath(expandHome(path));
    if (!real.ok() && real.error().code == ErrorCode::NotFound) {
        return Error{ErrorCode::NotFound, "there is no folder " + path}.withFix(
            "create the folder, or mount the drive that it is on");
    }
    ENGINE_TRY_ASSIGN(const std::string folder, std::move(real));
    ENGINE_TRY_ASSIGN(const FileFacts facts, factsOf(folder));
    if (!facts.isDirectory()) {
        return Error{ErrorCode::InvalidArgument, folder + " is a file"}.withFix("choose a folder");
    }
    ENGINE_TRY_ASSIGN(const std::uint64_t space, freeSpace(folder));
    return folder + ", " + sizeText(space) + " free";
}

/// What comes before the first object, by kind; makeReplica() has refused those without actions.
struct ActionsOf {
    Replica& replica;

    std::vector<ProbeAction> operator()(const FileReplicaOptions& options) const {
        const auto connect = [&target = replica](std::stop_token stop) -> Result<std::string> {
            ENGINE_TRY(target.open(stop));
            return std::string("the folder can be read");
        };
        return {
            {"resolve", [path = options.path](std::stop_token) { return resolveFolder(path); }, ""},
            {"connect", connect, ""},
            {"secure", nullptr, "a folder of this computer"},
            {"signIn", nullptr, "a folder of this computer"},
        };
    }

    std::vector<ProbeAction> operator()(const S3ReplicaOptions&) const { return {}; }

    std::vector<ProbeAction> operator()(const SftpReplicaOptions&) const { return {}; }

    std::vector<ProbeAction> operator()(const NatsReplicaOptions&) const { return {}; }
};

}  // namespace

std::vector<ProbeStep> runReplicaProbe(Replica& replica,
                                       std::vector<ProbeAction> actions,
                                       const ProbeReport& report,
                                       std::stop_token stop) {
    ProbeObject object(replica);
    actions.push_back({"write", [&](std::stop_token s) { return object.write(s); }, ""});
    actions.push_back({"readBack", [&](std::stop_token s) { return object.readBack(s); }, ""});
    actions.push_back({"list", [&](std::stop_token s) { return object.list(s); }, ""});
    actions.push_back({"delete", [&](std::stop_token s) { return object.remove(s); }, ""});
    actions.push_back(
        {"history", [&](std::stop_token s) { return lookForHistory(replica, s); }, ""});

    const Deadline deadline(stop, kProbeTimeMax);
    std::vector<ProbeStep> steps;
    for (const ProbeAction& action : actions) {
        ProbeStep step = runAction(action, deadline.token());
        if (!step.ok && deadline.token().stop_requested() && !stop.stop_requested()) {
            step.detail = "no answer within 15 s";
            step.fix = fixOf(Error{ErrorCode::Timeout, ""});
        }
        if (report) {
            report(step);
        }
        steps.push_back(std::move(step));
        if (!steps.back().ok) {
            break;
        }
    }
    object.cleanUp();
    return steps;
}

Result<std::vector<ProbeStep>> probeReplica(const ReplicaOptions& options,
                                            const ProbeReport& report,
                                            std::stop_token stop) {
    ENGINE_TRY_ASSIGN(const std::unique_ptr<Replica> replica, makeReplica(options));
    return runReplicaProbe(
        *replica, std::visit(ActionsOf{*replica}, options), report, std::move(stop));
}

}  // namespace engine
