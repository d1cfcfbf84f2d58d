// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "engine/base/ids.h"
#include "engine/capture/sqlite_journal_reader.h"

namespace engine {
namespace {

constexpr const char* kCounter = "journal.changeCounter";
constexpr const char* kFile = "journal.file";
constexpr const char* kHot = "journal.hotJournal";

/// "inode size mtimeNs ctimeNs"
std::string stampText(const FileFacts& facts) {
    return std::to_string(facts.inode) + ' ' + std::to_string(facts.size) + ' ' +
           std::to_string(facts.mtimeNs) + ' ' + std::to_string(facts.ctimeNs);
}

template <class Number>
bool takeNumber(std::string_view& text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) {
        return false;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
    }
    return true;
}

std::optional<FileFacts> parseStamp(std::string_view text) {
    FileFacts facts;
    const bool good = takeNumber(text, facts.inode) && takeNumber(text, facts.size) &&
                      takeNumber(text, facts.mtimeNs) && takeNumber(text, facts.ctimeNs);
    return good && text.empty() ? std::optional(facts) : std::nullopt;
}

std::optional<FileFacts> stampOf(const Attrs& attrs, const char* key) {
    const auto at = attrs.find(key);
    return at == attrs.end() ? std::nullopt : parseStamp(at->second);
}

bool sameStamp(const FileFacts& a, const FileFacts& b) {
    return a.inode == b.inode && a.sameStamp(b);
}

}  // namespace

Attrs JournalPosition::toAttrs() const {
    Attrs attrs{{kCounter, std::to_string(changeCounter)}, {kFile, stampText(file)}};
    if (hotJournal) {
        attrs.emplace(kHot, stampText(*hotJournal));
    }
    return attrs;
}

std::optional<JournalPosition> JournalPosition::fromAttrs(const Attrs& attrs) {
    const auto counter = attrs.find(kCounter);
    const std::optional<FileFacts> file = stampOf(attrs, kFile);
    if (counter == attrs.end() || !file) {
        return std::nullopt;
    }
    const auto number = parseDecimal(counter->second);
    if (!number.ok() || number.value() > 0xffff'ffffu) {
        return std::nullopt;
    }
    JournalPosition position;
    position.changeCounter = static_cast<std::uint32_t>(number.value());
    position.file = *file;
    position.hotJournal = stampOf(attrs, kHot);
    if (attrs.contains(kHot) && !position.hotJournal) {
        return std::nullopt;
    }
    return position;
}

bool JournalPosition::sameState(const JournalPosition& other) const noexcept {
    if (hotJournal.has_value() != other.hotJournal.has_value()) {
        return false;
    }
    return changeCounter == other.changeCounter && sameStamp(file, other.file) &&
           (!hotJournal || sameStamp(*hotJournal, *other.hotJournal));
}

}  // namespace engine
