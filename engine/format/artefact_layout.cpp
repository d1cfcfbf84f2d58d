// SPDX-License-Identifier: Apache-2.0
#include "engine/format/artefact_layout.h"

namespace engine {
namespace {

using Magic = std::array<unsigned char, 8>;
// As PNG's: a byte that is no ASCII, line ends that a text transfer would change.
constexpr Magic kHeaderMagic = {0x89, 'S', 'T', 'R', 'N', 'D', '\r', '\n'};
constexpr Magic kFooterMagic = {0x89, 'S', 'T', 'R', 'E', 'N', 'D', '\n'};
constexpr std::uint16_t kMinorVersion = 0;
constexpr std::uint8_t kFlagSealed = 1;
constexpr std::uint32_t kFlagLast = 1;

void appendMagic(Buffer& to, const Magic& magic) {
    appendBytes(to, std::as_bytes(std::span(magic)));
}

bool hasMagic(ByteView bytes, const Magic& magic) {
    return std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

/// The last 8 bytes are the XXH3-64 of those before.
void appendChecksum(Buffer& to, std::size_t start) {
    appendLe(to, xxh3(ByteView(to).subspan(start)));
}

bool checksumFits(ByteView bytes) {
    const std::size_t covered = bytes.size() - sizeof(std::uint64_t);
    return loadLe<std::uint64_t>(bytes.data() + covered) == xxh3(bytes.first(covered));
}

template <std::size_t size>
void load(std::array<std::byte, size>& into, const std::byte* from) {
    std::memcpy(into.data(), from, size);
}

}  // namespace

void appendHeader(Buffer& to, const PartHeader& header) {
    const std::size_t start = to.size();
    appendMagic(to, kHeaderMagic);
    appendLe(to, kFormatVersion);
    appendLe(to, kMinorVersion);
    appendLe(to, static_cast<std::uint8_t>(header.kind));
    appendLe(to, header.sealed ? kFlagSealed : std::uint8_t{0});
    appendLe(to, std::uint16_t{0});
    appendBytes(to, header.identity.id.bytes);
    appendLe(to, header.identity.part);
    appendLe(to, header.headBytes);
    appendBytes(to, header.identity.headDigest);
    appendChecksum(to, start);
    ENSURE(to.size() - start == kPartHeaderBytes);
}

Result<PartHeader> parseHeader(ByteView bytes) {
    if (bytes.size() != kPartHeaderBytes || !hasMagic(bytes, kHeaderMagic)) {
        return corrupt("not a Strandline artefact");
    }
    if (!checksumFits(bytes)) {
        return corrupt("the header of a part is damaged");
    }
    const std::byte* at = bytes.data();
    const auto version = loadLe<std::uint16_t>(at + 8);
    if (version > kFormatVersion) {
        return Error{ErrorCode::Unsupported,
                     "the artefact has format version " + std::to_string(version) +
                         ", this program reads up to version " + std::to_string(kFormatVersion)}
            .withFix("Use a newer Strandline.");
    }
    const auto kind = loadLe<std::uint8_t>(at + 12);
    const auto flags = loadLe<std::uint8_t>(at + 13);
    PartHeader header;
    header.identity.part = loadLe<std::uint32_t>(at + 32);
    header.headBytes = loadLe<std::uint32_t>(at + 36);
    const bool first = header.identity.part == 1;
    if (version == 0 || (kind != 1 && kind != 2) || flags > kFlagSealed ||
        loadLe<std::uint16_t>(at + 14) != 0 || header.identity.part == 0 ||
        header.identity.part > kPartsMax || first != (header.headBytes != 0) ||
        header.headBytes > kHeadBytesMax) {
        return corrupt("the header of a part has values that cannot be");
    }
    header.kind = static_cast<ArtefactKind>(kind);
    header.sealed = flags == kFlagSealed;
    load(header.identity.id.bytes, at + 16);
    load(header.identity.headDigest, at + 40);
    return header;
}

void appendFooter(Buffer& to, const PartFooter& footer) {
    const std::size_t start = to.size();
    appendMagic(to, kFooterMagic);
    appendLe(to, footer.identity.part);
    appendLe(to, footer.last ? kFlagLast : std::uint32_t{0});
    appendLe(to, footer.partBytes);
    appendLe(to, footer.indexBytes);
    appendLe(to, footer.summaryBytes);
    appendLe(to, footer.commitTableBytes);
    appendLe(to, std::uint32_t{0});
    appendBytes(to, footer.identity.id.bytes);
    appendBytes(to, footer.identity.headDigest);
    appendLe(to, footer.tailChecksum);
    appendChecksum(to, start);
    ENSURE(to.size() - start == kPartFooterBytes);
}

Result<PartFooter> parseFooter(ByteView bytes, std::uint64_t partBytes) {
    if (bytes.size() != kPartFooterBytes || !hasMagic(bytes, kFooterMagic)) {
        return corrupt("the end of a part is missing");
    }
    if (!checksumFits(bytes)) {
        return corrupt("the footer of a part is damaged");
    }
    const std::byte* at = bytes.data();
    const auto flags = loadLe<std::uint32_t>(at + 12);
    PartFooter footer;
    footer.identity.part = loadLe<std::uint32_t>(at + 8);
    footer.last = flags == kFlagLast;
    footer.partBytes = loadLe<std::uint64_t>(at + 16);
    footer.indexBytes = loadLe<std::uint32_t>(at + 24);
    footer.summaryBytes = loadLe<std::uint32_t>(at + 28);
    footer.commitTableBytes = loadLe<std::uint32_t>(at + 32);
    load(footer.identity.id.bytes, at + 40);
    load(footer.identity.headDigest, at + 56);
    footer.tailChecksum = loadLe<std::uint64_t>(at + 88);
    if (footer.partBytes != partBytes) {
        return corrupt("a part has " + std::to_string(partBytes) + " bytes, its footer says " +
                       std::to_string(footer.partBytes));
    }
    const std::uint64_t fixedBytes = kPartHeaderBytes + kPartFooterBytes;
    if (flags > kFlagLast || loadLe<std::uint32_t>(at + 36) != 0 || footer.identity.part == 0 ||
        footer.identity.part > kPartsMax || partBytes > kPartBytesMax || footer.indexBytes == 0 ||
        footer.indexBytes > kIndexBytesMax || footer.summaryBytes > kSummaryBytesMax ||
        footer.commitTableBytes > kCommitTableBytesMax ||
        footer.last != (footer.summaryBytes != 0) ||
        footer.last != (footer.commitTableBytes != 0) ||
        fixedBytes + footer.sectionBytes() > partBytes) {
        return corrupt("the footer of a part has values that cannot be");
    }
    return footer;
}

Status checkSections(const PartFooter& footer, ByteView sections) {
    ENSURE(sections.size() == footer.sectionBytes());
    if (xxh3(sections) != footer.tailChecksum) {
        return corrupt("the index of a part is damaged");
    }
    return {};
}

Result<ByteView> SectionOpener::open(const SealedSection& section,
                                     ByteView stored,
                                     Buffer& holder) const {
    if (sealer == nullptr) {
        return stored;
    }
    ENGINE_TRY_ASSIGN(holder, sealer->open(identity.id, identity.headDigest, section, stored));
    return ByteView(holder);
}

Result<SectionOpener> makeOpener(const ArtefactHead& head,
                                 const PartIdentity& identity,
                                 const Sealer* sealer) {
    if (head.keyId.empty()) {
        return SectionOpener{nullptr, identity};
    }
    if (sealer == nullptr || sealer->keyId() != head.keyId) {
        return Error{ErrorCode::PermissionDenied,
                     "the artefact is encrypted with key '" + head.keyId + "', which is not open"};
    }
    return SectionOpener{sealer, identity};
}

Status checkHeader(const PartHeader& header, const ArtefactHead& head, std::uint32_t part) {
    if (header.identity.id != head.id || header.kind != head.kind ||
        header.sealed == head.keyId.empty()) {
        return corrupt("a part of another artefact");
    }
    if (header.identity.part != part) {
        return corrupt("part " + std::to_string(part) + " is part " +
                       std::to_string(header.identity.part));
    }
    return {};
}

}  // namespace engine
