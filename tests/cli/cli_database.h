// SPDX-License-Identifier: Apache-2.0
// Databases for the program to record, and what it says about them.
#pragma once

#include <QJsonArray>
#include <QString>
#include <QStringList>

#include "tests/cli/cli_run.h"

QString text(const char* ascii);
/// Split at spaces.
QStringList words(const QString& line);

void execute(const QString& path, const char* sql);
/// A small database in WAL mode with a row in it.
void makeDatabase(const QString& path);

/// "file://" and a folder of this home.
QString urlOf(const CliHome& home, const QString& folder);
/// notes.db stored once in the folder "replica"; the command must succeed.
void record(const CliHome& home);
QJsonArray listOf(const Ran& ran);
