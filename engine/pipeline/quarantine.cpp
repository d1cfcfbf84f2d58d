// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/quarantine.h"

#include "engine/base/checksum.h"
#include "engine/base/file_system.h"
#include "engine/base/ids.h"

namespace engine {
namespace {

constexpr std::uint64_t kMarkerBytesMax = 64;
constexpr std::size_t kMarkerBytes = 20;  // "<crashes before> <crashed> <16 hex digits>"
constexpr std::size_t kCrashedAt = 2;

}  // namespace

Quarantine::Quarantine(std::string markerPath, std::string databasePath)
    : m_markerPath(std::move(markerPath))
    , m_databasePath(std::move(databasePath)) {
    load();
    if (holds() && fileChanged()) {
        releaseByChange();
    }
}

void Quarantine::load() {
    const Result<Buffer> bytes = readWholeFile(m_markerPath, kMarkerBytesMax);
    m_stored = bytes.ok() || bytes.error().code != ErrorCode::NotFound;
    if (!bytes.ok() || bytes.value().size() != kMarkerBytes) {
        return;
    }
    const std::string text(textOf(bytes.value()));
    const Result<std::uint64_t> crashes = parseDecimal(text.substr(0, 1));
    if (!crashes.ok()) {
        return;
    }
    m_crashes = crashes.value();
    m_fingerprint = text.substr(4);
    if (text[kCrashedAt] == '1') {
        m_crashes = m_crashes < kCrashesMax ? m_crashes + 1 : kCrashesMax;
        ignoreError(store(), "nothing depends on it");
    }
}

Result<File> Quarantine::store() {
    ENGINE_TRY_ASSIGN(File file, File::open(m_markerPath, File::Mode::CreateTrunc));
    m_stored = true;
    ENGINE_TRY(file.writeAt(0, viewOf(std::to_string(m_crashes) + " 0 " + m_fingerprint)));
    return file;
}

std::string Quarantine::fingerprint() const {
    const Result<FileFacts> facts = factsOf(m_databasePath);
    std::string text = "missing";
    if (facts.ok()) {
        text = std::to_string(facts.value().inode) + " " + std::to_string(facts.value().size) +
               " " + std::to_string(facts.value().mtimeNs);
    }
    return toHex16(xxh3(viewOf(text)));
}

bool Quarantine::fileChanged() const {
    return fingerprint() != m_fingerprint;
}

void Quarantine::enter() {
    m_fingerprint = fingerprint();
    if (Result<File> file = store(); file.ok()) {
        m_note.emplace(std::move(file.value()), kCrashedAt, '1');
    }
}

void Quarantine::leave() {
    m_note.reset();
}

void Quarantine::passed() {
    m_crashes = 0;
    if (m_stored) {
        ignoreError(removeFile(m_markerPath), "nothing depends on it");
        m_stored = false;
    }
}

void Quarantine::releaseByPerson() {
    passed();
}

void Quarantine::releaseByChange() {
    m_crashes = kCrashesMax - 1;
    ignoreError(store(), "nothing depends on it");
}

}  // namespace engine
