// SPDX-License-Identifier: Apache-2.0
#include "engine/history/history.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "engine/base/log.h"
#include "engine/base/mutex.h"
#include "engine/base/thread.h"
#include "engine/history/index.h"
#include "engine/history/replica_read.h"
#include "engine/history/table_check.h"
#include "engine/replica/marker.h"

namespace engine {

namespace {

constexpr std::size_t kReadersMax = 8;

/// These say something about the place, not about one object: the whole call fails.
bool concernsThePlace(ErrorCode code) {
    return code == ErrorCode::Unavailable || code == ErrorCode::Timeout ||
           code == ErrorCode::Cancelled;
}

/// Reads the tables of many artefacts with a few threads. Each artefact is one thread's alone.
class TableReaders {
public:
    TableReaders(Replica& replica,
                 const Sealer* sealer,
                 HistoryIndex* index,
                 std::string replicaKey)
        : m_replica(replica)
        , m_sealer(sealer)
        , m_index(index)
        , m_replicaKey(std::move(replicaKey)) {}

    Status readAll(std::vector<HistoryArtefact>& artefacts, std::stop_token stop) {
        const std::size_t count = std::min(kReadersMax, artefacts.size());
        {
            std::vector<Thread> readers;
            for (std::size_t i = 0; i < count; ++i) {
                readers.emplace_back("history-" + std::to_string(i),
                                     [&](const std::stop_token&) { readSome(artefacts, stop); });
            }
        }
        if (stop.stop_requested()) {
            return Error{ErrorCode::Cancelled, "stopped while the history was read"};
        }
        MutexLock lock(m_mutex);
        return m_failure ? Status(*m_failure) : Status();
    }

private:
    void readSome(std::vector<HistoryArtefact>& artefacts, std::stop_token stop) {
        for (std::size_t i = m_next++; i < artefacts.size(); i = m_next++) {
            if (stop.stop_requested() || failed()) {
                return;
            }
            Result<ArtefactTable> table = readOne(artefacts[i].descriptor, stop);
            if (table.ok()) {
                artefacts[i].table =
                    std::make_shared<const ArtefactTable>(std::move(table).value());
            } else if (concernsThePlace(table.error().code)) {
                fail(std::move(table).error());
            } else {
                artefacts[i].problem = table.error().message;
            }
        }
    }

    Result<ArtefactTable> readOne(const ArtefactDescriptor& descriptor, std::stop_token stop) {
        if (m_index != nullptr) {
            std::optional<ArtefactTable> known = m_index->find(m_replicaKey, descriptor.artefact);
            if (known && checkTable(descriptor, *known).ok()) {
                return std::move(*known);
            }
        }
        ENGINE_TRY_ASSIGN(ArtefactTable table,
                          readArtefactTable(m_replica, descriptor, m_sealer, stop));
        if (m_index != nullptr) {
            m_index->store(m_replicaKey, table);
        }
        return table;
    }

    bool failed() ENGINE_EXCLUDES(m_mutex) {
        MutexLock lock(m_mutex);
        return m_failure.has_value();
    }

    void fail(Error error) ENGINE_EXCLUDES(m_mutex) {
        MutexLock lock(m_mutex);
        if (!m_failure) {
            m_failure = std::move(error);
        }
    }

    Replica& m_replica;
    const Sealer* m_sealer;
    HistoryIndex* m_index;
    const std::string m_replicaKey;
    std::atomic<std::size_t> m_next{0};
    Mutex m_mutex;
    std::optional<Error> m_failure ENGINE_GUARDED_BY(m_mutex);
};

/// Entries of the index are kept apart by the replica's marker: what one place claims of an
/// artefact says nothing about another. Empty: no marker, the index is not used.
Result<std::string> replicaKeyOf(Replica& replica, std::stop_token stop) {
    Result<Buffer> marker = readObject(replica, std::string(kMarker), stop);
    if (marker.ok()) {
        return xxh3_128(marker.value()).text();
    }
    if (concernsThePlace(marker.error().code)) {
        return std::move(marker).error();
    }
    return std::string();
}

}  // namespace

Result<ArtefactTable> readArtefactTable(Replica& replica,
                                        const ArtefactDescriptor& descriptor,
                                        const Sealer* sealer,
                                        std::stop_token stop) {
    const auto oversized = [](const StoredPart& part) { return part.size > kPartBytesMax; };
    if (std::any_of(descriptor.parts.begin(), descriptor.parts.end(), oversized)) {
        return Error{ErrorCode::Corruption, "has a part of more than 32 MiB"};
    }
    ReplicaPartSource first(replica, descriptor.parts.front(), stop);
    ReplicaPartSource last(replica, descriptor.parts.back(), stop);
    PartSource& front = descriptor.parts.size() == 1 ? last : first;
    ENGINE_TRY_ASSIGN(ArtefactTable table, readTable(front, last, sealer));
    ENGINE_TRY(checkTable(descriptor, table));
    return table;
}

Result<History> loadHistory(Replica& replica,
                            const DatabaseLocation& location,
                            const Sealer* sealer,
                            HistoryIndex* index,
                            std::stop_token stop) {
    std::string replicaKey;
    if (index != nullptr) {
        ENGINE_TRY_ASSIGN(replicaKey, replicaKeyOf(replica, stop));
    }
    ENGINE_TRY_ASSIGN(Listing listing, listHistory(replica, location, stop));
    History history{
        .location = location, .artefacts = {}, .incomplete = std::move(listing.incomplete)};
    history.artefacts.reserve(listing.artefacts.size());
    for (ArtefactDescriptor& descriptor : listing.artefacts) {
        history.artefacts.push_back(
            HistoryArtefact{.descriptor = std::move(descriptor), .table = nullptr, .problem = {}});
    }
    HistoryIndex* usable = replicaKey.empty() ? nullptr : index;
    TableReaders readers(replica, sealer, usable, std::move(replicaKey));
    ENGINE_TRY(readers.readAll(history.artefacts, stop));
    log::history().debug("history read artefacts={} incomplete={}",
                         history.artefacts.size(),
                         history.incomplete.size());
    return history;
}

}  // namespace engine
