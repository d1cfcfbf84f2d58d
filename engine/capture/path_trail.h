// SPDX-License-Identifier: Apache-2.0
// The way from a configured path to a file, as the names in folders that decide where it leads:
// each symlink, the file itself, or the first part of the path that is missing.
#pragma once

#include <string>
#include <vector>

namespace engine {

struct TrailName {
    enum class Kind : unsigned char {
        Link,     // a symlink: its change leads elsewhere
        Missing,  // nothing there yet: its appearance leads on
        File,     // the end; the file itself may be missing
    };
    Kind kind = Kind::File;
    std::string folder;  // exists
    std::string name;
    friend bool operator==(const TrailName&, const TrailName&) = default;
};

/// In the order of the way; the last is File or Missing. Empty: it leads in a circle.
using PathTrail = std::vector<TrailName>;

/// path: absolute.
PathTrail followPath(const std::string& path);

}  // namespace engine
