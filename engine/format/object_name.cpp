// SPDX-License-Identifier: Apache-2.0
#include "engine/format/object_name.h"

#include <array>
#include <cstdio>

namespace engine {
namespace {

constexpr std::string_view kSegmentTag = "seg";
constexpr std::string_view kSnapshotTag = "snap";
constexpr std::size_t kFieldsMax = 8;

std::string_view tagOf(ArtefactKind kind) noexcept {
    return kind == ArtefactKind::Snapshot ? kSnapshotTag : kSegmentTag;
}

Error notAName() {
    return Error{ErrorCode::InvalidArgument, "not the name of a stored part"};
}

/// Takes what is before the separator off the front of the text.
Result<std::string_view> takeUntil(std::string_view& text, char separator) {
    const std::size_t end = text.find(separator);
    if (end == std::string_view::npos) {
        return notAName();
    }
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(end + 1);
    return field;
}

struct Fields {
    std::array<std::string_view, kFieldsMax> text;
    std::size_t count = 0;
};

Result<Fields> split(std::string_view text) {
    Fields fields;
    while (fields.count < kFieldsMax) {
        const std::size_t dot = text.find('.');
        fields.text[fields.count++] = text.substr(0, dot);
        if (dot == std::string_view::npos) {
            return fields;
        }
        text.remove_prefix(dot + 1);
    }
    return notAName();
}

Result<ArtefactKind> kindOf(std::string_view tag) {
    if (tag == kSegmentTag) {
        return ArtefactKind::Segment;
    }
    if (tag == kSnapshotTag) {
        return ArtefactKind::Snapshot;
    }
    return notAName();
}

Result<std::uint32_t> partOf(std::string_view text) {
    if (text.size() != 6 || text.front() != 'p') {
        return notAName();
    }
    ENGINE_TRY_ASSIGN(const std::uint64_t part, parseDecimal(text.substr(1)));
    if (part == 0 || part > kPartsMax) {
        return notAName();
    }
    return static_cast<std::uint32_t>(part);
}

Result<LastPart> lastPartOf(const Fields& fields) {
    LastPart last;
    ENGINE_TRY_ASSIGN(last.lastTx.value, parseHex16(fields.text[5]));
    ENGINE_TRY_ASSIGN(last.firstTime, parseNameText(fields.text[6]));
    ENGINE_TRY_ASSIGN(last.lastTime, parseNameText(fields.text[7]));
    return last;
}

}  // namespace

std::string_view toText(ArtefactKind kind) noexcept {
    switch (kind) {
        case ArtefactKind::Segment:
            return "segment";
        case ArtefactKind::Snapshot:
            return "snapshot";
    }
    return "segment";
}

std::string folderOf(const DatabaseLocation& location) {
    return location.computer.text() + "/" + location.database.text() + "/";
}

std::string databaseObjectName(const DatabaseLocation& location) {
    return folderOf(location) + "database.json";
}

std::string folderOf(const DatabaseLocation& location, GenerationId generation) {
    return folderOf(location) + generation.text() + "/";
}

std::string PartName::text() const {
    ENSURE(part >= 1 && part <= kPartsMax);
    std::array<char, 16> number{};
    std::snprintf(number.data(), number.size(), ".p%05u", static_cast<unsigned>(part));
    std::string name = folderOf(location, generation);
    name += toHex16(firstTx.value);
    name += '.';
    name += tagOf(kind);
    name += '.';
    name += writer.text();
    name += '.';
    name += artefact.text();
    name += number.data();
    if (last) {
        ENSURE(isRepresentable(last->firstTime) && isRepresentable(last->lastTime));
        name += '.' + toHex16(last->lastTx.value) + '.' + toNameText(last->firstTime) + '.' +
                toNameText(last->lastTime);
    }
    return name;
}

Result<PartName> PartName::parse(std::string_view name) {
    PartName parsed;
    std::string_view rest = name;
    ENGINE_TRY_ASSIGN(const std::string_view computer, takeUntil(rest, '/'));
    ENGINE_TRY_ASSIGN(const std::string_view database, takeUntil(rest, '/'));
    ENGINE_TRY_ASSIGN(const std::string_view generation, takeUntil(rest, '/'));
    ENGINE_TRY_ASSIGN(parsed.location.computer, ComputerId::parse(computer));
    ENGINE_TRY_ASSIGN(parsed.location.database, DatabaseId::parse(database));
    ENGINE_TRY_ASSIGN(parsed.generation, GenerationId::parse(generation));
    ENGINE_TRY_ASSIGN(const Fields fields, split(rest));
    if (fields.count != 5 && fields.count != kFieldsMax) {
        return notAName();
    }
    ENGINE_TRY_ASSIGN(parsed.firstTx.value, parseHex16(fields.text[0]));
    ENGINE_TRY_ASSIGN(parsed.kind, kindOf(fields.text[1]));
    ENGINE_TRY_ASSIGN(parsed.writer, WriterId::parse(fields.text[2]));
    ENGINE_TRY_ASSIGN(parsed.artefact, ArtefactId::parse(fields.text[3]));
    ENGINE_TRY_ASSIGN(parsed.part, partOf(fields.text[4]));
    if (fields.count == kFieldsMax) {
        ENGINE_TRY_ASSIGN(parsed.last, lastPartOf(fields));
    }
    // One name, one object: what is read in another spelling (a leap second) is not a name.
    if (parsed.text() != name) {
        return notAName();
    }
    return parsed;
}

}  // namespace engine
