// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/quarantine.h"

#include "engine/base/checksum.h"
#include "engine/base/file_system.h"
#include "engine/base/ids.h"

namespace engine {
namespace {

constexpr std::uint64_t kMarkerBytesMax = 64;
constexpr std::size_t kMarkerBytes = 20;  // "<aborts> <handling> <16 hex digits>"

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
    const Result<std::uint64_t> aborts = parseDecimal(text.substr(0, 1));
    if (!aborts.ok()) {
        return;
    }
    m_aborts = aborts.value();
    m_fingerprint = text.substr(4);
    if (text[2] == '1') {
        // It was being handled, and the program came to no end of that.
        m_aborts = m_aborts < kAbortsMax ? m_aborts + 1 : kAbortsMax;
        store(false);
    }
}

void Quarantine::store(bool handling) {
    Result<File> file = File::open(m_markerPath, File::Mode::CreateTrunc);
    if (!file.ok()) {
        return;
    }
    const std::string text = std::to_string(m_aborts) + (handling ? " 1 " : " 0 ") + m_fingerprint;
    m_stored = true;
    ignoreError(file.value().writeAt(0, viewOf(text)), "nothing depends on it");
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
    store(true);
}

void Quarantine::leave() {
    store(false);
}

void Quarantine::passed() {
    m_aborts = 0;
    if (m_stored) {
        ignoreError(removeFile(m_markerPath), "nothing depends on it");
        m_stored = false;
    }
}

void Quarantine::releaseByPerson() {
    passed();
}

void Quarantine::releaseByChange() {
    m_aborts = kAbortsMax - 1;
    store(false);
}

}  // namespace engine
