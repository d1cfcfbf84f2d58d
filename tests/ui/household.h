// SPDX-License-Identifier: Apache-2.0
// An app with a database, a configuration that protects it, a folder for the copies: on disk, with
// a real writer in another process. For tests of the real window over a real engine.
#pragma once

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>

#include "engine/api/engine.h"

#include "tests/support/writer_process.h"

class Household {
public:
    Household()
        : m_folder(QDir::tempPath() + QStringLiteral("/strandline-ui-XXXXXX")) {}

    QString path(const QString& name) const { return m_folder.filePath(name); }

    QString configPath() const { return path(QStringLiteral("config.json")); }

    /// Written to the configuration with the next writeConfig().
    void addDatabase(const QString& name, const QString& file, const QStringList& replicas) {
        QJsonArray names;
        for (const QString& replica : replicas) {
            names.append(replica);
        }
        m_databases.append(QJsonObject{{QStringLiteral("name"), name},
                                       {QStringLiteral("path"), path(file)},
                                       {QStringLiteral("replicas"), names}});
    }

    void addReplica(const QString& name, const QString& folder) {
        QDir().mkpath(path(folder));
        m_replicas.append(QJsonObject{{QStringLiteral("name"), name},
                                      {QStringLiteral("type"), QStringLiteral("file")},
                                      {QStringLiteral("path"), path(folder)}});
    }

    bool writeConfig() const {
        return write(QJsonDocument(QJsonObject{{QStringLiteral("version"), 1},
                                               {QStringLiteral("replicas"), m_replicas},
                                               {QStringLiteral("databases"), m_databases}})
                         .toJson());
    }

    bool write(const QByteArray& config) const {
        QFile file(configPath());
        return file.open(QIODevice::WriteOnly) && file.write(config) == config.size();
    }

    engine::EngineOptions options() const {
        engine::EngineOptions options;
        options.configPath = configPath().toStdString();
        options.stateDir = path(QStringLiteral("state")).toStdString();
        return options;
    }

private:
    QTemporaryDir m_folder;
    QJsonArray m_replicas;
    QJsonArray m_databases;
};
