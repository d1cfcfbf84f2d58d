// SPDX-License-Identifier: Apache-2.0
#include "engine/api/status.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include "engine/capture/capture.h"

namespace engine {
namespace {

using nlohmann::json;

struct StateName {
    ProtectionState state;
    std::string_view text;
    std::string_view label;
};

constexpr std::array<StateName, 9> kStates = {{
    {ProtectionState::Protected, "protected", "Protected"},
    {ProtectionState::CatchingUp, "catchingUp", "Catching up"},
    {ProtectionState::FallingBehind, "fallingBehind", "Falling behind"},
    {ProtectionState::Waiting, "waiting", "Waiting"},
    {ProtectionState::Paused, "paused", "Paused"},
    {ProtectionState::NeedsAttention, "needsAttention", "Needs attention"},
    {ProtectionState::NotProtected, "notProtected", "Not protected"},
    {ProtectionState::Restoring, "restoring", "Restoring"},
    {ProtectionState::Unknown, "unknown", "Unknown"},
}};

struct WaitingText {
    Waiting reason;
    std::string_view text;
};

constexpr std::array<WaitingText, 7> kWaitingTexts = {{
    {Waiting::TooBusy, "the app writes faster than can be read"},
    {Waiting::AppHoldsLock, "recorded when the app gives the database free"},
    {Waiting::TailUnreadable, "the newest changes in its -wal cannot be read yet"},
    {Waiting::HotJournal, "the app ended within a change; open it there, it repairs its database"},
    {Waiting::Gone, "the file is not there"},
    {Waiting::NoPermission, "the file or one beside it cannot be read: no permission"},
    {Waiting::NotADatabase, "the file is not a database"},
}};

json timeOrNull(Time time) {
    return time.ms == 0 ? json() : json(toRfc3339(time));
}

json textOrNull(const std::string& text) {
    return text.empty() ? json() : json(text);
}

template <class T>
json valueOrNull(const std::optional<T>& value) {
    return value ? json(*value) : json();
}

json replicaJson(const ReplicaStatus& replica) {
    return json{{"name", replica.name},
                {"kind", replica.kind},
                {"state", toText(replica.state)},
                {"storedTxId", replica.storedTxId.value},
                {"restorable", replica.restorable},
                {"lagMs", valueOrNull(replica.lagMs)},
                {"pendingBytes", replica.pendingBytes},
                {"lastUploadAt", timeOrNull(replica.lastUploadAt)},
                {"lastSnapshotAt", timeOrNull(replica.lastSnapshotAt)},
                {"retryAt", timeOrNull(replica.retryAt)},
                {"lastError", textOrNull(replica.lastError)},
                {"lastErrorAt", timeOrNull(replica.lastErrorAt)}};
}

json databaseJson(const DatabaseStatus& database) {
    json replicas = json::array();
    for (const ReplicaStatus& replica : database.replicas) {
        replicas.push_back(replicaJson(replica));
    }
    json snapshot;
    if (database.snapshot) {
        snapshot = {{"pagesDone", database.snapshot->pagesDone},
                    {"pagesTotal", database.snapshot->pagesTotal}};
    }
    return json{
        {"name", database.name},
        {"path", database.path},
        {"databaseId", database.id.text()},
        {"state", toText(database.state)},
        {"captureMode", database.captureMode},
        {"captureLabel", database.captureLabel},
        {"waiting", textOrNull(database.waiting)},
        {"generation", database.generation.empty() ? json() : json(database.generation.text())},
        {"txId", database.txId.value},
        {"storedTxId", database.storedTxId.value},
        {"lagMs", valueOrNull(database.lagMs)},
        {"pendingBytes", database.pendingBytes},
        {"pageCount", database.pageCount},
        {"pageSize", database.pageSize},
        {"commitsAlone", database.commitsAlone},
        {"catchUps", database.catchUps},
        {"commitsMerged", database.commitsMerged},
        {"aloneShare", valueOrNull(database.aloneShare)},
        {"aloneShareAtMost", database.aloneShareAtMost},
        {"lastChangeAt", timeOrNull(database.lastChangeAt)},
        {"lastCheckedAt", timeOrNull(database.lastCheckedAt)},
        {"lastSnapshotAt", timeOrNull(database.lastSnapshotAt)},
        {"lastProofAt", timeOrNull(database.lastProofAt)},
        {"lastError", textOrNull(database.lastError)},
        {"snapshot", snapshot},
        {"replicas", replicas}};
}

/// Empty where it is no number or T does not hold it.
template <class T>
std::optional<T> numberOf(const json& value) {
    if constexpr (std::is_floating_point_v<T>) {
        return value.is_number() ? std::optional(value.get<T>()) : std::nullopt;
    } else {
        const auto fitting = [](auto number) {
            return std::in_range<T>(number) ? std::optional(static_cast<T>(number)) : std::nullopt;
        };
        if (value.is_number_unsigned()) {
            return fitting(value.get<std::uint64_t>());
        }
        return value.is_number_integer() ? fitting(value.get<std::int64_t>()) : std::nullopt;
    }
}

/// Reads fields that may be missing, null or of another type: then the default stays.
class Reader {
public:
    explicit Reader(const json& object)
        : m_object(object) {}

    template <class T>
    void number(const char* key, T& to) const {
        const auto found = m_object.find(key);
        if (const auto number =
                found == m_object.end() ? std::optional<T>() : numberOf<T>(*found)) {
            to = *number;
        }
    }

    template <class T>
    void optionalNumber(const char* key, std::optional<T>& to) const {
        const auto found = m_object.find(key);
        if (found != m_object.end()) {
            to = numberOf<T>(*found);
        }
    }

    void flag(const char* key, bool& to) const {
        const auto found = m_object.find(key);
        if (found != m_object.end() && found->is_boolean()) {
            to = found->get<bool>();
        }
    }

    void text(const char* key, std::string& to) const {
        const auto found = m_object.find(key);
        if (found != m_object.end() && found->is_string()) {
            to = found->get<std::string>();
        }
    }

    void time(const char* key, Time& to) const {
        std::string value;
        text(key, value);
        if (const Result<Time> parsed = parseRfc3339(value); parsed.ok()) {
            to = parsed.value();
        }
    }

    void state(const char* key, ProtectionState& to) const {
        std::string value;
        text(key, value);
        for (const StateName& name : kStates) {
            if (name.text == value) {
                to = name.state;
            }
        }
    }

    template <class Id>
    void id(const char* key, Id& to) const {
        std::string value;
        text(key, value);
        if (const Result<Id> parsed = Id::parse(value); parsed.ok()) {
            to = parsed.value();
        }
    }

    /// The objects of an array; nothing where it is not one.
    template <class Visit>
    void each(const char* key, Visit visit) const {
        const auto found = m_object.find(key);
        if (found == m_object.end() || !found->is_array()) {
            return;
        }
        for (const json& item : *found) {
            if (item.is_object()) {
                visit(Reader(item));
            }
        }
    }

    std::optional<Reader> object(const char* key) const {
        const auto found = m_object.find(key);
        return found != m_object.end() && found->is_object() ? std::optional<Reader>(Reader(*found))
                                                             : std::nullopt;
    }

private:
    const json& m_object;
};

ReplicaStatus readReplica(const Reader& in) {
    ReplicaStatus replica;
    in.text("name", replica.name);
    in.text("kind", replica.kind);
    in.state("state", replica.state);
    in.number("storedTxId", replica.storedTxId.value);
    in.flag("restorable", replica.restorable);
    in.optionalNumber("lagMs", replica.lagMs);
    in.number("pendingBytes", replica.pendingBytes);
    in.time("lastUploadAt", replica.lastUploadAt);
    in.time("lastSnapshotAt", replica.lastSnapshotAt);
    in.time("retryAt", replica.retryAt);
    in.text("lastError", replica.lastError);
    in.time("lastErrorAt", replica.lastErrorAt);
    return replica;
}

DatabaseStatus readDatabase(const Reader& in) {
    DatabaseStatus database;
    in.text("name", database.name);
    in.text("path", database.path);
    in.id("databaseId", database.id);
    in.state("state", database.state);
    in.text("captureMode", database.captureMode);
    in.text("captureLabel", database.captureLabel);
    in.text("waiting", database.waiting);
    in.id("generation", database.generation);
    in.number("txId", database.txId.value);
    in.number("storedTxId", database.storedTxId.value);
    in.optionalNumber("lagMs", database.lagMs);
    in.number("pendingBytes", database.pendingBytes);
    in.number("pageCount", database.pageCount);
    in.number("pageSize", database.pageSize);
    in.number("commitsAlone", database.commitsAlone);
    in.number("catchUps", database.catchUps);
    in.number("commitsMerged", database.commitsMerged);
    in.optionalNumber("aloneShare", database.aloneShare);
    in.flag("aloneShareAtMost", database.aloneShareAtMost);
    in.time("lastChangeAt", database.lastChangeAt);
    in.time("lastCheckedAt", database.lastCheckedAt);
    in.time("lastSnapshotAt", database.lastSnapshotAt);
    in.time("lastProofAt", database.lastProofAt);
    in.text("lastError", database.lastError);
    if (const std::optional<Reader> snapshot = in.object("snapshot")) {
        database.snapshot.emplace();
        snapshot->number("pagesDone", database.snapshot->pagesDone);
        snapshot->number("pagesTotal", database.snapshot->pagesTotal);
    }
    in.each("replicas",
            [&](const Reader& item) { database.replicas.push_back(readReplica(item)); });
    return database;
}

}  // namespace

std::string_view explainWaiting(std::string_view word) noexcept {
    const auto* const found = std::find_if(
        kWaitingTexts.begin(), kWaitingTexts.end(), [word](const WaitingText& waiting) {
            return toText(waiting.reason) == word;
        });
    return found == kWaitingTexts.end() ? word : found->text;
}

std::string_view toText(ProtectionState state) noexcept {
    return kStates[static_cast<std::size_t>(state)].text;
}

std::string_view labelOf(ProtectionState state) noexcept {
    return kStates[static_cast<std::size_t>(state)].label;
}

std::string toJson(const EngineStatus& status) {
    json databases = json::array();
    for (const DatabaseStatus& database : status.databases) {
        databases.push_back(databaseJson(database));
    }
    const json document{{"running", status.running},
                        {"at", timeOrNull(status.at)},
                        {"pid", status.pid},
                        {"paused", status.paused},
                        {"pausedUntil", timeOrNull(status.pausedUntil)},
                        {"configError", textOrNull(status.configError)},
                        {"databases", databases}};
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<EngineStatus> parseStatus(std::string_view text) {
    const json document = json::parse(text, nullptr, false);
    if (!document.is_object()) {
        return Error{ErrorCode::Corruption, "the status is not a JSON object"};
    }
    const Reader in(document);
    EngineStatus status;
    in.flag("running", status.running);
    in.time("at", status.at);
    in.number("pid", status.pid);
    in.flag("paused", status.paused);
    in.time("pausedUntil", status.pausedUntil);
    in.text("configError", status.configError);
    in.each("databases",
            [&](const Reader& item) { status.databases.push_back(readDatabase(item)); });
    return status;
}

}  // namespace engine
