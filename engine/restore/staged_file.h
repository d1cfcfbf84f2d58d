// SPDX-License-Identifier: Apache-2.0
// The temporary file that becomes a restored database, beside the target.
#pragma once

#include <string>

#include "engine/restore/temporary_file.h"

namespace engine {

class StagedFile {
public:
    /// As checkRestoreTarget().
    static Result<StagedFile> create(const std::string& targetPath,
                                     const std::string& asidePath,
                                     bool isSqlite);

    File& file() noexcept { return m_temporary.file(); }

    const std::string& path() const noexcept { return m_temporary.path(); }

    /// Renames to the target, never replacing; what is there goes aside first, where that was
    /// asked for, and comes back where the rest fails. The names are durable when it returns. The
    /// file must have been synced.
    Status publish();

private:
    StagedFile(std::string target, std::string aside, TemporaryFile temporary);
    Status takeOver() const;

    std::string m_target;
    std::string m_aside;  // empty: nothing may be at the target
    TemporaryFile m_temporary;
};

}  // namespace engine
