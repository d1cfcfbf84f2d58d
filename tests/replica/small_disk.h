// SPDX-License-Identifier: Apache-2.0
// A tmpfs of a few megabytes on a folder, to be filled, write-protected and unmounted. Mounts are
// made in a namespace of this process alone and vanish with it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace testing {

/// Call first thing in main(), before there are threads. As root or where user namespaces are
/// allowed; without it SmallDisk::mount() gives nothing.
void enterMountNamespace();

class SmallDisk {
public:
    /// nullptr where mounting is not possible here.
    static std::unique_ptr<SmallDisk> mount(const std::string& folder, std::uint64_t bytes);
    ~SmallDisk();
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    bool setReadOnly(bool readOnly);
    bool resize(std::uint64_t bytes);
    bool unmount();

private:
    explicit SmallDisk(std::string folder)
        : m_folder(std::move(folder)) {}

    std::string m_folder;
    bool m_mounted = true;
};

/// Whether TEST_REQUIRE names this ability: then its absence is a failure, not a skip.
bool isRequired(const char* ability);

}  // namespace testing

#define REQUIRE_OR_SKIP(condition, ability)                                   \
    do {                                                                      \
        if (!(condition)) {                                                   \
            if (::testing::isRequired(ability)) {                             \
                QFAIL("TEST_REQUIRE names it, but it is not here: " ability); \
            }                                                                 \
            QSKIP("not possible here: " ability);                             \
        }                                                                     \
    } while (false)
