// SPDX-License-Identifier: Apache-2.0
#include "engine/config/config_document.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/base/file_system.h"
#include "engine/config/replica_json.h"

namespace engine {

using Json = nlohmann::ordered_json;

struct ConfigDocument::Impl {
    std::string path;
    bool existed = false;
    std::string loadedText;
    Json root;

    Json& list(const char* key) {
        Json& found = root[key];
        if (found.is_null()) {
            found = Json::array();
        }
        return found;
    }

    Json* find(const char* key, std::string_view name) {
        for (Json& item : list(key)) {
            const auto at = item.find("name");
            if (at != item.end() && at->is_string() && at->get_ref<const std::string&>() == name) {
                return &item;
            }
        }
        return nullptr;
    }

    bool remove(const char* key, std::string_view name) {
        const Json* item = find(key, name);
        if (item == nullptr) {
            return false;
        }
        Json& from = list(key);
        from.erase(from.begin() + (item - &from.front()));
        return true;
    }
};

ConfigDocument::ConfigDocument(std::unique_ptr<Impl> impl)
    : m_impl(std::move(impl)) {}

ConfigDocument::ConfigDocument(ConfigDocument&&) noexcept = default;
ConfigDocument& ConfigDocument::operator=(ConfigDocument&&) noexcept = default;
ConfigDocument::~ConfigDocument() = default;

static Result<std::string> textAt(const std::string& path, bool& exists) {
    Result<Buffer> bytes = readWholeFile(path, kConfigBytesMax);
    exists = bytes.ok();
    if (!exists && bytes.error().code != ErrorCode::NotFound) {
        return std::move(bytes).error();
    }
    return exists ? textOf(bytes.value()) : std::string();
}

Result<ConfigDocument> ConfigDocument::load(const std::string& path) {
    auto impl = std::make_unique<Impl>();
    impl->path = path;
    ENGINE_TRY_ASSIGN(impl->loadedText, textAt(path, impl->existed));
    if (impl->existed) {
        // Everything that parseConfig takes has the shapes that the changes below rely on.
        ENGINE_TRY_ASSIGN(const LoadedConfig checked, parseConfig(impl->loadedText));
        impl->root = Json::parse(impl->loadedText, nullptr, false);
    } else {
        impl->root = {{"version", 1}};
    }
    return ConfigDocument(std::move(impl));
}

static bool holdsMask(const Json& value) {
    if (value.is_structured()) {
        return std::any_of(value.begin(), value.end(), holdsMask);
    }
    return value.is_string() && value.get_ref<const std::string&>() == kMaskedSecret;
}

Status ConfigDocument::addReplica(const ReplicaConfig& replica) {
    if (m_impl->find("replicas", replica.name) != nullptr) {
        return Error{ErrorCode::AlreadyExists,
                     "there is a replica \"" + replica.name + "\" already"};
    }
    Json block = Json::parse(toReplicaJson(replica, SecretForm::Real), nullptr, false);
    if (holdsMask(block)) {
        return Error{ErrorCode::InvalidArgument, "a masked secret cannot be stored as a real one"};
    }
    m_impl->list("replicas").push_back(std::move(block));
    return {};
}

Status ConfigDocument::addDatabase(std::string_view name,
                                   std::string_view path,
                                   const std::vector<std::string>& replicas) {
    if (m_impl->find("databases", name) != nullptr) {
        return Error{ErrorCode::AlreadyExists,
                     "there is a database \"" + std::string(name) + "\" already"};
    }
    Json block;
    block["name"] = name;
    block["path"] = path;
    block["replicas"] = replicas;
    m_impl->list("databases").push_back(std::move(block));
    return {};
}

static Error noDatabase(std::string_view name) {
    return Error{ErrorCode::NotFound, "there is no database \"" + std::string(name) + "\""};
}

Status ConfigDocument::setReplicas(std::string_view database,
                                   const std::vector<std::string>& replicas) {
    Json* block = m_impl->find("databases", database);
    if (block == nullptr) {
        return noDatabase(database);
    }
    // A replica of the database's own has no name that others know: it stays as it is.
    Json list = Json::array();
    for (const Json& entry : block->value("replicas", Json::array())) {
        if (entry.is_object()) {
            list.push_back(entry);
        }
    }
    for (const std::string& name : replicas) {
        list.push_back(name);
    }
    (*block)["replicas"] = std::move(list);
    return {};
}

Status ConfigDocument::removeDatabase(std::string_view name) {
    return m_impl->remove("databases", name) ? Status{} : Status{noDatabase(name)};
}

Status ConfigDocument::removeReplica(std::string_view name) {
    for (const Json& database : m_impl->list("databases")) {
        for (const Json& entry : database.value("replicas", Json::array())) {
            if (entry.is_string() && entry.get_ref<const std::string&>() == name) {
                return Error{ErrorCode::Refused,
                             "a database still names the replica \"" + std::string(name) + "\""};
            }
        }
    }
    if (!m_impl->remove("replicas", name)) {
        return Error{ErrorCode::NotFound, "there is no replica \"" + std::string(name) + "\""};
    }
    return {};
}

Status ConfigDocument::store() {
    const std::string text =
        m_impl->root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    ENGINE_TRY_ASSIGN(const LoadedConfig checked, parseConfig(text));
    bool exists = false;
    ENGINE_TRY_ASSIGN(const std::string now, textAt(m_impl->path, exists));
    if (exists != m_impl->existed || now != m_impl->loadedText) {
        return Error{ErrorCode::Refused, m_impl->path + " was changed by someone else meanwhile"}
            .withEffect("nothing was written")
            .withFix("load it again and repeat the change");
    }
    ENGINE_TRY(makeFolders(parentOf(m_impl->path)));
    ENGINE_TRY(writeFileAtomically(m_impl->path, viewOf(text)));
    m_impl->loadedText = text;
    m_impl->existed = true;
    return {};
}

}  // namespace engine
