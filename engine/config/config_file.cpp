// SPDX-License-Identifier: Apache-2.0
#include "engine/config/config_file.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "engine/base/file_system.h"
#include "engine/config/object_reader.h"
#include "engine/config/replica_reader.h"
#include "engine/config/units.h"

namespace engine {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kDatabasesMax = 20000;
constexpr std::size_t kReplicasMax = 1000;
constexpr std::size_t kTiersMax = 32;
constexpr std::size_t kMistakesTold = 4;
constexpr DurationMs kHour = 3600LL * 1000;
constexpr std::uint32_t kReadByOthers = 0077;

std::string folderOfEnvironment(const char* variable, std::string_view fallback) {
    const char* value = std::getenv(variable);
    // The base directory specification says that a relative value is to be ignored.
    const bool usable = value != nullptr && *value == '/';
    return joinPath(usable ? std::string(value) : expandHome(fallback), "strandline");
}

std::vector<RetentionTier> defaultTiers() {
    return {{0, 24 * kHour},
            {60 * 1000, 168 * kHour},
            {kHour, 720 * kHour},
            {24 * kHour, 8760 * kHour}};
}

std::string itemPlace(std::string_view list, std::size_t index) {
    return std::string(list) + "[" + std::to_string(index) + "]";
}

/// Fields that `defaults` and a database have in common.
class SharedFields {
public:
    static void read(ObjectReader& block, DatabaseConfig& to) {
        block.path("shadowDir", to.shadowDir);
        block.durationOrDefault("snapshotInterval", to.snapshotInterval);
        readRetention(block.object("retention"), to.retention);
        readCompression(block, to.compression);
        block.duration("dataLossWindowThreshold", to.dataLossWindowThreshold);
        ObjectReader restore = block.object("restore");
        restore.boolean("enabled", to.restore.enabled);
        restore.path("targetPath", to.restore.targetPath);
        restore.path("tempDir", to.restore.tempDir);
        restore.finish();
    }

private:
    static void readTiers(ObjectReader& retention, std::vector<RetentionTier>& to) {
        const JsonValue* list = retention.value("tiers", JsonValue::Kind::List);
        if (list == nullptr) {
            return;
        }
        if (list->items.size() > kTiersMax) {
            retention.fail("tiers", "has more than " + std::to_string(kTiersMax) + " entries");
            return;
        }
        std::vector<RetentionTier> tiers;
        for (std::size_t i = 0; i < list->items.size(); ++i) {
            ObjectReader row(
                retention.findings(), &list->items[i], itemPlace(retention.placeOf("tiers"), i));
            RetentionTier tier;
            row.duration("every", tier.every);
            row.duration("for", tier.keepFor);
            row.finish();
            const bool coarser = tiers.empty() || (tier.every > tiers.back().every &&
                                                   tier.keepFor > tiers.back().keepFor);
            if (tier.keepFor == 0) {
                row.fail("for", "must be longer than 0");
            } else if (!coarser) {
                row.fail("every", "and for must be longer than those of the tier before");
            }
            tiers.push_back(tier);
        }
        to = std::move(tiers);
    }

    static void readRetention(ObjectReader retention, RetentionConfig& to) {
        retention.duration("snapshotInterval", to.snapshotInterval);
        retention.durationOrDefault("snapshotRetention", to.snapshotRetention);
        retention.durationOrDefault("checkInterval", to.checkInterval);
        readTiers(retention, to.tiers);
        retention.finish();
    }

    static void readCodec(ObjectReader& block,
                          std::string_view key,
                          const std::string& text,
                          Codec& to) {
        if (text == "zstd") {
            to = Codec::Zstd;
        } else if (text == "none") {
            to = Codec::None;
        } else if (!text.empty()) {
            block.fail(key, "must be none or zstd, not \"" + text.substr(0, 64) + "\"");
        }
    }

    static void readCompression(ObjectReader& block, Compression& to) {
        const JsonValue* value = block.any("compression");
        if (value == nullptr) {
            return;
        }
        std::string codec;
        if (value->kind == JsonValue::Kind::Text) {
            block.text("compression", codec);
            to.level = 0;
            to.window = 0;
            readCodec(block, "compression", codec, to.codec);
            return;
        }
        ObjectReader fields(block.findings(), value, block.placeOf("compression"));
        std::int64_t level = to.level;
        std::int64_t window = to.window;
        fields.text("codec", codec);
        readCodec(fields, "codec", codec, to.codec);
        fields.integer("level", 0, 11, level);
        fields.integer("window", 0, 31, window);
        fields.finish();
        // zstd's smallest window is 2^10; a larger one than a block is clamped when it is used.
        if (window != 0 && window < 10) {
            fields.fail("window", "must be 0 or from 10 to 31");
            return;
        }
        to.level = static_cast<std::int32_t>(level);
        to.window = static_cast<std::int32_t>(window);
    }
};

class Parser {
public:
    Parser(ConfigFindings& findings, const ConfigContext& context)
        : m_findings(findings)
        , m_context(context) {}

    Config parse(const JsonValue& root) {
        ObjectReader top(m_findings, &root, "");
        readVersion(top);
        DatabaseConfig defaults;
        defaults.shadowDir =
            joinPath(m_context.stateDir.empty() ? defaultStateDir() : m_context.stateDir, "shadow");
        defaults.retention.tiers = defaultTiers();
        ObjectReader block = top.object("defaults");
        SharedFields::read(block, defaults);
        block.finish();
        if (const JsonValue* list = listOf(top, "replicas", kReplicasMax)) {
            for (std::size_t i = 0; i < list->items.size(); ++i) {
                addReplica(list->items[i], itemPlace("replicas", i), "");
            }
        }
        if (const JsonValue* list = listOf(top, "databases", kDatabasesMax)) {
            for (std::size_t i = 0; i < list->items.size(); ++i) {
                addDatabase(list->items[i], itemPlace("databases", i), defaults);
            }
        }
        top.finish();
        return std::move(m_config);
    }

private:
    void readVersion(ObjectReader& top) {
        std::int64_t version = kVersion;
        top.integer("version", 1, 1000000, version);
        if (version > kVersion) {
            m_findings.newerVersion = true;
            m_findings.warn("version",
                            "is newer than this program; what it does not know has no effect");
        }
    }

    static const JsonValue* listOf(ObjectReader& top, std::string_view key, std::size_t most) {
        const JsonValue* list = top.value(key, JsonValue::Kind::List);
        if (list != nullptr && list->items.size() > most) {
            top.fail(key, "has more than " + std::to_string(most) + " entries");
            return nullptr;
        }
        return list;
    }

    void addReplica(const JsonValue& value, const std::string& place, const std::string& prefix) {
        ReplicaConfig replica = readReplica(m_findings, value, place, prefix);
        if (!m_replicaNames.insert(replica.name).second && replica.name.size() > prefix.size()) {
            m_findings.fail(place + ".name", "the replica \"" + replica.name + "\" is there twice");
        }
        m_config.replicas.push_back(std::move(replica));
    }

    void addDatabase(const JsonValue& value,
                     const std::string& place,
                     const DatabaseConfig& defaults) {
        DatabaseConfig database = defaults;
        ObjectReader block(m_findings, &value, place);
        block.text("name", database.name);
        block.path("path", database.path);
        block.require("path", database.path);
        if (database.name.empty()) {
            database.name = fileNameOf(database.path);
        }
        SharedFields::read(block, database);
        readReplicas(block, database);
        block.finish();
        checkDatabase(block, database);
        m_config.databases.push_back(std::move(database));
    }

    void readReplicas(ObjectReader& block, DatabaseConfig& database) {
        const JsonValue* list = block.value("replicas", JsonValue::Kind::List);
        const std::size_t count = list == nullptr ? 0 : list->items.size();
        if (count > kReplicasMax) {
            block.fail("replicas", "has more than " + std::to_string(kReplicasMax) + " entries");
            return;
        }
        for (std::size_t i = 0; i < count; ++i) {
            const std::string place = itemPlace(block.placeOf("replicas"), i);
            std::string name;
            if (list->items[i].kind == JsonValue::Kind::Text) {
                name = list->items[i].text;
                nameReplica(place, name);
            } else {
                addReplica(list->items[i], place, database.name + "/");
                name = m_config.replicas.back().name;
            }
            auto& names = database.replicas;
            if (std::find(names.begin(), names.end(), name) != names.end()) {
                m_findings.fail(place,
                                "the replica \"" + name.substr(0, 128) + "\" is there twice");
                continue;
            }
            names.push_back(std::move(name));
        }
    }

    /// Own replicas are not to be named from outside, hence the list of shared names.
    void nameReplica(const std::string& place, const std::string& name) {
        std::vector<std::string> shared;
        for (const ReplicaConfig& replica : m_config.replicas) {
            if (replica.name.find('/') == std::string::npos) {
                shared.push_back(replica.name);
            }
        }
        if (std::find(shared.begin(), shared.end(), name) != shared.end()) {
            return;
        }
        const std::string nearest = nearestName(name, shared);
        m_findings.fail(place,
                        "there is no replica \"" + name.substr(0, 128) + "\"" +
                            (nearest.empty() ? std::string() : ", did you mean " + nearest + "?"));
    }

    void checkDatabase(ObjectReader& block, DatabaseConfig& database) {
        if (const std::string problem = problemOfName(database.name);
            block.present() && !database.name.empty() && !problem.empty()) {
            block.fail("name", problem);
        }
        if (!database.name.empty() && !m_databaseNames.insert(database.name).second) {
            block.fail("name", "the database \"" + database.name + "\" is there twice");
        }
        if (!database.path.empty() && !m_databasePaths.insert(database.path).second) {
            block.fail("path", "another database has the same file");
        }
        if (database.retention.snapshotInterval == 0) {
            database.retention.snapshotInterval = database.snapshotInterval;
        }
        if (database.replicas.empty()) {
            m_findings.warn(block.placeOf("replicas"),
                            "names none: changes stay on this computer only");
        }
        if (database.retention.snapshotRetention < database.retention.snapshotInterval) {
            m_findings.warn(block.placeOf("retention.snapshotRetention"),
                            "is shorter than the distance between snapshots");
        }
        checkPlaces(block, database);
    }

    /// Two replicas in one place are one copy that looks like two.
    void checkPlaces(ObjectReader& block, const DatabaseConfig& database) {
        std::vector<const ReplicaConfig*> seen;
        for (const ReplicaConfig& replica : m_config.replicas) {
            const auto& names = database.replicas;
            if (std::find(names.begin(), names.end(), replica.name) == names.end()) {
                continue;
            }
            for (const ReplicaConfig* other : seen) {
                if (other->options == replica.options) {
                    block.fail(
                        "replicas",
                        "\"" + other->name + "\" and \"" + replica.name + "\" are the same place");
                }
            }
            seen.push_back(&replica);
        }
    }

    ConfigFindings& m_findings;
    const ConfigContext& m_context;
    Config m_config;
    std::set<std::string> m_replicaNames;
    std::set<std::string> m_databaseNames;
    std::set<std::string> m_databasePaths;
};

/// A key that was mistyped first: that another one is missing is only what comes of it.
Error refusal(std::vector<std::string> errors) {
    std::stable_partition(errors.begin(), errors.end(), [](const std::string& error) {
        return error.find(": unknown key") != std::string::npos;
    });
    std::string message = errors.front();
    for (std::size_t i = 1; i < std::min(errors.size(), kMistakesTold); ++i) {
        message += (i == 1 ? " (also: " : ", ") + errors[i];
    }
    if (errors.size() > kMistakesTold) {
        message += ", and " + std::to_string(errors.size() - kMistakesTold) + " more";
    }
    message += errors.size() > 1 ? ")" : "";
    return Error{ErrorCode::InvalidArgument, std::move(message)};
}

}  // namespace

Result<LoadedConfig> parseConfig(std::string_view json, const ConfigContext& context) {
    ENGINE_TRY_ASSIGN(const JsonValue root, parseJson(json, kConfigBytesMax));
    ConfigFindings findings;
    findings.readableByOthers = context.readableByOthers;
    Parser parser(findings, context);
    LoadedConfig loaded;
    loaded.config = parser.parse(root);
    if (!findings.errors.empty()) {
        return refusal(std::move(findings.errors));
    }
    loaded.warnings = std::move(findings.warnings);
    return loaded;
}

Result<LoadedConfig> loadConfig(const std::string& path, const std::string& stateDir) {
    ENGINE_TRY_ASSIGN(const FileFacts facts, factsOf(path));
    if (!facts.isRegular()) {
        return Error{ErrorCode::InvalidArgument, path + ": not a regular file"};
    }
    if (facts.size > kConfigBytesMax) {
        return Error{
            ErrorCode::InvalidArgument,
            path + ": larger than " + toSizeText(kConfigBytesMax) + ", not a configuration"};
    }
    ENGINE_TRY_ASSIGN(const Buffer bytes, readWholeFile(path, kConfigBytesMax));
    const ConfigContext context{stateDir, (facts.mode & kReadByOthers) != 0};
    Result<LoadedConfig> loaded = parseConfig(textOf(bytes), context);
    if (!loaded.ok()) {
        return std::move(loaded).error().context(path);
    }
    return loaded;
}

std::string defaultConfigPath() {
    return joinPath(folderOfEnvironment("XDG_CONFIG_HOME", "~/.config"), "config.json");
}

std::string defaultStateDir() {
    return folderOfEnvironment("XDG_STATE_HOME", "~/.local/state");
}

}  // namespace engine
