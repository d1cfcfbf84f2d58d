// SPDX-License-Identifier: Apache-2.0
// Which processes have a file open, from /proc, as far as that may be read.
#pragma once

#include <string>
#include <vector>

#include "engine/base/file.h"

namespace engine {

struct FileHolder {
    int pid = 0;
    std::string name;  // of the process, cut to 15 characters by Linux
};

struct FileHolders {
    std::vector<FileHolder> found;  // by pid, this process left out
    /// Processes of other people that we may not look into.
    std::size_t hidden = 0;
};

/// path: with symlinks resolved; facts: of that file.
FileHolders holdersOf(const std::string& path, const FileFacts& facts);

}  // namespace engine
