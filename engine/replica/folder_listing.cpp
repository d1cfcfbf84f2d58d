// SPDX-License-Identifier: Apache-2.0
#include "engine/replica/folder_listing.h"

#include <algorithm>

namespace engine {
namespace {

/// Our own names are four elements deep; hostile depth must not become recursion.
constexpr std::size_t kDepthMax = 16;

bool startsWith(std::string_view text, std::string_view start) noexcept {
    return text.substr(0, start.size()) == start;
}

/// One child of a folder that may hold names of the page. A folder's key ends with '/', so that
/// the order of keys is the order of the names below them ("a-b" before "a/b").
struct Child {
    std::string key;
    bool isFolder = false;
};

/// Keeps the smallest `limit` keys of any number that are offered.
class SmallestChildren {
public:
    explicit SmallestChildren(std::size_t limit)
        : m_limit(limit) {}

    void offer(std::string key, bool isFolder) {
        if (m_heap.size() == m_limit && !(key < m_heap.front().key)) {
            m_dropped = true;
            return;
        }
        m_heap.push_back(Child{std::move(key), isFolder});
        std::push_heap(m_heap.begin(), m_heap.end(), byKey);
        if (m_heap.size() > m_limit) {
            std::pop_heap(m_heap.begin(), m_heap.end(), byKey);
            m_heap.pop_back();
            m_dropped = true;
        }
    }

    bool dropped() const noexcept { return m_dropped; }

    std::vector<Child> sorted() && {
        std::sort_heap(m_heap.begin(), m_heap.end(), byKey);
        return std::move(m_heap);
    }

private:
    static bool byKey(const Child& a, const Child& b) { return a.key < b.key; }

    std::size_t m_limit;
    bool m_dropped = false;
    std::vector<Child> m_heap;
};

class Lister {
public:
    Lister(std::string_view prefix,
           std::string_view startAfter,
           std::size_t limit,
           const std::stop_token& stop)
        : m_prefix(prefix)
        , m_startAfter(startAfter)
        , m_limit(limit)
        , m_stop(stop) {}

    Status walk(const Folder& folder, const std::string& path, std::size_t depth);

    ListPage take() && { return std::move(m_page); }

private:
    bool full() const noexcept { return m_page.objects.size() >= m_limit; }

    bool wantsName(const std::string& name) const {
        return startsWith(name, m_prefix) && name > m_startAfter && checkObjectName(name).ok();
    }

    /// path ends with '/'.
    bool wantsFolder(const std::string& path) const {
        const bool inPrefix = startsWith(path, m_prefix) || startsWith(m_prefix, path);
        const bool after = path > m_startAfter || startsWith(m_startAfter, path);
        return inPrefix && after &&
               checkObjectName(std::string_view(path).substr(0, path.size() - 1)).ok();
    }

    void offer(const Folder& folder,
               const std::string& path,
               const char* name,
               Folder::Entry::Kind kind,
               const std::string& cursor,
               SmallestChildren& children) const;
    Status visitChildren(const Folder& folder,
                         const std::string& path,
                         const std::vector<Child>& children,
                         std::size_t depth,
                         std::string& cursor);
    Status visitFile(const Folder& folder, const std::string& path, const Child& child);
    Status visitFolder(const Folder& folder,
                       const std::string& path,
                       const Child& child,
                       std::size_t depth);

    std::string_view m_prefix;
    std::string_view m_startAfter;
    std::size_t m_limit;
    const std::stop_token& m_stop;
    ListPage m_page;
};

void Lister::offer(const Folder& folder,
                   const std::string& path,
                   const char* name,
                   Folder::Entry::Kind kind,
                   const std::string& cursor,
                   SmallestChildren& children) const {
    if (kind == Folder::Entry::Kind::Other) {
        // The file system does not say what it is in its folder: look.
        const auto entry = folder.look(name);
        kind = entry.ok() && entry.value() ? entry.value()->kind : kind;
    }
    std::string key = path + name;
    if (kind == Folder::Entry::Kind::File && key > cursor && wantsName(key)) {
        children.offer(std::move(key), false);
    } else if (kind == Folder::Entry::Kind::Folder && key + "/" > cursor &&
               wantsFolder(key + "/")) {
        children.offer(std::move(key) + "/", true);
    }
}

Status Lister::visitFile(const Folder& folder, const std::string& path, const Child& child) {
    ENGINE_TRY_ASSIGN(const auto entry, folder.look(child.key.substr(path.size())));
    if (!entry || entry->kind != Folder::Entry::Kind::File) {
        return {};  // removed since the folder was read
    }
    if (full()) {
        m_page.more = true;
        return {};
    }
    m_page.objects.push_back(ObjectInfo{child.key, entry->size});
    return {};
}

Status Lister::visitFolder(const Folder& folder,
                           const std::string& path,
                           const Child& child,
                           std::size_t depth) {
    const Result<Folder> below =
        folder.child(child.key.substr(path.size(), child.key.size() - path.size() - 1));
    if (below.ok()) {
        return walk(below.value(), child.key, depth + 1);
    }
    const ErrorCode code = below.error().code;
    if (code == ErrorCode::NotFound || code == ErrorCode::Corruption) {
        return {};  // removed or replaced since the folder was read
    }
    return below.error();
}

Status Lister::walk(const Folder& folder, const std::string& path, std::size_t depth) {
    if (depth >= kDepthMax) {
        return {};
    }
    std::string cursor;
    for (bool more = true; more;) {
        SmallestChildren children(m_limit - m_page.objects.size() + 1);
        ENGINE_TRY(folder.visit([&](const char* name, Folder::Entry::Kind kind) {
            offer(folder, path, name, kind, cursor, children);
        }));
        // Folders may turn out to hold nothing, so the children that found no room may be needed.
        more = children.dropped();
        ENGINE_TRY(visitChildren(folder, path, std::move(children).sorted(), depth, cursor));
        if (m_page.more) {
            return {};
        }
        if (more && full()) {
            m_page.more = true;
            return {};
        }
    }
    return {};
}

Status Lister::visitChildren(const Folder& folder,
                             const std::string& path,
                             const std::vector<Child>& children,
                             std::size_t depth,
                             std::string& cursor) {
    for (const Child& child : children) {
        if (m_stop.stop_requested()) {
            return Error{ErrorCode::Cancelled, "stopped"};
        }
        ENGINE_TRY(child.isFolder ? visitFolder(folder, path, child, depth)
                                  : visitFile(folder, path, child));
        if (m_page.more) {
            return {};
        }
        cursor = child.key;
    }
    return {};
}

}  // namespace

Result<ListPage> listFolderObjects(const Folder& root,
                                   std::string_view prefix,
                                   std::string_view startAfter,
                                   std::size_t limit,
                                   const std::stop_token& stop) {
    Lister lister(prefix, startAfter, limit, stop);
    ENGINE_TRY(lister.walk(root, "", 0));
    return std::move(lister).take();
}

}  // namespace engine
