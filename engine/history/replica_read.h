// SPDX-License-Identifier: Apache-2.0
// Reading objects of a replica: short transient failures are tried again (2 s in all), and ranges
// of one object are served from what was read of it before.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "engine/format/artefact_reader.h"
#include "engine/history/descriptors.h"
#include "engine/replica/replica.h"

namespace engine {

/// The whole object. Error messages name it.
Result<Buffer> readObject(Replica& replica, const std::string& name, std::stop_token stop);
Result<Buffer> readObjectRange(Replica& replica,
                               const std::string& name,
                               ByteRange range,
                               std::stop_token stop);

/// One part of an artefact on a replica, by range. Small objects are read whole at the first
/// request; of others the last range is kept. One thread at a time; the replica outlives it.
class ReplicaPartSource final : public PartSource {
public:
    ReplicaPartSource(Replica& replica, StoredPart part, std::stop_token stop);

    Result<Buffer> read(std::uint64_t offset, std::uint64_t length) override;

    std::uint64_t size() const override { return m_part.size; }

    /// Bytes that were asked of the replica so far.
    std::uint64_t fetchedBytes() const noexcept { return m_fetchedBytes; }

private:
    Replica& m_replica;
    const StoredPart m_part;
    const std::stop_token m_stop;
    std::uint64_t m_keptOffset = 0;
    Buffer m_kept;
    std::uint64_t m_fetchedBytes = 0;
};

}  // namespace engine
