// SPDX-License-Identifier: Apache-2.0
#include "engine/replica/marker.h"

#include <nlohmann/json.hpp>

namespace engine {
namespace {

using Json = nlohmann::json;

constexpr int kMarkerVersion = 1;
constexpr std::uint64_t kMarkerBytesMax = 64u << 10;

std::string textOf(const ReplicaMarker& marker) {
    const Json json = {{"version", kMarkerVersion},
                       {"id", marker.id.text()},
                       {"createdAt", toRfc3339(marker.createdAt)}};
    return json.dump() + "\n";
}

Error notAMarker() {
    return Error{ErrorCode::Corruption, std::string(kMarker) + " is not a replica's marker"};
}

std::string stringAt(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<ReplicaMarker> parse(ByteView bytes) {
    const Json json = Json::parse(engine::textOf(bytes), nullptr, false);
    if (!json.is_object()) {
        return notAMarker();
    }
    const auto version = json.find("version");
    if (version == json.end() || !version->is_number_unsigned()) {
        return notAMarker();
    }
    if (version->get<std::uint64_t>() > kMarkerVersion) {
        return Error{ErrorCode::Unsupported,
                     "the replica was made by a newer version of Strandline"};
    }
    const auto id = ReplicaId::parse(stringAt(json, "id"));
    const auto createdAt = parseRfc3339(stringAt(json, "createdAt"));
    if (!id.ok() || id.value().empty() || !createdAt.ok()) {
        return notAMarker();
    }
    return ReplicaMarker{id.value(), createdAt.value()};
}

Error notTheReplica(std::string_view why) {
    return Error{ErrorCode::Unavailable,
                 "this is not the replica that was here: " + std::string(why)}
        .withEffect("nothing is written there; changes are kept on this computer until it is back")
        .withFix("connect or mount the drive, or correct the replica's place");
}

Status mustMatch(Replica& replica, ReplicaId known, const std::stop_token& stop) {
    const Result<ReplicaMarker> marker = readMarker(replica, stop);
    if (marker.ok()) {
        return marker.value().id == known ? Status{} : notTheReplica("its marker has another id");
    }
    const ErrorCode code = marker.error().code;
    if (code == ErrorCode::NotFound) {
        return notTheReplica("its marker is missing");
    }
    return code == ErrorCode::Corruption ? notTheReplica("its marker cannot be read")
                                         : marker.error();
}

}  // namespace

Result<ReplicaMarker> readMarker(Replica& replica, std::stop_token stop) {
    ENGINE_TRY_ASSIGN(const Buffer bytes, replica.get(kMarker, stop));
    return bytes.size() <= kMarkerBytesMax ? parse(bytes) : notAMarker();
}

Result<ReplicaId> ensureMarker(Replica& replica,
                               std::optional<ReplicaId> known,
                               Time now,
                               std::stop_token stop) {
    if (known) {
        ENGINE_TRY(mustMatch(replica, *known, stop));
        return *known;
    }
    const Result<ReplicaMarker> there = readMarker(replica, stop);
    if (there.ok()) {
        return there.value().id;
    }
    if (there.error().code == ErrorCode::Corruption) {
        return Error{there.error()}
            .withEffect("nothing is written there")
            .withFix("choose another place, or remove that object if it is of no use");
    }
    if (there.error().code != ErrorCode::NotFound) {
        return there.error();
    }
    const std::string text = textOf(ReplicaMarker{randomId<ReplicaId>(), now});
    const Status put = replica.put(kMarker, viewOf(text), PutMode::New, stop);
    // Another computer may be adding the same place: whoever was first has named it.
    if (!put.ok() && put.error().code != ErrorCode::AlreadyExists) {
        return put.error();
    }
    ENGINE_TRY_ASSIGN(const ReplicaMarker marker, readMarker(replica, stop));
    return marker.id;
}

Status rewriteMarker(Replica& replica, ReplicaId known, Time now, std::stop_token stop) {
    const std::string text = textOf(ReplicaMarker{known, now});
    return replica.put(kMarker, viewOf(text), PutMode::Replace, std::move(stop));
}

}  // namespace engine
