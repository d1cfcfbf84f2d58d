// SPDX-License-Identifier: Apache-2.0
// The configuration (cli.md part 3) as values. Defaults are resolved: a DatabaseConfig says
// everything about its database. Reading and writing: config_file.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/format/codec.h"
#include "engine/replica/options.h"

namespace engine {

/// Milliseconds.
using DurationMs = std::int64_t;

struct RetentionTier {
    DurationMs every = 0;  // 0 = every change
    DurationMs keepFor = 0;
    friend bool operator==(const RetentionTier&, const RetentionTier&) = default;
};

struct RetentionConfig {
    DurationMs snapshotInterval = 0;  // least distance between kept snapshots; 0 inherits
    DurationMs snapshotRetention = 720LL * 3600 * 1000;
    DurationMs checkInterval = 3600LL * 1000;
    std::vector<RetentionTier> tiers;
    friend bool operator==(const RetentionConfig&, const RetentionConfig&) = default;
};

struct RestoreConfig {
    bool enabled = false;
    std::string targetPath;
    std::string tempDir;
    friend bool operator==(const RestoreConfig&, const RestoreConfig&) = default;
};

struct EncryptionConfig {
    bool enabled = false;
    std::string keyId;
    friend bool operator==(const EncryptionConfig&, const EncryptionConfig&) = default;
};

struct ReplicaConfig {
    std::string name;
    ReplicaOptions options;
    DurationMs syncInterval = 0;    // resolved: 1 s folders, 10 s remote
    std::uint64_t uploadLimit = 0;  // bytes a second, 0 = none
    std::uint64_t maxSize = 0;      // bytes, 0 = none
    EncryptionConfig encryption;
    friend bool operator==(const ReplicaConfig&, const ReplicaConfig&) = default;
};

std::string_view kindOf(const ReplicaOptions& options) noexcept;  // "file", "s3", "sftp", "nats"

struct DatabaseConfig {
    std::string name;
    std::string path;  // "~" expanded
    std::string shadowDir;
    DurationMs snapshotInterval = 6LL * 3600 * 1000;
    RetentionConfig retention;
    Compression compression;
    DurationMs dataLossWindowThreshold = 5LL * 60 * 1000;  // 0 = disabled
    RestoreConfig restore;
    std::vector<std::string> replicas;  // names in Config::replicas
    friend bool operator==(const DatabaseConfig&, const DatabaseConfig&) = default;
};

struct Config {
    std::vector<ReplicaConfig> replicas;  // shared ones and those that a database holds itself
    std::vector<DatabaseConfig> databases;
    friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace engine
