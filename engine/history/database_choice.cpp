// SPDX-License-Identifier: Apache-2.0
#include "engine/history/database_choice.h"

#include <algorithm>

namespace engine {
namespace {

bool isItself(const FoundDatabase& found, std::string_view text) {
    return text == found.location.database.text() || (found.info && text == found.info->name);
}

bool isOn(const FoundDatabase& found, std::string_view computer) {
    return computer == found.location.computer.text() ||
           (found.info && computer == found.info->computerName);
}

bool fits(const FoundDatabase& found, std::string_view wanted) {
    if (wanted.empty() || isItself(found, wanted) || (found.info && wanted == found.info->path)) {
        return true;
    }
    const std::size_t slash = wanted.rfind('/');
    return slash != std::string_view::npos && isOn(found, wanted.substr(0, slash)) &&
           isItself(found, wanted.substr(slash + 1));
}

/// The shortest text that means this one alone.
std::string textFor(const FoundDatabase& found, const std::vector<FoundDatabase>& all) {
    const std::string id = found.location.database.text();
    const std::string computer = found.location.computer.text();
    std::vector<std::string> texts;
    if (found.info) {
        texts = {found.info->name,
                 found.info->computerName + "/" + found.info->name,
                 computer + "/" + found.info->name};
    }
    texts.push_back(id);
    for (const std::string& text : texts) {
        const auto meant = [&text](const FoundDatabase& other) { return fits(other, text); };
        if (!text.empty() && std::count_if(all.begin(), all.end(), meant) == 1) {
            return text;
        }
    }
    return computer + "/" + id;
}

std::string textsFor(const std::vector<FoundDatabase>& some,
                     const std::vector<FoundDatabase>& all) {
    std::string texts;
    for (const FoundDatabase& found : some) {
        texts += (texts.empty() ? "" : ", ") + textFor(found, all);
    }
    return texts;
}

}  // namespace

Result<FoundDatabase> chooseDatabase(std::vector<FoundDatabase> all, std::string_view wanted) {
    std::vector<FoundDatabase> fitting;
    std::copy_if(
        all.begin(), all.end(), std::back_inserter(fitting), [wanted](const FoundDatabase& found) {
            return fits(found, wanted);
        });
    if (fitting.size() == 1) {
        return std::move(fitting.front());
    }
    if (!fitting.empty()) {
        return Error{ErrorCode::InvalidArgument, "several databases fit: " + textsFor(fitting, all)}
            .withEffect("nothing was read")
            .withFix("name one of them with --database");
    }
    const std::string what =
        wanted.empty() ? "no database" : "no database '" + std::string(wanted) + "'";
    return Error{ErrorCode::NotFound, what + " on this replica"}
        .withEffect("nothing was read")
        .withFix(all.empty() ? "check the replica's path" : "it holds: " + textsFor(all, all));
}

}  // namespace engine
