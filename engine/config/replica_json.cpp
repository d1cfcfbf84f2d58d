// SPDX-License-Identifier: Apache-2.0
#include "engine/config/replica_json.h"

#include <nlohmann/json.hpp>

#include "engine/config/config_file.h"
#include "engine/config/units.h"

namespace engine {
namespace {

using Json = nlohmann::ordered_json;

/// Writes fields; empty texts and secrets are left out, as they mean the default.
class Block {
public:
    Block(Json& to, SecretForm form)
        : m_to(to)
        , m_form(form) {}

    void text(const char* key, const std::string& value) {
        if (!value.empty()) {
            m_to[key] = value;
        }
    }

    void secret(const char* key, const SecretSource& source) {
        switch (source.kind) {
            case SecretSource::Kind::None:
                break;
            case SecretSource::Kind::Plain:
                m_to[key] = m_form == SecretForm::Real ? source.value : std::string(kMaskedSecret);
                break;
            case SecretSource::Kind::Env:
                m_to[key] = {{"env", source.value}};
                break;
            case SecretSource::Kind::File:
                m_to[key] = {{"file", source.value}};
                break;
            case SecretSource::Kind::Keychain:
                m_to[key] = {{"keychain", source.value}};
                break;
        }
    }

    void operator()(const FileReplicaOptions& options) { text("path", options.path); }

    void operator()(const S3ReplicaOptions& options) {
        text("endpoint", options.endpoint);
        text("region", options.region);
        text("bucket", options.bucket);
        text("prefix", options.prefix);
        secret("accessKey", options.accessKey);
        secret("secretKey", options.secretKey);
        secret("sessionToken", options.sessionToken);
        m_to["insecure"] = options.insecure;
        if (options.forcePathStyle.has_value()) {
            m_to["forcePathStyle"] = *options.forcePathStyle;
        }
    }

    void operator()(const SftpReplicaOptions& options) {
        text("host", options.host);
        m_to["port"] = options.port;
        text("user", options.user);
        secret("password", options.password);
        text("keyPath", options.keyPath);
        secret("keyPassphrase", options.keyPassphrase);
        m_to["agent"] = options.agent;
        text("knownHosts", options.knownHosts);
        text("path", options.path);
    }

    void operator()(const NatsReplicaOptions& options) {
        text("url", options.url);
        text("bucket", options.bucket);
        text("prefix", options.prefix);
        text("creds", options.creds);
        text("nkey", options.nkey);
        text("user", options.user);
        secret("password", options.password);
        secret("token", options.token);
        text("clientCert", options.clientCert);
        text("clientKey", options.clientKey);
        if (!options.rootCAs.empty()) {
            m_to["rootCAs"] = options.rootCAs;
        }
    }

private:
    Json& m_to;
    SecretForm m_form;
};

}  // namespace

std::string toReplicaJson(const ReplicaConfig& replica, SecretForm form) {
    Json json;
    json["name"] = replica.name.substr(replica.name.rfind('/') + 1);
    json["type"] = kindOf(replica.options);
    Block block(json, form);
    std::visit(block, replica.options);
    json["syncInterval"] = toDurationText(replica.syncInterval);
    if (replica.uploadLimit != 0) {
        json["uploadLimit"] = toSizeText(replica.uploadLimit);
    }
    if (replica.maxSize != 0) {
        json["maxSize"] = toSizeText(replica.maxSize);
    }
    if (replica.encryption != EncryptionConfig{}) {
        json["encryption"] = {{"enabled", replica.encryption.enabled},
                              {"keyId", replica.encryption.keyId}};
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace engine
