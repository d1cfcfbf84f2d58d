// SPDX-License-Identifier: Apache-2.0
#include "app/gui/arguments.h"

#include <cstdio>

#include <QCommandLineParser>
#include <QDir>
#include <QStringList>

#include "engine/api/program.h"

namespace app {

namespace {

constexpr int kWrongUse = 2;

constexpr char kHelp[] =
    "Usage: strandline [OPTION]...\n"
    "Records every change of your databases while it happens, and brings any moment back.\n"
    "\n"
    "  --config FILE     the configuration (default $XDG_CONFIG_HOME/strandline/config.json)\n"
    "  --state-dir DIR   the state folder (default $XDG_STATE_HOME/strandline)\n"
    "  --help            this text\n"
    "  --version         the version\n"
    "\n"
    "The same engine without a window: strandline-cli.\n";

std::string absolutePath(const QString& path) {
    return QDir::current().absoluteFilePath(path).toStdString();
}

int refuse(const QString& what) {
    std::fprintf(stderr,
                 "error: %s; nothing was started; see strandline --help\n",
                 what.toLocal8Bit().constData());
    return kWrongUse;
}

}  // namespace

std::optional<Arguments> parseArguments(int argc, char** argv, int& exitCode) {
    QStringList words;
    for (int i = 0; i < argc; ++i) {
        words.append(QString::fromLocal8Bit(argv[i]));
    }
    const QCommandLineOption config(QStringLiteral("config"), {}, QStringLiteral("FILE"));
    const QCommandLineOption stateDir(QStringLiteral("state-dir"), {}, QStringLiteral("DIR"));
    const QCommandLineOption help(QStringLiteral("help"));
    const QCommandLineOption version(QStringLiteral("version"));
    QCommandLineParser parser;
    parser.addOptions({config, stateDir, help, version});
    exitCode = 0;
    if (!parser.parse(words)) {
        exitCode = refuse(parser.errorText());
        return std::nullopt;
    }
    if (parser.isSet(help)) {
        std::fputs(kHelp, stdout);
        return std::nullopt;
    }
    if (parser.isSet(version)) {
        std::puts("strandline " STRANDLINE_VERSION);
        return std::nullopt;
    }
    if (!parser.positionalArguments().isEmpty()) {
        const QString& word = parser.positionalArguments().constFirst();
        exitCode = refuse(QStringLiteral("what is \"%1\"?").arg(word));
        return std::nullopt;
    }
    Arguments arguments;
    arguments.engine.configPath =
        parser.isSet(config) ? absolutePath(parser.value(config)) : engine::defaultConfigPath();
    arguments.engine.stateDir =
        parser.isSet(stateDir) ? absolutePath(parser.value(stateDir)) : engine::defaultStateDir();
    return arguments;
}

}  // namespace app
