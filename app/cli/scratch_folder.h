// SPDX-License-Identifier: Apache-2.0
// A folder in $TMPDIR that goes with its owner, unless it is to be kept.
#pragma once

#include <string>

#include "engine/api/program.h"

namespace cli {

class ScratchFolder {
public:
    static engine::Result<ScratchFolder> make(const std::string& name);
    /// A folder of the person's choice, never removed. AlreadyExists: there is something in it.
    static engine::Result<ScratchFolder> keepAt(const std::string& path);

    ~ScratchFolder();
    ScratchFolder(ScratchFolder&& other) noexcept;
    ScratchFolder& operator=(ScratchFolder&&) = delete;

    const std::string& path() const noexcept { return m_path; }

private:
    ScratchFolder() = default;
    std::string m_path;
    bool m_remove = false;
};

}  // namespace cli
