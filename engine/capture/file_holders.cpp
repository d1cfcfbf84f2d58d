// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/file_holders.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <optional>
#include <span>
#include <string_view>

#include <unistd.h>

#include "engine/base/file_system.h"

namespace engine {
namespace {

std::optional<int> pidOf(const std::string& name) {
    int pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    const bool number = error == std::errc() && end == name.data() + name.size();
    return number ? std::optional(pid) : std::nullopt;
}

std::string nameOf(const std::string& processFolder) {
    std::array<char, 64> text{};
    const auto file = File::open(joinPath(processFolder, "comm"), File::Mode::Read);
    if (!file.ok()) {
        return {};
    }
    const auto count = file.value().readAt(0, std::as_writable_bytes(std::span(text)));
    std::string name(text.data(), count.ok() ? count.value() : 0);
    while (!name.empty() && name.back() == '\n') {
        name.pop_back();
    }
    return name;
}

/// The text first: following a descriptor of some other file could wait for its dead server.
bool leadsTo(const std::string& descriptor, std::string_view fileName, const FileFacts& facts) {
    std::array<char, PATH_MAX> text{};
    const ssize_t length = ::readlink(descriptor.c_str(), text.data(), text.size());
    const std::string_view target(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    if (!target.ends_with(fileName)) {
        return false;
    }
    const auto there = factsOf(descriptor);
    return there.ok() && there.value().sameFile(facts);
}

}  // namespace

FileHolders holdersOf(const std::string& path, const FileFacts& facts) {
    FileHolders holders;
    const auto processes = listFolder("/proc");
    if (!processes.ok()) {
        holders.hidden = 1;
        return holders;
    }
    const std::string fileName = "/" + fileNameOf(path);
    for (const FolderEntry& process : processes.value()) {
        const std::optional<int> pid = pidOf(process.name);
        if (!pid || *pid == ::getpid()) {
            continue;
        }
        const std::string folder = joinPath("/proc", process.name);
        const std::string descriptors = joinPath(folder, "fd");
        const auto entries = listFolder(descriptors);
        if (!entries.ok()) {
            if (entries.error().code == ErrorCode::PermissionDenied) {
                holders.hidden += 1;
            }
            continue;
        }
        const auto holds = [&](const FolderEntry& entry) {
            return leadsTo(joinPath(descriptors, entry.name), fileName, facts);
        };
        if (std::any_of(entries.value().begin(), entries.value().end(), holds)) {
            holders.found.push_back({*pid, nameOf(folder)});
        }
    }
    std::sort(holders.found.begin(), holders.found.end(), [](const auto& a, const auto& b) {
        return a.pid < b.pid;
    });
    return holders;
}

}  // namespace engine
