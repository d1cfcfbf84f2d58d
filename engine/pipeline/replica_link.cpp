// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/replica_link.h"

#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/base/file_system.h"
#include "engine/base/ids.h"
#include "engine/base/log.h"
#include "engine/history/listing.h"
#include "engine/replica/factory.h"

namespace engine {
namespace {

constexpr std::uint64_t kKnownFileBytesMax = 64;

struct PlaceText {
    std::string operator()(const FileReplicaOptions& o) const { return "file:" + o.path; }

    std::string operator()(const S3ReplicaOptions& o) const {
        return "s3:" + o.endpoint + "/" + o.region + "/" + o.bucket + "/" + o.prefix;
    }

    std::string operator()(const SftpReplicaOptions& o) const {
        return "sftp:" + o.user + "@" + o.host + ":" + std::to_string(o.port) + "/" + o.path;
    }

    std::string operator()(const NatsReplicaOptions& o) const {
        return "nats:" + o.url + "/" + o.bucket + "/" + o.prefix;
    }
};

/// "<id> <checksum of it>"; an earlier version wrote the id alone.
std::string knownTextOf(ReplicaId id) {
    return id.text() + " " + toHex16(xxh3(viewOf(id.text())));
}

}  // namespace

std::string knownReplicaFileName(const ReplicaConfig& config) {
    const std::string place = std::visit(PlaceText{}, config.options);
    return toHex16(xxh3(viewOf(place)));
}

ReplicaLink::ReplicaLink(const ReplicaConfig& config,
                         std::string knownFile,
                         ReplicaFactory factory,
                         const Clock& clock)
    : m_config(config)
    , m_knownFile(std::move(knownFile))
    , m_factory(std::move(factory))
    , m_clock(clock) {}

Result<Replica*> ReplicaLink::ready(std::stop_token stop) {
    if (!m_turn.take(stop)) {
        return Error{ErrorCode::Cancelled, "stopped"};
    }
    const TurnHolder holder(m_turn);
    {
        MutexLock lock(m_mutex);
        if (m_trusted) {
            return m_replica.get();
        }
    }
    ENGINE_TRY(connect(std::move(stop)));
    MutexLock lock(m_mutex);
    m_trusted = true;
    return m_replica.get();
}

Result<ReplicaLink::Known> ReplicaLink::readKnown() const {
    const Result<Buffer> bytes = readWholeFile(m_knownFile, kKnownFileBytesMax);
    if (!bytes.ok() && bytes.error().code == ErrorCode::NotFound) {
        return Known{};
    }
    if (!bytes.ok() && bytes.error().code != ErrorCode::Corruption) {
        return bytes.error();
    }
    const std::string text = bytes.ok() ? textOf(bytes.value()) : std::string();
    const Result<ReplicaId> id = ReplicaId::parse(text.substr(0, text.find(' ')));
    Known known;
    known.there = true;
    if (id.ok() && !id.value().empty()) {
        known.checked = text == knownTextOf(id.value());
        known.id =
            known.checked || text == id.value().text() ? std::optional(id.value()) : std::nullopt;
    }
    return known;
}

Status ReplicaLink::remember(ReplicaId id) const {
    ENGINE_TRY(makeFolders(parentOf(m_knownFile)));
    return writeFileAtomically(m_knownFile, viewOf(knownTextOf(id)));
}

/// Tells what a person can do who knows that the drive will not come back. In the message, which is
/// all that a status shows.
Error ReplicaLink::away(Error error) const {
    error.code = ErrorCode::Unavailable;
    error.message += " (is the drive connected? if its copies are gone for good, remove " +
                     m_knownFile + " to begin anew there)";
    return error;
}

bool ReplicaLink::holdsOwnDatabases(std::stop_token stop) {
    const std::string folder = joinPath(parentOf(parentOf(m_knownFile)), "databases");
    const auto found = listDatabases(*m_replica, std::move(stop));
    return found.ok() &&
           std::any_of(
               found.value().begin(), found.value().end(), [&](const FoundDatabase& database) {
                   return factsOf(joinPath(folder, database.location.database.text())).ok();
               });
}

/// The id to remember.
Result<ReplicaId> ReplicaLink::recognise(const Known& known, std::stop_token stop) {
    if (!known.there) {
        return ensureMarker(*m_replica, std::nullopt, m_clock.now(), std::move(stop));
    }
    const Result<ReplicaMarker> marker = readMarker(*m_replica, stop);
    if (!known.id && marker.ok()) {
        log::pipeline().warn(
            "remembered replica damaged file={} effect=\"taken from the replica's marker\"",
            m_knownFile);
        return marker.value().id;
    }
    const bool lost = !marker.ok() && (marker.error().code == ErrorCode::NotFound ||
                                       marker.error().code == ErrorCode::Corruption);
    if (!known.id) {
        return lost ? away(Error{ErrorCode::Unavailable,
                                 "which replica belongs here is not known any more, and this one "
                                 "has no marker"})
                    : marker.error();
    }
    if (lost && holdsOwnDatabases(stop)) {
        ENGINE_TRY(rewriteMarker(*m_replica, *known.id, m_clock.now(), std::move(stop)));
        log::pipeline().warn("marker lost replica={} effect=\"written again\"", m_config.name);
        return *known.id;
    }
    Result<ReplicaId> id = ensureMarker(*m_replica, known.id, m_clock.now(), std::move(stop));
    const bool other =
        !id.ok() && id.error().code == ErrorCode::Unavailable && (lost || marker.ok());
    return other ? Result<ReplicaId>(away(std::move(id).error())) : std::move(id);
}

Status ReplicaLink::connect(std::stop_token stop) {
    ENGINE_TRY_ASSIGN(const Known known, readKnown());
    if (m_replica == nullptr) {
        ENGINE_TRY_ASSIGN(m_replica, m_factory(m_config));
    }
    if (!known.there) {
        ENGINE_TRY(prepareReplica(m_config.options));
    }
    if (Status opened = m_replica->open(stop); !opened.ok()) {
        const bool missing = known.there && opened.error().code == ErrorCode::NotFound;
        return missing ? away(std::move(opened).error()) : opened.error();
    }
    ENGINE_TRY_ASSIGN(const ReplicaId id, recognise(known, std::move(stop)));
    return known.checked ? Status{} : remember(id);
}

void ReplicaLink::distrust() {
    MutexLock lock(m_mutex);
    m_trusted = false;
}

}  // namespace engine
