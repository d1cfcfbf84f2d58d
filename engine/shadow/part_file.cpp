// SPDX-License-Identifier: Apache-2.0
#include "engine/shadow/part_file.h"

namespace engine {

Result<FilePartSource> FilePartSource::open(const std::string& path) {
    ENGINE_TRY_ASSIGN(File file, File::open(path, File::Mode::Read));
    ENGINE_TRY_ASSIGN(const FileFacts facts, file.facts());
    if (!facts.isRegular() || facts.size > kPartBytesMax) {
        return Error{ErrorCode::Corruption, path + " is not a part of an artefact"};
    }
    return FilePartSource(std::move(file), facts.size);
}

Result<Buffer> FilePartSource::read(std::uint64_t offset, std::uint64_t length) {
    if (offset > m_size || length > m_size - offset) {
        return Error{ErrorCode::Corruption, m_file.path() + " is shorter than its contents say"};
    }
    Buffer bytes(length);
    ENGINE_TRY(m_file.readExactAt(offset, bytes));
    return bytes;
}

Result<ArtefactTable> readTableFromFiles(const std::string& firstPart,
                                         const std::string& lastPart) {
    ENGINE_TRY_ASSIGN(FilePartSource first, FilePartSource::open(firstPart));
    if (firstPart == lastPart) {
        return readTable(first, first, nullptr);
    }
    ENGINE_TRY_ASSIGN(FilePartSource last, FilePartSource::open(lastPart));
    return readTable(first, last, nullptr);
}

}  // namespace engine
