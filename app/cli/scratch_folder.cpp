// SPDX-License-Identifier: Apache-2.0
#include "app/cli/scratch_folder.h"

#include <cerrno>
#include <cstdlib>
#include <utility>

namespace cli {

using engine::Error;
using engine::ErrorCode;
using engine::Result;

Result<ScratchFolder> ScratchFolder::make(const std::string& name) {
    const char* base = std::getenv("TMPDIR");
    std::string path =
        engine::joinPath(base != nullptr && *base == '/' ? base : "/tmp", name + "-XXXXXX");
    if (::mkdtemp(path.data()) == nullptr) {
        return engine::errnoError(errno, "make a folder " + path);
    }
    ScratchFolder folder;
    folder.m_path = std::move(path);
    folder.m_remove = true;
    return folder;
}

Result<ScratchFolder> ScratchFolder::keepAt(const std::string& path) {
    ENGINE_TRY(engine::makeFolders(path));
    ENGINE_TRY_ASSIGN(const std::vector<engine::FolderEntry> entries, engine::listFolder(path));
    if (!entries.empty()) {
        return Error{ErrorCode::AlreadyExists, "the folder " + path + " is not empty"}.withFix(
            "name a folder that is empty or not there yet");
    }
    ScratchFolder folder;
    ENGINE_TRY_ASSIGN(folder.m_path, engine::realPath(path));
    return folder;
}

ScratchFolder::ScratchFolder(ScratchFolder&& other) noexcept
    : m_path(std::move(other.m_path))
    , m_remove(std::exchange(other.m_remove, false)) {}

ScratchFolder::~ScratchFolder() {
    if (m_remove) {
        engine::ignoreError(engine::removeTree(m_path),
                            "what is left in the temporary folder harms nobody");
    }
}

}  // namespace cli
