// SPDX-License-Identifier: Apache-2.0
#include "engine/config/replica_reader.h"

#include <array>
#include <memory>

#include <pwd.h>
#include <unistd.h>

#include "engine/base/file_system.h"
#include "engine/config/units.h"

namespace engine {
namespace {

constexpr DurationMs kFolderSyncMs = 1000;
constexpr DurationMs kRemoteSyncMs = 10000;

FileReplicaOptions readFile(ObjectReader& block) {
    FileReplicaOptions options;
    block.path("path", options.path);
    block.require("path", options.path);
    return options;
}

S3ReplicaOptions readS3(ObjectReader& block) {
    S3ReplicaOptions options;
    block.text("endpoint", options.endpoint);
    block.text("region", options.region);
    block.text("bucket", options.bucket);
    block.require("bucket", options.bucket);
    block.text("prefix", options.prefix);
    block.secret("accessKey", options.accessKey);
    block.secret("secretKey", options.secretKey);
    block.secret("sessionToken", options.sessionToken);
    block.boolean("insecure", options.insecure);
    if (const JsonValue* style = block.value("forcePathStyle", JsonValue::Kind::Boolean)) {
        options.forcePathStyle = style->boolean;
    }
    return options;
}

SftpReplicaOptions readSftp(ObjectReader& block) {
    SftpReplicaOptions options;
    std::int64_t port = 0;
    block.text("host", options.host);
    block.require("host", options.host);
    block.integer("port", 0, 65535, port);
    options.port = static_cast<std::uint16_t>(port);
    block.text("user", options.user);
    block.secret("password", options.password);
    block.path("keyPath", options.keyPath);
    block.secret("keyPassphrase", options.keyPassphrase);
    block.boolean("agent", options.agent);
    block.path("knownHosts", options.knownHosts);
    block.text("path", options.path);
    return options;
}

NatsReplicaOptions readNats(ObjectReader& block) {
    NatsReplicaOptions options;
    block.text("url", options.url);
    block.require("url", options.url);
    block.text("bucket", options.bucket);
    block.require("bucket", options.bucket);
    block.text("prefix", options.prefix);
    block.path("creds", options.creds);
    block.path("nkey", options.nkey);
    block.text("user", options.user);
    block.secret("password", options.password);
    block.secret("token", options.token);
    block.path("clientCert", options.clientCert);
    block.path("clientKey", options.clientKey);
    block.texts("rootCAs", options.rootCAs);
    return options;
}

std::string localUser() {
    std::array<char, 4096> buffer{};

    struct passwd entry {};
    struct passwd* found = nullptr;
    ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found);
    return found == nullptr ? std::string() : std::string(found->pw_name);
}

bool takePrefix(std::string& text, std::string_view prefix) {
    if (text.compare(0, prefix.size(), prefix) != 0) {
        return false;
    }
    text.erase(0, prefix.size());
    return true;
}

bool isLoopback(std::string_view endpoint) {
    std::string_view host = endpoint;
    if (!host.empty() && host.front() == '[') {
        return host.substr(0, 5) == "[::1]";
    }
    host = host.substr(0, host.find(':'));
    // Four numbers, not a name that begins like one.
    const bool numeric = host.find_first_not_of("0123456789.") == std::string_view::npos;
    return host == "localhost" || (numeric && host.substr(0, 4) == "127.");
}

Status complete(S3ReplicaOptions& options, bool sealed) {
    if (takePrefix(options.endpoint, "http://")) {
        options.insecure = true;
    } else if (takePrefix(options.endpoint, "https://") && options.insecure) {
        return Error{ErrorCode::InvalidArgument,
                     "endpoint: https:// and insecure exclude each other"};
    }
    while (!options.endpoint.empty() && options.endpoint.back() == '/') {
        options.endpoint.pop_back();
    }
    if (options.endpoint.find_first_of("/@?# ") != std::string::npos) {
        return Error{ErrorCode::InvalidArgument, "endpoint: must be HOST or HOST:PORT"};
    }
    if (options.region.empty()) {
        options.region = "us-east-1";
    }
    if (options.endpoint.empty()) {
        const bool china = options.region.compare(0, 3, "cn-") == 0;
        options.endpoint = "s3." + options.region + ".amazonaws.com" + (china ? ".cn" : "");
    }
    if (options.insecure && !sealed && !isLoopback(options.endpoint)) {
        return Error{
            ErrorCode::InvalidArgument,
            "insecure: plain HTTP is only for this computer (localhost) or with encryption on"};
    }
    return {};
}

Status complete(SftpReplicaOptions& options) {
    if (options.port == 0) {
        options.port = 22;
    }
    if (options.user.empty()) {
        options.user = localUser();
    }
    if (options.knownHosts.empty()) {
        options.knownHosts = expandHome("~/.ssh/known_hosts");
    }
    if (options.host.find_first_of("/@?# ") != std::string::npos) {
        return Error{ErrorCode::InvalidArgument,
                     "host: must be the name of a computer, nothing else"};
    }
    return {};
}

Status complete(NatsReplicaOptions& options) {
    const std::string_view url = options.url;
    const std::size_t scheme = url.find("://");
    const std::string_view name = url.substr(0, scheme == std::string_view::npos ? 0 : scheme);
    if (name != "nats" && name != "tls") {
        return Error{ErrorCode::InvalidArgument, "url: must begin with nats:// or tls://"};
    }
    if (url.find('@') != std::string_view::npos) {
        return Error{ErrorCode::InvalidArgument,
                     "url: must not hold a user or a password; they have fields of their own"};
    }
    if (options.clientCert.empty() != options.clientKey.empty()) {
        return Error{ErrorCode::InvalidArgument, "clientCert: goes together with clientKey"};
    }
    for (std::string& authority : options.rootCAs) {
        authority = expandHome(authority);
    }
    return {};
}

}  // namespace

Status completeReplica(ReplicaConfig& replica) {
    if (replica.syncInterval == 0) {
        const bool folder = std::holds_alternative<FileReplicaOptions>(replica.options);
        replica.syncInterval = folder ? kFolderSyncMs : kRemoteSyncMs;
    }
    if (auto* file = std::get_if<FileReplicaOptions>(&replica.options)) {
        file->path = normalPath(file->path);
        return {};
    }
    if (auto* s3 = std::get_if<S3ReplicaOptions>(&replica.options)) {
        return complete(*s3, replica.encryption.enabled);
    }
    if (auto* sftp = std::get_if<SftpReplicaOptions>(&replica.options)) {
        return complete(*sftp);
    }
    return complete(std::get<NatsReplicaOptions>(replica.options));
}

ReplicaConfig readReplica(ConfigFindings& findings,
                          const JsonValue& value,
                          const std::string& place,
                          const std::string& prefix) {
    ReplicaConfig replica;
    std::string type;
    ObjectReader block(findings, &value, place);
    const std::size_t errorsBefore = findings.errors.size();
    block.text("name", replica.name);
    if (const std::string problem = problemOfName(replica.name);
        block.present() && !problem.empty()) {
        block.fail("name", replica.name.empty() ? "is missing" : problem);
    }
    replica.name.insert(0, prefix);
    block.text("type", type);
    block.durationOrDefault("syncInterval", replica.syncInterval);
    block.size("uploadLimit", replica.uploadLimit);
    block.size("maxSize", replica.maxSize);
    ObjectReader encryption = block.object("encryption");
    encryption.boolean("enabled", replica.encryption.enabled);
    encryption.text("keyId", replica.encryption.keyId);
    encryption.finish();
    if (type == "file") {
        replica.options = readFile(block);
    } else if (type == "s3") {
        replica.options = readS3(block);
    } else if (type == "sftp") {
        replica.options = readSftp(block);
    } else if (type == "nats") {
        replica.options = readNats(block);
    } else {
        // The fields of an unknown type are unknown too: one error is enough.
        if (block.present()) {
            block.fail("type",
                       type.empty() ? "is missing"
                                    : "must be file, s3, sftp or nats, not \"" + type + "\"");
        }
        return replica;
    }
    block.finish();
    if (findings.errors.size() == errorsBefore) {
        if (const Status done = completeReplica(replica); !done.ok()) {
            findings.fail("", block.placeOf("") + done.error().message);
        }
    }
    return replica;
}

}  // namespace engine
