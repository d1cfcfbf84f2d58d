// SPDX-License-Identifier: Apache-2.0
// What a file is and how it could be protected, from one look: nothing is locked, written or kept
// open. For `probe`, the scan of a home folder, and the wizard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/capture/capture.h"
#include "engine/capture/file_holders.h"
#include "engine/capture/source_file.h"

namespace engine {

enum class JournalKind : std::uint8_t { Unknown, Rollback, Wal };
std::string_view toText(JournalKind kind) noexcept;  // "unknown", "rollback", "wal"
std::string_view toText(LockState state) noexcept;   // "free", "shared", "exclusive", "unknown"

struct DatabaseProbe {
    std::string path;    // as asked
    std::string target;  // symlinks resolved
    std::optional<DatabaseEngine> engine;
    std::uint64_t sizeBytes = 0;
    std::uint32_t pageSize = 0;
    std::uint64_t pageCount = 0;
    JournalKind journal = JournalKind::Unknown;
    LockState locking = LockState::Unknown;  // at the moment of the look
    std::vector<std::string> sideFiles;      // names of those that exist
    FileHolders holders;
    std::string fileSystem;  // "ext4"
    bool remote = false;     // on a network or in a user-space file system
    std::uint64_t links = 1;

    /// How it would be followed now, what that is called, and why.
    CaptureMode mode = CaptureMode::NotSupported;
    std::string label;
    std::string reason;
    /// Why it cannot be protected, in one sentence. Empty: it can.
    std::string problem;
    /// What the person should know although it can.
    std::vector<std::string> warnings;
};

/// Never fails: what stands in the way is the problem.
DatabaseProbe probeDatabase(const std::string& path);

}  // namespace engine
