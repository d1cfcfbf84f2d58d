// SPDX-License-Identifier: Apache-2.0
// The temporary file that becomes a restored database: ".<name>.strandline-<id>.part" beside the
// target (a long name is cut), 0600. It goes away with this object unless it was published.
#pragma once

#include <string>

#include "engine/base/file.h"

namespace engine {

class StagedFile {
public:
    /// As checkRestoreTarget().
    static Result<StagedFile> create(const std::string& targetPath, bool isSqlite);
    StagedFile(StagedFile&& other) noexcept;
    StagedFile& operator=(StagedFile&&) = delete;
    ~StagedFile();

    File& file() noexcept { return m_file; }

    const std::string& path() const noexcept { return m_path; }

    /// Renames to the target, never replacing; the name is durable when it returns. The file must
    /// have been synced.
    Status publish();

private:
    StagedFile(std::string target, std::string path, File file);

    std::string m_target;
    std::string m_path;  // empty: published, or moved from
    File m_file;
};

}  // namespace engine
