// SPDX-License-Identifier: Apache-2.0
// From options to a replica: the one explicit list of the kinds that there are.
#pragma once

#include "engine/replica/options.h"
#include "engine/replica/replica.h"

namespace engine {

/// Not connected yet: open() does that. Unsupported for a kind that this version does not have.
Result<std::unique_ptr<Replica>> makeReplica(const ReplicaOptions& options);

/// Makes what a new replica of this kind needs before open(): the folder of a file replica,
/// nothing for the others (a bucket is made by its owner). Only when a replica is added.
Status prepareReplica(const ReplicaOptions& options);

}  // namespace engine
