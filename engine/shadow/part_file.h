// SPDX-License-Identifier: Apache-2.0
// One part of an artefact in a file of the shadow log.
#pragma once

#include "engine/base/file.h"
#include "engine/format/artefact_reader.h"

namespace engine {

/// Reads an open part file. One thread at a time.
class FilePartSource final : public PartSource {
public:
    /// Corruption for what is no plain file or larger than a part can be.
    static Result<FilePartSource> open(const std::string& path);
    Result<Buffer> read(std::uint64_t offset, std::uint64_t length) override;

    std::uint64_t size() const override { return m_size; }

private:
    FilePartSource(File file, std::uint64_t size)
        : m_file(std::move(file))
        , m_size(size) {}

    File m_file;
    std::uint64_t m_size;
};

/// The table of an artefact whose first and last part are in these files.
Result<ArtefactTable> readTableFromFiles(const std::string& firstPart, const std::string& lastPart);

}  // namespace engine
