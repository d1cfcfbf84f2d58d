// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/path_trail.h"

#include <array>
#include <climits>
#include <optional>

#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file_system.h"

namespace engine {
namespace {

constexpr int kLinksMax = 40;  // as the kernel

bool isFolder(const std::string& path) {
    struct stat facts {};

    return ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

std::optional<std::string> linkTarget(const std::string& path) {
    std::array<char, PATH_MAX> text{};
    const ssize_t length = ::readlink(path.c_str(), text.data(), text.size());
    if (length <= 0) {
        return std::nullopt;
    }
    return std::string(text.data(), static_cast<std::size_t>(length));
}

TrailName firstMissing(const std::string& path) {
    std::string missing = path;
    std::string folder = parentOf(missing);
    while (!isFolder(folder) && folder != parentOf(folder)) {
        missing = folder;
        folder = parentOf(missing);
    }
    return {TrailName::Kind::Missing, folder, fileNameOf(missing)};
}

}  // namespace

PathTrail followPath(const std::string& path) {
    PathTrail trail;
    std::string at = path;
    for (int links = 0; links <= kLinksMax; ++links) {
        const std::string folder = parentOf(at);
        if (!isFolder(folder)) {
            trail.push_back(firstMissing(at));
            return trail;
        }
        const auto target = linkTarget(at);
        if (!target) {
            trail.push_back({TrailName::Kind::File, folder, fileNameOf(at)});
            return trail;
        }
        trail.push_back({TrailName::Kind::Link, folder, fileNameOf(at)});
        at = target->front() == '/' ? *target : joinPath(folder, *target);
    }
    return {};
}

}  // namespace engine
