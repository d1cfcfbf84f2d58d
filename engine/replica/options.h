// SPDX-License-Identifier: Apache-2.0
// What it takes to reach a replica, one struct a kind (cli.md part 3). Plain data, no behaviour.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/secret.h"

namespace engine {

struct FileReplicaOptions {
    std::string path;
    friend bool operator==(const FileReplicaOptions&, const FileReplicaOptions&) = default;
};

struct S3ReplicaOptions {
    std::string endpoint, region, bucket, prefix;
    SecretSource accessKey, secretKey, sessionToken;
    bool insecure = false;
    std::optional<bool> forcePathStyle;  // missing = automatic
    friend bool operator==(const S3ReplicaOptions&, const S3ReplicaOptions&) = default;
};

struct SftpReplicaOptions {
    std::string host;
    std::uint16_t port = 22;
    std::string user;
    SecretSource password;
    std::string keyPath;
    SecretSource keyPassphrase;
    bool agent = true;
    std::string knownHosts;
    std::string path;
    friend bool operator==(const SftpReplicaOptions&, const SftpReplicaOptions&) = default;
};

struct NatsReplicaOptions {
    std::string url, bucket, prefix, creds, nkey, user;
    SecretSource password, token;
    std::string clientCert, clientKey;
    std::vector<std::string> rootCAs;
    friend bool operator==(const NatsReplicaOptions&, const NatsReplicaOptions&) = default;
};

using ReplicaOptions =
    std::variant<FileReplicaOptions, S3ReplicaOptions, SftpReplicaOptions, NatsReplicaOptions>;

}  // namespace engine
