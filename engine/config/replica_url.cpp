// SPDX-License-Identifier: Apache-2.0
#include "engine/config/replica_url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <map>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/base/file_system.h"
#include "engine/base/ids.h"
#include "engine/config/replica_reader.h"
#include "engine/config/units.h"

namespace engine {
namespace {

constexpr std::size_t kUrlBytesMax = 4096;

using Parameters = std::map<std::string, std::string>;

struct UrlParts {
    std::string scheme;
    std::string user;
    std::string host;  // with [] around an IPv6 address
    std::string port;
    std::string path;  // decoded, with its first /
    Parameters parameters;
};

Error invalid(std::string message) {
    return Error{ErrorCode::InvalidArgument, std::move(message)};
}

Error secretInside(std::string_view what) {
    return invalid("the replica URL holds a secret (" + std::string(what) +
                   "), which shows in process lists")
        .withFix("leave it out and set it in the environment or in the configuration");
}

Result<std::string> decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = static_cast<unsigned char>(text[i]);
        if (text[i] == '%') {
            const char* const digits = text.data() + i + 1;
            if (i + 2 >= text.size() ||
                std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) {
                return invalid("the replica URL has a % that is not followed by two hex digits");
            }
            i += 2;
        }
        if (value < 0x20 || value == 0x7f) {
            return invalid("the replica URL holds a control character");
        }
        out.push_back(static_cast<char>(value));
    }
    return out;
}

/// Names under which people put secrets into URLs, lower case.
bool isSecretName(std::string_view name) {
    constexpr std::array<std::string_view, 13> kNames = {"password",
                                                         "passwd",
                                                         "pass",
                                                         "secret",
                                                         "secretkey",
                                                         "secretaccesskey",
                                                         "accesskey",
                                                         "accesskeyid",
                                                         "sessiontoken",
                                                         "token",
                                                         "keypassphrase",
                                                         "passphrase",
                                                         "key"};
    std::string lower;
    for (const char c : name) {
        if (c != '_' && c != '-') {
            lower.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
        }
    }
    for (const std::string_view provider : {"aws", "sftp", "nats"}) {
        if (lower.compare(0, provider.size(), provider) == 0 && lower != provider) {
            lower.erase(0, provider.size());
            break;
        }
    }
    return std::find(kNames.begin(), kNames.end(), lower) != kNames.end();
}

std::vector<std::string> parametersOf(std::string_view scheme) {
    if (scheme == "s3") {
        return {"endpoint", "region", "forcePathStyle", "insecure"};
    }
    if (scheme == "sftp") {
        return {"keyPath", "knownHosts"};
    }
    if (scheme == "nats" || scheme == "tls") {
        return {"creds", "nkey", "rootCA"};
    }
    return {};
}

Status readParameter(std::string_view pair, UrlParts& to) {
    const std::size_t equals = pair.find('=');
    ENGINE_TRY_ASSIGN(const std::string name, decoded(pair.substr(0, equals)));
    if (isSecretName(name)) {
        return secretInside("the parameter " + name);
    }
    const std::vector<std::string> known = parametersOf(to.scheme);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
        const std::string nearest = nearestName(name, known);
        return invalid("unknown parameter \"" + name.substr(0, 64) + "\" in the replica URL" +
                       (nearest.empty() ? std::string() : ", did you mean " + nearest + "?"));
    }
    if (equals == std::string_view::npos) {
        return invalid("the parameter " + name + " of the replica URL has no value");
    }
    ENGINE_TRY_ASSIGN(std::string value, decoded(pair.substr(equals + 1)));
    if (value.empty()) {
        return invalid("the parameter " + name + " of the replica URL has no value");
    }
    if (!to.parameters.emplace(name, std::move(value)).second) {
        return invalid("the parameter " + name + " of the replica URL is given twice");
    }
    return {};
}

Status readAuthority(std::string_view authority, UrlParts& to) {
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
        const std::string_view userInfo = authority.substr(0, at);
        if (userInfo.find(':') != std::string_view::npos) {
            return secretInside("a password before the @");
        }
        ENGINE_TRY_ASSIGN(to.user, decoded(userInfo));
        authority.remove_prefix(at + 1);
    }
    const std::size_t bracket = authority.rfind(']');
    const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    ENGINE_TRY_ASSIGN(to.host, decoded(authority.substr(0, colon)));
    if (colon != std::string_view::npos) {
        to.port = authority.substr(colon + 1);
        std::uint32_t port = 0;
        const char* const end = to.port.data() + to.port.size();
        const auto parsed = std::from_chars(to.port.data(), end, port);
        if (parsed.ec != std::errc{} || parsed.ptr != end || port == 0 || port > 65535) {
            return invalid("the port of the replica URL is not a number from 1 to 65535");
        }
    }
    return {};
}

/// Messages never repeat the URL: what is wrong with it may be a secret.
Result<UrlParts> split(std::string_view url) {
    const std::size_t schemeEnd = url.find("://");
    UrlParts parts;
    parts.scheme = url.substr(0, schemeEnd == std::string_view::npos ? 0 : schemeEnd);
    const std::vector<std::string> schemes = {"file", "s3", "sftp", "nats", "tls"};
    if (std::find(schemes.begin(), schemes.end(), parts.scheme) == schemes.end()) {
        return invalid("a replica URL begins with file://, s3://, sftp://, nats:// or tls://")
            .withFix(!url.empty() &&
                             (url.front() == '/' || url.front() == '~' || url.front() == '.')
                         ? "write a folder as file:///path/to/folder"
                         : "see strandline-cli --help");
    }
    std::string_view rest = url.substr(schemeEnd + 3);
    if (rest.find('#') != std::string_view::npos) {
        return invalid("a replica URL has no # part; a # in a name is written %23");
    }
    const std::size_t question = rest.find('?');
    const std::string_view query =
        question == std::string_view::npos ? "" : rest.substr(question + 1);
    rest = rest.substr(0, question);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    ENGINE_TRY(readAuthority(rest.substr(0, slash), parts));
    ENGINE_TRY_ASSIGN(parts.path, decoded(rest.substr(slash)));
    for (std::string_view left = query; !left.empty();) {
        const std::size_t end = std::min(left.find('&'), left.size());
        ENGINE_TRY(readParameter(left.substr(0, end), parts));
        left.remove_prefix(std::min(end + 1, left.size()));
    }
    return parts;
}

std::string parameter(const UrlParts& parts, const std::string& name) {
    const auto found = parts.parameters.find(name);
    return found == parts.parameters.end() ? std::string() : found->second;
}

Result<bool> booleanParameter(const UrlParts& parts, const std::string& name) {
    const std::string value = parameter(parts, name);
    if (!value.empty() && value != "true" && value != "false") {
        return invalid("the parameter " + name + " of the replica URL must be true or false");
    }
    return value == "true";
}

std::string withoutSlashes(std::string_view path) {
    while (!path.empty() && path.front() == '/') {
        path.remove_prefix(1);
    }
    while (!path.empty() && path.back() == '/') {
        path.remove_suffix(1);
    }
    return std::string(path);
}

SecretSource fromEnvironment(const char* variable) {
    const char* value = std::getenv(variable);
    return value == nullptr || *value == '\0' ? SecretSource{}
                                              : SecretSource{SecretSource::Kind::Env, variable};
}

Status refuseUserAndPort(const UrlParts& parts) {
    if (!parts.user.empty() || !parts.port.empty()) {
        return invalid("a " + parts.scheme + " URL has neither a user nor a port");
    }
    return {};
}

Result<ReplicaOptions> fileOptions(const UrlParts& parts) {
    ENGINE_TRY(refuseUserAndPort(parts));
    std::string path = parts.path;
    if (parts.host == "~") {
        path = "~" + path;
    } else if (!parts.host.empty() && parts.host != "localhost") {
        return invalid("a file URL has three slashes: file:///path");
    } else if (path == "/~" || path.compare(0, 3, "/~/") == 0) {
        path.erase(0, 1);
    }
    path = expandHome(path);
    if (path.empty() || path.front() != '/') {
        return invalid("the replica URL names no folder")
            .withFix("write it as file:///path/to/folder");
    }
    return ReplicaOptions(FileReplicaOptions{path});
}

Result<ReplicaOptions> s3Options(const UrlParts& parts) {
    ENGINE_TRY(refuseUserAndPort(parts));
    if (parts.host.empty()) {
        return invalid("the replica URL names no bucket").withFix("write it as s3://bucket/prefix");
    }
    S3ReplicaOptions options;
    options.bucket = parts.host;
    options.prefix = withoutSlashes(parts.path);
    options.endpoint = parameter(parts, "endpoint");
    options.region = parameter(parts, "region");
    ENGINE_TRY_ASSIGN(options.insecure, booleanParameter(parts, "insecure"));
    ENGINE_TRY_ASSIGN(const bool pathStyle, booleanParameter(parts, "forcePathStyle"));
    if (parts.parameters.count("forcePathStyle") != 0) {
        options.forcePathStyle = pathStyle;
    }
    return ReplicaOptions(std::move(options));
}

Result<ReplicaOptions> sftpOptions(const UrlParts& parts) {
    if (parts.host.empty()) {
        return invalid("the replica URL names no computer")
            .withFix("write it as sftp://user@host/path");
    }
    SftpReplicaOptions options;
    options.host = parts.host;
    options.port =
        static_cast<std::uint16_t>(parts.port.empty() ? 22 : std::atoi(parts.port.c_str()));
    options.user = parts.user;
    options.password = fromEnvironment("STRANDLINE_SFTP_PASSWORD");
    options.keyPath = expandHome(parameter(parts, "keyPath"));
    options.knownHosts = expandHome(parameter(parts, "knownHosts"));
    // "/~/x" is x in the login folder, as in the URLs of scp and git.
    options.path = parts.path.compare(0, 3, "/~/") == 0 ? parts.path.substr(3) : parts.path;
    return ReplicaOptions(std::move(options));
}

Result<ReplicaOptions> natsOptions(const UrlParts& parts) {
    const std::string path = withoutSlashes(parts.path);
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (parts.host.empty() || slash == 0) {
        return invalid("the replica URL names no server or no bucket")
            .withFix("write it as nats://host:4222/bucket/prefix");
    }
    NatsReplicaOptions options;
    options.url =
        parts.scheme + "://" + parts.host + ":" + (parts.port.empty() ? "4222" : parts.port);
    options.bucket = path.substr(0, slash);
    options.prefix = withoutSlashes(std::string_view(path).substr(slash));
    options.user = parts.user;
    options.creds = expandHome(parameter(parts, "creds"));
    options.nkey = expandHome(parameter(parts, "nkey"));
    options.password = fromEnvironment("STRANDLINE_NATS_PASSWORD");
    if (const std::string authority = parameter(parts, "rootCA"); !authority.empty()) {
        options.rootCAs.push_back(expandHome(authority));
    }
    return ReplicaOptions(std::move(options));
}

Result<ReplicaOptions> optionsOf(const UrlParts& parts) {
    if (parts.scheme == "file") {
        return fileOptions(parts);
    }
    if (parts.scheme == "s3") {
        return s3Options(parts);
    }
    return parts.scheme == "sftp" ? sftpOptions(parts) : natsOptions(parts);
}

/// What makes it this place and no other.
std::string placeOf(const ReplicaOptions& options) {
    if (const auto* file = std::get_if<FileReplicaOptions>(&options)) {
        return file->path;
    }
    if (const auto* s3 = std::get_if<S3ReplicaOptions>(&options)) {
        return s3->endpoint + "/" + s3->bucket + "/" + s3->prefix;
    }
    if (const auto* sftp = std::get_if<SftpReplicaOptions>(&options)) {
        return sftp->user + "@" + sftp->host + ":" + std::to_string(sftp->port) + "/" + sftp->path;
    }
    const auto& nats = std::get<NatsReplicaOptions>(options);
    return nats.url + "/" + nats.bucket + "/" + nats.prefix;
}

/// "file-backups-3f2a9c01": readable, and another place has another name.
std::string nameOfPlace(const ReplicaOptions& options) {
    const std::string place = placeOf(options);
    std::string last = fileNameOf(withoutSlashes(place)).substr(0, 32);
    std::replace_if(
        last.begin(),
        last.end(),
        [](char c) {
            return std::string_view("abcdefghijklmnopqrstuvwxyz0123456789._-").find(c) ==
                   std::string_view::npos;
        },
        '-');
    const std::string hash = toHex16(xxh3(viewOf(place))).substr(0, 8);
    return std::string(kindOf(options)) + "-" + (last.empty() ? "" : last + "-") + hash;
}

}  // namespace

Result<ReplicaConfig> parseReplicaUrl(std::string_view url) {
    if (url.size() > kUrlBytesMax) {
        return invalid("the replica URL is longer than " + std::to_string(kUrlBytesMax) + " bytes");
    }
    ENGINE_TRY_ASSIGN(const UrlParts parts, split(url));
    ReplicaConfig replica;
    ENGINE_TRY_ASSIGN(replica.options, optionsOf(parts));
    if (Status done = completeReplica(replica); !done.ok()) {
        return std::move(done).error().context("replica URL");
    }
    replica.name = nameOfPlace(replica.options);
    return replica;
}

}  // namespace engine
