// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/protect_queries.h"

#include <algorithm>
#include <utility>

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStorageInfo>

#include "engine/api/program.h"
#include "engine/api/replica_session.h"

namespace ui {

namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;
using engine::Status;

/// Of a folder that may not be there yet: the nearest one above it that is.
QByteArray deviceOf(const QString& path) {
    QString there = QDir::cleanPath(path);
    while (!there.isEmpty() && there != QStringLiteral("/") && !QFileInfo::exists(there)) {
        there = QFileInfo(there).path();
    }
    return QStorageInfo(there).device();
}

std::string textOf(const QJsonObject& object, QLatin1String key) {
    return object.value(key).toString().toStdString();
}

bool isTaken(const engine::Config& config, const std::string& replica) {
    return std::any_of(config.replicas.begin(), config.replicas.end(), [&](const auto& present) {
        return present.name == replica;
    });
}

/// The folder's own name, with a number where another replica has it.
std::string freeReplicaName(const engine::Config& config, const std::string& folder) {
    std::string base = QFileInfo(QString::fromStdString(folder)).fileName().toStdString();
    base = base.empty() ? "disk" : base;
    std::string name = base;
    for (int number = 2; isTaken(config, name); ++number) {
        name = base + ' ' + std::to_string(number);
    }
    return name;
}

/// The replica that is this folder already.
const engine::ReplicaConfig* replicaAt(const engine::Config& config, const std::string& folder) {
    const QString wanted = QDir::cleanPath(QString::fromStdString(folder));
    for (const engine::ReplicaConfig& replica : config.replicas) {
        const auto* file = std::get_if<engine::FileReplicaOptions>(&replica.options);
        if (file != nullptr && QDir::cleanPath(QString::fromStdString(file->path)) == wanted) {
            return &replica;
        }
    }
    return nullptr;
}

Result<engine::Config> presentConfig(const std::string& configPath) {
    Result<engine::LoadedConfig> loaded = engine::loadConfig(configPath);
    if (loaded.ok()) {
        return std::move(loaded).value().config;
    }
    if (loaded.error().code == ErrorCode::NotFound) {
        return engine::Config{};
    }
    return loaded.error();
}

}  // namespace

Result<ProbedFile> probeFile(const std::string& path, const std::string& folder) {
    ENGINE_TRY_ASSIGN(const std::string json, engine::probeFileAsJson(path));
    const QJsonObject object = QJsonDocument::fromJson(QByteArray::fromStdString(json)).object();
    ProbedFile file;
    file.protectable = object.value(QLatin1String("protectable")).toBool();
    file.problem = textOf(object, QLatin1String("problem"));
    file.captureLabel = textOf(object, QLatin1String("captureLabel"));
    file.reason = textOf(object, QLatin1String("reason"));
    file.bytes = static_cast<std::uint64_t>(
        std::max(0.0, object.value(QLatin1String("sizeBytes")).toDouble()));
    const QJsonArray warnings = object.value(QLatin1String("warnings")).toArray();
    for (const QJsonValue& warning : warnings) {
        file.warnings.push_back(warning.toString().toStdString());
    }
    if (!folder.empty()) {
        const QByteArray device = deviceOf(QString::fromStdString(path));
        file.onTheSameDisk =
            !device.isEmpty() && device == deviceOf(QString::fromStdString(folder));
    }
    return file;
}

Status protectDatabase(const std::string& configPath, const ProtectRequest& request) {
    ENGINE_TRY_ASSIGN(const engine::Config config, presentConfig(configPath));
    ENGINE_TRY_ASSIGN(engine::ConfigDocument document, engine::ConfigDocument::load(configPath));
    std::string replica;
    if (const engine::ReplicaConfig* present = replicaAt(config, request.folder)) {
        replica = present->name;
    } else {
        engine::ReplicaConfig added;
        added.name = freeReplicaName(config, request.folder);
        added.options = engine::FileReplicaOptions{request.folder};
        ENGINE_TRY(document.addReplica(added));
        replica = added.name;
    }
    ENGINE_TRY(document.addDatabase(request.name, request.path, {replica}));
    if (!QDir().mkpath(QString::fromStdString(request.folder))) {
        return Error{ErrorCode::Io, "the folder " + request.folder + " can't be made"}.withEffect(
            "nothing was changed");
    }
    return document.store();
}

}  // namespace ui
