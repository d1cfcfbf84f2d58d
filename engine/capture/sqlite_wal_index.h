// SPDX-License-Identifier: Apache-2.0
// The wal-index (-shm) as seen from outside: what is published, and who is at work.
#pragma once

#include <optional>

#include "engine/capture/source_file.h"
#include "engine/format/sqlite_layout.h"

namespace engine {

/// The header, once both copies agree. Empty: it is being written, or nobody has built it yet.
/// Never waits; reads again at once a number of times.
Result<std::optional<WalIndexHeader>> readWalIndexHeader(const SourceFile& shm);

/// Nobody writes a transaction and nobody recovers: what is published now stays so until a lock is
/// taken again. false also where the question has no answer.
bool walIsAtPeace(const SourceFile& shm);

/// The WAL's own header; empty where it is not (yet) valid.
Result<std::optional<WalHeader>> readWalHeader(const SourceFile& wal);

}  // namespace engine
