// SPDX-License-Identifier: Apache-2.0
// Brings the page map from its checkpoint up to the last segment of the shadow log: every page
// hash is replayed and every commit's root compared (architecture part 5, rule 2).
#pragma once

#include <optional>
#include <stop_token>

#include "engine/format/page_map.h"
#include "engine/shadow/shadow_log.h"

namespace engine {

struct RecoveredCapture {
    PageMapCheckpoint state;  // at the last durable commit
    TxId checkpointTx;        // where the file is: the log has to keep what comes after it
    Time lastCommitAt;        // when that commit was seen
    WriterId writer;          // of the checkpoint; empty: not said
};

/// The controller adds it to the position of a checkpoint.
inline constexpr const char* kLastCommitAtAttr = "lastCommitAtMs";
inline constexpr const char* kWriterAttr = "writer";

/// NotFound: no checkpoint. Corruption: it does not agree with the log, or the log has a hole (a
/// segment that proves to be damaged is set aside); then a scan has to prove that the file still
/// is in the last durable state, or a new generation starts.
Result<RecoveredCapture> recoverCapture(const std::string& checkpointPath, ShadowLog& log);

/// The state that the log ends with, without needing the map: what a scan is compared with.
struct DurableEnd {
    GenerationId generation;
    TxId tx;
    Root root;
    std::uint64_t seed = 0;  // of the page hashes that made the root
    WriterId writer;
};

/// Empty: the log is empty, or its end cannot be read.
std::optional<DurableEnd> durableEndOf(const ShadowLog& log);

}  // namespace engine
