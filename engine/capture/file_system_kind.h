// SPDX-License-Identifier: Apache-2.0
// What kind of file system a path lies on, as far as it matters to capture.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/result.h"

namespace engine {

struct FileSystemKind {
    std::string name;  // "ext4", "nfs", ...; "0x..." where we have no name for it
    /// Another host or a server behind it may write or lock without this kernel seeing it: no
    /// change events, no lock answers.
    bool remote = false;
};

/// magic: statfs' f_type.
FileSystemKind fileSystemKindOfMagic(std::uint32_t magic);
/// The path must exist. Errors: NotFound, PermissionDenied, Io.
Result<FileSystemKind> fileSystemKindOf(const std::string& path);

}  // namespace engine
