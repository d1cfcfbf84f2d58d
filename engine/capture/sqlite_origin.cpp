// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/sqlite_origin.h"

#include <array>
#include <limits>
#include <string>

namespace engine {
namespace {

constexpr const char* kMode = "mode";
constexpr const char* kFile = "file";
constexpr const char* kRest = "rest";
constexpr const char* kCounter = "changeCounter";
constexpr const char* kSalts = "wal.salts";
constexpr const char* kCheckpoints = "wal.checkpoints";
constexpr const char* kFrame = "wal.frame";
constexpr const char* kChecksum = "wal.checksum";
constexpr const char* kWords = "wal.words";
constexpr const char* kPageSize = "wal.pageSize";
constexpr const char* kLastPage = "wal.lastPage";
constexpr const char* kLastHash = "wal.lastHash";
constexpr const char* kPageCount = "wal.pageCount";
constexpr const char* kChanges = "wal.changes";

std::uint64_t pairOf(std::uint32_t high, std::uint32_t low) noexcept {
    return std::uint64_t{high} << 32 | low;
}

/// Numbers as 16 hex digits with a dot between.
template <std::size_t N>
std::string hexText(const std::array<std::uint64_t, N>& numbers) {
    std::string text;
    for (const std::uint64_t number : numbers) {
        text += (text.empty() ? "" : ".") + toHex16(number);
    }
    return text;
}

template <std::size_t N>
std::optional<std::array<std::uint64_t, N>> hexNumbers(const Attrs& attrs, const char* key) {
    const auto at = attrs.find(key);
    if (at == attrs.end() || at->second.size() != N * 17 - 1) {
        return std::nullopt;
    }
    std::array<std::uint64_t, N> numbers{};
    for (std::size_t i = 0; i < N; ++i) {
        const auto number = parseHex16(std::string_view(at->second).substr(i * 17, 16));
        if (!number.ok()) {
            return std::nullopt;
        }
        numbers[i] = number.value();
    }
    return numbers;
}

std::optional<std::uint32_t> number32(const Attrs& attrs, const char* key) {
    const auto at = attrs.find(key);
    if (at == attrs.end()) {
        return std::nullopt;
    }
    const auto number = parseDecimal(at->second);
    if (!number.ok() || number.value() > std::numeric_limits<std::uint32_t>::max()) {
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(number.value());
}

void addWal(Attrs& attrs, const WalPosition& wal) {
    attrs[kSalts] = toHex16(pairOf(wal.salts.first, wal.salts.second));
    attrs[kChecksum] = toHex16(pairOf(wal.checksum.first, wal.checksum.second));
    attrs[kCheckpoints] = std::to_string(wal.checkpoints);
    attrs[kFrame] = std::to_string(wal.frame);
    attrs[kWords] = wal.bigEndianWords ? "big" : "little";
    attrs[kPageSize] = std::to_string(wal.pageSize);
    attrs[kPageCount] = std::to_string(wal.pageCount);
    if (wal.lastPage != 0) {
        attrs[kLastPage] = std::to_string(wal.lastPage);
        attrs[kLastHash] = toHex16(wal.lastHash);
    }
}

std::optional<WalPosition> walOf(const Attrs& attrs) {
    const auto salts = hexNumbers<1>(attrs, kSalts);
    const auto checksum = hexNumbers<1>(attrs, kChecksum);
    const auto checkpoints = number32(attrs, kCheckpoints);
    const auto frame = number32(attrs, kFrame);
    const auto pageSize = number32(attrs, kPageSize);
    const auto pageCount = number32(attrs, kPageCount);
    const auto words = attrs.find(kWords);
    if (!salts || !checksum || !checkpoints || !frame || !pageSize || !pageCount ||
        words == attrs.end() || !isSqlitePageSize(*pageSize)) {
        return std::nullopt;
    }
    WalPosition wal;
    wal.salts = {static_cast<std::uint32_t>((*salts)[0] >> 32),
                 static_cast<std::uint32_t>((*salts)[0])};
    wal.checksum = {static_cast<std::uint32_t>((*checksum)[0] >> 32),
                    static_cast<std::uint32_t>((*checksum)[0])};
    wal.checkpoints = *checkpoints;
    wal.frame = *frame;
    wal.bigEndianWords = words->second == "big";
    wal.pageSize = *pageSize;
    wal.pageCount = *pageCount;
    const auto lastPage = number32(attrs, kLastPage);
    const auto lastHash = hexNumbers<1>(attrs, kLastHash);
    if (lastPage && lastHash) {
        wal.lastPage = *lastPage;
        wal.lastHash = (*lastHash)[0];
    }
    return wal;
}

std::optional<FileFacts> restOf(const Attrs& attrs) {
    const auto numbers = hexNumbers<3>(attrs, kRest);
    if (!numbers) {
        return std::nullopt;
    }
    FileFacts facts;
    facts.size = (*numbers)[0];
    facts.mtimeNs = static_cast<std::int64_t>((*numbers)[1]);
    facts.ctimeNs = static_cast<std::int64_t>((*numbers)[2]);
    return facts;
}

CaptureMode modeOf(const Attrs& attrs) {
    const auto at = attrs.find(kMode);
    for (int i = 0; at != attrs.end() && i <= static_cast<int>(CaptureMode::NotSupported); ++i) {
        if (toText(static_cast<CaptureMode>(i)) == at->second) {
            return static_cast<CaptureMode>(i);
        }
    }
    return CaptureMode::Unknown;
}

}  // namespace

Attrs SqliteOrigin::toAttrs() const {
    Attrs attrs = journal ? journal->toAttrs() : Attrs();
    attrs[kMode] = std::string(toText(mode));
    if (file) {
        attrs[kFile] =
            hexText<3>({file->fileSystem, file->inode, static_cast<std::uint64_t>(file->birthNs)});
    }
    if (wal) {
        addWal(attrs, *wal);
    }
    if (changes) {
        attrs[kChanges] = std::to_string(*changes);
    }
    if (rest) {
        attrs[kRest] = hexText<3>({rest->size,
                                   static_cast<std::uint64_t>(rest->mtimeNs),
                                   static_cast<std::uint64_t>(rest->ctimeNs)});
    }
    if (counter) {
        attrs[kCounter] = std::to_string(*counter);
    }
    return attrs;
}

SqliteOrigin SqliteOrigin::fromAttrs(const Attrs& attrs) {
    SqliteOrigin origin;
    origin.mode = modeOf(attrs);
    if (const auto file = hexNumbers<3>(attrs, kFile)) {
        origin.file = FileIdentity{(*file)[0], (*file)[1], static_cast<std::int64_t>((*file)[2])};
    }
    origin.wal = walOf(attrs);
    origin.changes = number32(attrs, kChanges);
    origin.rest = restOf(attrs);
    origin.counter = number32(attrs, kCounter);
    origin.journal = JournalPosition::fromAttrs(attrs);
    return origin;
}

}  // namespace engine
