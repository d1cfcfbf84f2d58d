// SPDX-License-Identifier: Apache-2.0
#include "engine/replica/factory.h"

#include "engine/replica/file_replica.h"

namespace engine {
namespace {

Error notInThisVersion(std::string_view kind) {
    return Error{
        ErrorCode::Unsupported,
        "replicas of the kind '" + std::string(kind) + "' are not available in this version"}
        .withEffect("nothing is recorded to it")
        .withFix("use a replica of the kind 'file', for example a folder on another drive");
}

struct Maker {
    Result<std::unique_ptr<Replica>> operator()(const FileReplicaOptions& options) const {
        ENGINE_TRY_ASSIGN(std::unique_ptr<FileReplica> replica, FileReplica::create(options));
        return std::unique_ptr<Replica>(std::move(replica));
    }

    Result<std::unique_ptr<Replica>> operator()(const S3ReplicaOptions&) const {
        return notInThisVersion("s3");
    }

    Result<std::unique_ptr<Replica>> operator()(const SftpReplicaOptions&) const {
        return notInThisVersion("sftp");
    }

    Result<std::unique_ptr<Replica>> operator()(const NatsReplicaOptions&) const {
        return notInThisVersion("nats");
    }
};

}  // namespace

Result<std::unique_ptr<Replica>> makeReplica(const ReplicaOptions& options) {
    return std::visit(Maker{}, options);
}

Status prepareReplica(const ReplicaOptions& options) {
    const auto* file = std::get_if<FileReplicaOptions>(&options);
    return file != nullptr ? createFileReplicaRoot(*file) : Status{};
}

}  // namespace engine
