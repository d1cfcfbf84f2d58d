// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/replica_link.h"

#include "engine/base/checksum.h"
#include "engine/base/file_system.h"
#include "engine/base/ids.h"
#include "engine/replica/factory.h"
#include "engine/replica/marker.h"

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

Result<std::optional<ReplicaId>> readKnown(const std::string& path) {
    const Result<Buffer> bytes = readWholeFile(path, kKnownFileBytesMax);
    if (!bytes.ok()) {
        if (bytes.error().code == ErrorCode::NotFound) {
            return std::optional<ReplicaId>{};
        }
        return bytes.error();
    }
    ENGINE_TRY_ASSIGN(const ReplicaId id, ReplicaId::parse(textOf(bytes.value())));
    return std::optional<ReplicaId>{id};
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

Status ReplicaLink::connect(std::stop_token stop) {
    ENGINE_TRY_ASSIGN(const std::optional<ReplicaId> known, readKnown(m_knownFile));
    if (m_replica == nullptr) {
        ENGINE_TRY_ASSIGN(m_replica, m_factory(m_config));
    }
    if (!known) {
        ENGINE_TRY(prepareReplica(m_config.options));
    }
    if (Status opened = m_replica->open(stop); !opened.ok()) {
        const bool away = known && opened.error().code == ErrorCode::NotFound;
        return away ? Error{ErrorCode::Unavailable,
                            opened.error().message + " (is the drive connected?)"}
                    : opened.error();
    }
    ENGINE_TRY_ASSIGN(const ReplicaId id,
                      ensureMarker(*m_replica, known, m_clock.now(), std::move(stop)));
    if (!known) {
        ENGINE_TRY(makeFolders(parentOf(m_knownFile)));
        ENGINE_TRY(writeFileAtomically(m_knownFile, viewOf(id.text())));
    }
    return {};
}

void ReplicaLink::distrust() {
    MutexLock lock(m_mutex);
    m_trusted = false;
}

}  // namespace engine
