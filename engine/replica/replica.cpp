// SPDX-License-Identifier: Apache-2.0
#include "engine/replica/replica.h"

#include <algorithm>

namespace engine {
namespace {

constexpr std::size_t kNameBytesMax = 512;
constexpr std::size_t kElementBytesMax = 255;
constexpr std::size_t kListPageObjects = 10'000;

bool isNameCharacter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/// A dot in front would be hidden or climb ("..") on a file system, one at the end is lost on SMB
/// and exFAT.
bool isElement(std::string_view element) noexcept {
    return !element.empty() && element.size() <= kElementBytesMax && element.front() != '.' &&
           element.back() != '.' && std::all_of(element.begin(), element.end(), isNameCharacter);
}

Error badName(std::string_view what) {
    // The text itself is not repeated: it may hold anything and ends up in logs.
    return Error{ErrorCode::InvalidArgument,
                 std::string(what) + " has characters or parts that no object name has"};
}

}  // namespace

Status checkObjectName(std::string_view name) {
    if (name.size() > kNameBytesMax) {
        return badName("the object name");
    }
    for (std::string_view rest = name;;) {
        const std::size_t slash = rest.find('/');
        if (!isElement(rest.substr(0, slash))) {
            return badName("the object name");
        }
        if (slash == std::string_view::npos) {
            return {};
        }
        rest.remove_prefix(slash + 1);
    }
}

Status checkObjectPrefix(std::string_view prefix) {
    const std::size_t slash = prefix.rfind('/');
    if (slash != std::string_view::npos && !checkObjectName(prefix.substr(0, slash)).ok()) {
        return badName("the prefix");
    }
    const std::string_view last =
        slash == std::string_view::npos ? prefix : prefix.substr(slash + 1);
    const bool legal = prefix.size() <= kNameBytesMax && (last.empty() || last.front() != '.') &&
                       std::all_of(last.begin(), last.end(), isNameCharacter);
    return legal ? Status{} : badName("the prefix");
}

Status listAll(Replica& replica,
               std::string_view prefix,
               std::stop_token stop,
               const std::function<Status(const ObjectInfo&)>& visitor) {
    std::string startAfter;
    for (bool more = true; more;) {
        ENGINE_TRY_ASSIGN(const ListPage page,
                          replica.list(prefix, startAfter, kListPageObjects, stop));
        for (const ObjectInfo& object : page.objects) {
            // A place that lists backwards or twice would keep us here for ever.
            if (object.name <= startAfter) {
                return Error{ErrorCode::Corruption,
                             "the replica's listing is not in the order of names"};
            }
            startAfter = object.name;
            ENGINE_TRY(visitor(object));
        }
        more = page.more && !page.objects.empty();
    }
    return {};
}

}  // namespace engine
