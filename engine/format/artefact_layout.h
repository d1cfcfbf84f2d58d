// SPDX-License-Identifier: Apache-2.0
// The fixed parts and the limits of the container (FORMAT.md), shared by writer and reader.
// Private to the room.
#pragma once

#include <cstdint>

#include "engine/base/checksum.h"
#include "engine/format/artefact.h"
#include "engine/format/sealer.h"

namespace engine {

inline constexpr std::size_t kPartHeaderBytes = 80;
inline constexpr std::size_t kPartFooterBytes = 104;
inline constexpr std::size_t kTailReadBytes = 64u << 10;
inline constexpr std::size_t kFrontReadBytes = 4u << 10;

inline constexpr std::uint32_t kHeadBytesMax = 64u << 10;
inline constexpr std::uint32_t kIndexBytesMax = 16u << 20;
inline constexpr std::uint32_t kSummaryBytesMax = 8u << 20;
inline constexpr std::uint32_t kCommitTableBytesMax = 12u << 20;

/// A longer frame (a large bolt value) is stored as several; also the most that a block unpacks to.
inline constexpr std::uint32_t kFrameBytesMax = 4u << 20;
inline constexpr std::uint32_t kFramesPerPartMax = 1u << 20;
inline constexpr std::uint32_t kBlocksPerPartMax = 65536;

/// What identifies the artefact that a part belongs to; in the header and again in the footer.
struct PartIdentity {
    ArtefactId id;
    Sha256 headDigest{};  // SHA-256 of the JSON head as it is stored
    std::uint32_t part = 0;
    friend bool operator==(const PartIdentity&, const PartIdentity&) = default;
};

struct PartHeader {
    ArtefactKind kind = ArtefactKind::Segment;
    bool sealed = false;
    PartIdentity identity;
    std::uint32_t headBytes = 0;  // 0 in all parts but the first
};

void appendHeader(Buffer& to, const PartHeader& header);
/// Corruption; Unsupported for a newer major version.
Result<PartHeader> parseHeader(ByteView bytes);

struct PartFooter {
    PartIdentity identity;
    bool last = false;
    std::uint64_t partBytes = 0;
    std::uint32_t indexBytes = 0;
    std::uint32_t summaryBytes = 0;      // 0 in all parts but the last
    std::uint32_t commitTableBytes = 0;  // likewise
    std::uint64_t tailChecksum = 0;      // XXH3-64 of index, summary and commit table as stored

    std::uint64_t sectionBytes() const noexcept {
        return std::uint64_t{indexBytes} + summaryBytes + commitTableBytes;
    }
};

void appendFooter(Buffer& to, const PartFooter& footer);
/// bytes: the last kPartFooterBytes of a part of partBytes.
Result<PartFooter> parseFooter(ByteView bytes, std::uint64_t partBytes);
/// sections: index, summary and commit table as stored.
Status checkSections(const PartFooter& footer, ByteView sections);

/// What it takes to open the sections of one part.
struct SectionOpener {
    const Sealer* sealer = nullptr;  // null: sections are in the clear
    PartIdentity identity;

    SealedSection section(SealedSection::Kind kind,
                          std::uint64_t number,
                          bool last) const noexcept {
        return SealedSection{kind, identity.part, number, last};
    }

    /// stored itself where nothing is sealed, else the opened bytes, which holder keeps.
    Result<ByteView> open(const SealedSection& section, ByteView stored, Buffer& holder) const;
};

/// PermissionDenied where the key of the head is not the sealer's.
Result<SectionOpener> makeOpener(const ArtefactHead& head,
                                 const PartIdentity& identity,
                                 const Sealer* sealer);

/// Corruption where a header or footer is not of this artefact and part.
Status checkHeader(const PartHeader& header, const ArtefactHead& head, std::uint32_t part);

inline Error corrupt(std::string_view what) {
    return Error{ErrorCode::Corruption, std::string(what)};
}

}  // namespace engine
