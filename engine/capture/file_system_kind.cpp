// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/file_system_kind.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include <fmt/format.h>
#include <sys/vfs.h>

namespace engine {
namespace {

struct KnownKind {
    std::uint32_t magic;
    const char* name;
    bool remote;
};

// By number, since not every libc knows all of them.
constexpr std::array kKnown = {
    KnownKind{0x0000ef53, "ext4", false},     KnownKind{0x9123683e, "btrfs", false},
    KnownKind{0x58465342, "xfs", false},      KnownKind{0x2fc12fc1, "zfs", false},
    KnownKind{0xf2f52010, "f2fs", false},     KnownKind{0xca451a4e, "bcachefs", false},
    KnownKind{0x3153464a, "jfs", false},      KnownKind{0x794c7630, "overlayfs", false},
    KnownKind{0x01021994, "tmpfs", false},    KnownKind{0x858458f6, "ramfs", false},
    KnownKind{0x0000f15f, "ecryptfs", false}, KnownKind{0x00004d44, "vfat", false},
    KnownKind{0x2011bab0, "exfat", false},    KnownKind{0x7366746e, "ntfs3", false},
    KnownKind{0x00006969, "nfs", true},       KnownKind{0x0000517b, "smb", true},
    KnownKind{0xfe534d42, "smb2", true},      KnownKind{0xff534d42, "cifs", true},
    KnownKind{0x65735546, "fuse", true},      KnownKind{0x01021997, "9p", true},
    KnownKind{0x00c36400, "ceph", true},      KnownKind{0x01161970, "gfs2", true},
    KnownKind{0x7461636f, "ocfs2", true},     KnownKind{0x5346414f, "afs", true},
    KnownKind{0x786f4256, "vboxsf", true},    KnownKind{0xbacbacbc, "vmhgfs", true},
};

}  // namespace

FileSystemKind fileSystemKindOfMagic(std::uint32_t magic) {
    const auto* known = std::find_if(kKnown.begin(), kKnown.end(), [magic](const KnownKind& kind) {
        return kind.magic == magic;
    });
    if (known == kKnown.end()) {
        return {fmt::format("0x{:08x}", magic), false};
    }
    return {known->name, known->remote};
}

Result<FileSystemKind> fileSystemKindOf(const std::string& path) {
    struct statfs facts {};

    if (::statfs(path.c_str(), &facts) != 0) {
        return errnoError(errno, "statfs " + path);
    }
    return fileSystemKindOfMagic(static_cast<std::uint32_t>(facts.f_type));
}

}  // namespace engine
