// SPDX-License-Identifier: Apache-2.0
#include "engine/api/replica_session.h"

#include <algorithm>
#include <map>

#include "engine/base/file_system.h"
#include "engine/history/index.h"
#include "engine/history/replica_read.h"
#include "engine/replica/factory.h"
#include "engine/replica/marker.h"

namespace engine {
namespace {

std::string describe(const FoundDatabase& found) {
    const std::string id = found.location.database.text();
    return found.info ? "'" + found.info->name + "' (" + id + ")" : id;
}

bool fits(const FoundDatabase& found, std::string_view wanted) {
    if (wanted.empty() || wanted == found.location.database.text()) {
        return true;
    }
    return found.info && (wanted == found.info->name || wanted == found.info->path);
}

class Session final : public ReplicaSession {
public:
    Session(std::unique_ptr<Replica> replica, std::unique_ptr<HistoryIndex> index)
        : m_replica(std::move(replica))
        , m_index(std::move(index)) {}

    Result<std::vector<FoundDatabase>> databases(std::stop_token stop) override {
        return listDatabases(*m_replica, std::move(stop));
    }

    Result<FoundDatabase> findDatabase(std::string_view nameOrId, std::stop_token stop) override {
        ENGINE_TRY_ASSIGN(std::vector<FoundDatabase> all, databases(std::move(stop)));
        std::string names;
        for (const FoundDatabase& found : all) {
            names += (names.empty() ? "" : ", ") + describe(found);
        }
        std::erase_if(all, [&](const FoundDatabase& found) { return !fits(found, nameOrId); });
        if (all.size() == 1) {
            return std::move(all.front());
        }
        if (!all.empty()) {
            return Error{ErrorCode::InvalidArgument,
                         "several databases fit: " + names,
                         0,
                         "nothing was read",
                         "name one by its id with --database"};
        }
        const std::string what =
            nameOrId.empty() ? "no database" : "no database '" + std::string(nameOrId) + "'";
        return Error{ErrorCode::NotFound,
                     what + " on this replica",
                     0,
                     "nothing was read",
                     names.empty() ? "check the replica's path" : "it holds: " + names};
    }

    Result<std::shared_ptr<const History>> history(const DatabaseLocation& location,
                                                   std::stop_token stop) override {
        ENGINE_TRY_ASSIGN(
            History history,
            loadHistory(*m_replica, location, nullptr, m_index.get(), std::move(stop)));
        return std::shared_ptr<const History>(std::make_shared<History>(std::move(history)));
    }

    Result<RestoreReport> restore(const History& history,
                                  const RestorePlan& plan,
                                  const RestoreOptions& options,
                                  std::stop_token stop) override {
        return restoreToFile(
            RestoreSource{m_replica.get(), nullptr}, history, plan, options, std::move(stop));
    }

    Result<VerifyReport> verify(const History& history,
                                const std::function<void(const VerifyProgress&)>& progress,
                                std::stop_token stop) override {
        return verifyHistory(*m_replica, history, nullptr, progress, std::move(stop));
    }

    Result<std::string> inspect(std::string_view objectName, std::stop_token stop) override {
        ENGINE_TRY_ASSIGN(const PartName wanted, PartName::parse(objectName));
        ENGINE_TRY_ASSIGN(const Listing listing, listHistory(*m_replica, wanted.location, stop));
        for (const ArtefactDescriptor& artefact : listing.artefacts) {
            if (artefact.artefact == wanted.artefact) {
                ReplicaPartSource first(*m_replica, artefact.parts.front(), stop);
                ReplicaPartSource last(*m_replica, artefact.parts.back(), stop);
                ENGINE_TRY_ASSIGN(const ArtefactTable table, readTable(first, last, nullptr));
                return describeTable(table);
            }
        }
        return Error{ErrorCode::NotFound,
                     "no whole artefact with the object " + std::string(objectName)};
    }

private:
    const std::unique_ptr<Replica> m_replica;
    const std::unique_ptr<HistoryIndex> m_index;
};

}  // namespace

Result<std::unique_ptr<ReplicaSession>> ReplicaSession::open(const ReplicaConfig& config,
                                                             const std::string& indexPath,
                                                             std::stop_token stop) {
    ENGINE_TRY_ASSIGN(std::unique_ptr<Replica> replica, makeReplica(config.options));
    ENGINE_TRY(replica->open(std::move(stop)));
    std::unique_ptr<HistoryIndex> index;
    if (!indexPath.empty()) {
        ENGINE_TRY(makeFolders(parentOf(indexPath)));
        ENGINE_TRY_ASSIGN(index, HistoryIndex::open(indexPath));
    }
    return std::unique_ptr<ReplicaSession>(
        std::make_unique<Session>(std::move(replica), std::move(index)));
}

}  // namespace engine
