// SPDX-License-Identifier: Apache-2.0
#include "tests/replica/small_disk.h"

#include <cstdlib>
#include <string_view>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace testing {
namespace {

bool writeText(const char* path, const std::string& text) {
    const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
    const bool written =
        fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (fd >= 0) {
        ::close(fd);
    }
    return written;
}

std::string sizeOption(std::uint64_t bytes) {
    return "mode=0700,size=" + std::to_string(bytes);
}

}  // namespace

void enterMountNamespace() {
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    if (::unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) {
        return;
    }
    if (user != 0) {
        writeText("/proc/self/setgroups", "deny");
        writeText("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
        writeText("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
    }
    // Nothing that is mounted here may show outside; if that fails, mounting will fail too.
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        return;
    }
}

std::unique_ptr<SmallDisk> SmallDisk::mount(const std::string& folder, std::uint64_t bytes) {
    if (::mount(
            "tmpfs", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, sizeOption(bytes).c_str()) !=
        0) {
        return nullptr;
    }
    return std::unique_ptr<SmallDisk>(new SmallDisk(folder));
}

SmallDisk::~SmallDisk() {
    if (m_mounted) {
        ::umount2(m_folder.c_str(), MNT_DETACH);
    }
}

bool SmallDisk::setReadOnly(bool readOnly) {
    unsigned long flags = MS_REMOUNT | MS_NOSUID | MS_NODEV;
    if (readOnly) {
        flags |= MS_RDONLY;
    }
    return ::mount("tmpfs", m_folder.c_str(), "tmpfs", flags, nullptr) == 0;
}

bool SmallDisk::resize(std::uint64_t bytes) {
    const unsigned long flags = MS_REMOUNT | MS_NOSUID | MS_NODEV;
    return ::mount("tmpfs", m_folder.c_str(), "tmpfs", flags, sizeOption(bytes).c_str()) == 0;
}

bool SmallDisk::unmount() {
    m_mounted = m_mounted && ::umount2(m_folder.c_str(), 0) != 0;
    return !m_mounted;
}

bool isRequired(const char* ability) {
    const char* list = std::getenv("TEST_REQUIRE");
    const std::string padded = "," + std::string(list != nullptr ? list : "") + ",";
    return padded.find("," + std::string(ability) + ",") != std::string::npos;
}

}  // namespace testing
