// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/temporary_file.h"

#include <algorithm>

#include <sys/file.h>

#include "engine/base/clock.h"
#include "engine/base/file_system.h"
#include "engine/base/ids.h"
#include "engine/base/log.h"
#include "engine/restore/verifier.h"

namespace engine {

namespace {

constexpr std::size_t kNameBytesMax = 128;  // of the database, in the name of its temporary file
constexpr std::int64_t kAgeMaxNs = 24LL * 3600 * 1'000'000'000;
constexpr std::string_view kEnd = ".part";

std::string beginOf(const std::string& database) {
    return "." + shortened(fileNameOf(database), kNameBytesMax) + ".strandline-";
}

bool isTemporary(std::string_view name, std::string_view begin) {
    constexpr std::size_t kIdLength = 16;
    return name.size() == begin.size() + kIdLength + kEnd.size() &&
           name.substr(0, begin.size()) == begin &&
           parseHex16(name.substr(begin.size(), kIdLength)).ok() &&
           name.substr(begin.size() + kIdLength) == kEnd;
}

/// One that nobody has locked. An empty one may be between its creation and its lock; trying the
/// lock then would take it from its owner, so it is left alone until it is old.
bool isAbandoned(const std::string& path) {
    const Result<FileFacts> facts = factsOf(path);
    if (!facts.ok() || !facts.value().isRegular()) {
        return false;
    }
    const bool old = facts.value().mtimeNs < SystemClock().now().ms * 1'000'000 - kAgeMaxNs;
    if (!old && facts.value().size == 0) {
        return false;
    }
    const Result<File> file = File::open(path, File::Mode::Read);
    return file.ok() && ::flock(file.value().fd(), LOCK_EX | LOCK_NB) == 0;
}

void removeWithSideFiles(const std::string& path) {
    for (const char* suffix : kSideSuffixes) {
        ignoreError(removeFile(path + suffix), "a leftover is only a hidden file");
    }
    ignoreError(removeFile(path), "a leftover is only a hidden file; the first error is reported");
}

void removeAbandoned(const std::string& database) {
    const std::string folder = parentOf(database);
    const Result<std::vector<FolderEntry>> entries = listFolder(folder);
    if (!entries.ok()) {
        return;
    }
    const std::string begin = beginOf(database);
    for (const FolderEntry& entry : entries.value()) {
        const std::string path = joinPath(folder, entry.name);
        if (!entry.isDirectory && isTemporary(entry.name, begin) && isAbandoned(path)) {
            log::restore().info("abandoned temporary file removed name={}", entry.name);
            removeWithSideFiles(path);
        }
    }
}

}  // namespace

std::string shortened(const std::string& name, std::size_t bytesMax) {
    std::size_t end = std::min(name.size(), bytesMax);
    while (end > 0 && end < name.size() && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) {
        --end;
    }
    return name.substr(0, end);
}

Result<TemporaryFile> TemporaryFile::makeBeside(const std::string& database) {
    removeAbandoned(database);
    const std::string name = beginOf(database) + toHex16(randomId64()) + std::string(kEnd);
    const std::string path = joinPath(parentOf(database), name);
    Result<File> file = File::open(path, File::Mode::CreateNew);
    if (!file.ok()) {
        return errnoError(file.error().sysErrno, "create a file in " + parentOf(database));
    }
    // Where locks do not work nothing is ever taken for abandoned.
    static_cast<void>(::flock(file.value().fd(), LOCK_EX | LOCK_NB));
    return TemporaryFile(path, std::move(file).value());
}

TemporaryFile::TemporaryFile(std::string path, File file)
    : m_path(std::move(path))
    , m_file(std::move(file)) {}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : m_path(std::move(other.m_path))
    , m_file(std::move(other.m_file)) {
    other.m_path.clear();
}

TemporaryFile::~TemporaryFile() {
    if (!m_path.empty()) {
        removeWithSideFiles(m_path);
    }
}

Status TemporaryFile::renameTo(const std::string& path) {
    ENGINE_TRY(renameNoReplace(m_path, path));
    m_path.clear();
    return {};
}

}  // namespace engine
