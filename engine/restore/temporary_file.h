// SPDX-License-Identifier: Apache-2.0
// A hidden file beside a database: ".<name>.strandline-<id>.part" (a long name is cut), 0600, with
// the side files that SQLite may give it. It goes away with this object unless it was renamed;
// what a killed process left goes when the next one is made for the same name.
#pragma once

#include <string>

#include "engine/base/file.h"

namespace engine {

/// At most so many bytes of a name, whole characters: some file systems take no others.
std::string shortened(const std::string& name, std::size_t bytesMax);

class TemporaryFile {
public:
    static Result<TemporaryFile> makeBeside(const std::string& database);
    TemporaryFile(TemporaryFile&& other) noexcept;
    TemporaryFile& operator=(TemporaryFile&&) = delete;
    ~TemporaryFile();

    File& file() noexcept { return m_file; }

    const std::string& path() const noexcept { return m_path; }

    /// Never replaces.
    Status renameTo(const std::string& path);

private:
    TemporaryFile(std::string path, File file);

    std::string m_path;  // empty: renamed, or moved from
    File m_file;         // locked: in use
};

}  // namespace engine
