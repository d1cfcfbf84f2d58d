// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>

#include <sys/stat.h>

#include "app/cli/command_line.h"
#include "app/cli/help.h"
#include "app/cli/log_file.h"
#include "app/cli/output.h"
#include "app/cli/replica_access.h"
#include "app/common/memory.h"
#include "app/common/signals.h"

namespace {

using cli::absolutePath;
using cli::Args;
using cli::Exit;
using cli::Outcome;
using cli::Session;
using engine::Error;
using engine::ErrorCode;
using engine::LogLevel;
using engine::Result;
using engine::Status;

constexpr const char* kNothingChanged = "nothing was changed";

Result<LogLevel> logLevelOf(const std::string& text) {
    const std::vector<std::string> names = {"error", "warn", "info", "debug", "trace"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == text) {
            return static_cast<LogLevel>(i);
        }
    }
    return Error{ErrorCode::InvalidArgument, "--log-level takes error, warn, info, debug or trace"};
}

Status prepareLog(const Args& args, const Args& globals, const Session& session) {
    engine::LogOptions options;
    if (globals.has("--log-level")) {
        ENGINE_TRY_ASSIGN(options.level, logLevelOf(globals.text("--log-level")));
    }
    if (globals.has("--log-file")) {
        options.filePath = absolutePath(globals.text("--log-file"));
        ENGINE_TRY(cli::checkLogFile(options.filePath, args, session));
    }
    return engine::startLog(options);
}

Session sessionOf(const Args& globals, std::stop_token stop) {
    Session session;
    session.configGiven = globals.has("--config");
    session.configPath =
        session.configGiven ? absolutePath(globals.text("--config")) : engine::defaultConfigPath();
    session.stateDir = globals.has("--state-dir") ? absolutePath(globals.text("--state-dir"))
                                                  : engine::defaultStateDir();
    session.json = globals.has("--json");
    session.quiet = globals.has("--quiet");
    session.program =
        engine::realPath("/proc/self/exe").ok() ? engine::realPath("/proc/self/exe").value() : "";
    session.stop = std::move(stop);
    return session;
}

Outcome notAvailable(const cli::CommandSpec& command) {
    return Error{ErrorCode::Unsupported,
                 "the command " + std::string(command.name) + " is not available in this version"}
        .withFix("see strandline-cli --help for what is");
}

Outcome run(const cli::CommandSpec& command,
            const Args& args,
            const Args& globals,
            const Session& session) {
    if (command.run == nullptr) {
        return notAvailable(command);
    }
    if (const Status log = prepareLog(args, globals, session); !log.ok()) {
        const bool refused = log.error().code == ErrorCode::Refused;
        return {log.error(), refused ? Exit::Refused : Exit::Usage};
    }
    return command.run(args, session);
}

int finish(const Outcome& outcome, const Session& session, std::string_view effect) {
    cli::printFailure(outcome, session, effect.empty() ? kNothingChanged : effect);
    if (!cli::flushOutput() && outcome.exit == Exit::Done) {
        std::fputs(
            "error: the result could not be written out; what was done is done; look at where it "
            "goes\n",
            stderr);
        return static_cast<int>(Exit::Failed);
    }
    return static_cast<int>(outcome.exit);
}

}  // namespace

int main(int argc, char** argv) {
    ::umask(0077);
    app::returnLargeBuffers();
    std::variant<cli::Parsed, cli::TextWanted, cli::WrongUse> line =
        cli::parseCommandLine(argc, argv);
    if (const auto* wanted = std::get_if<cli::TextWanted>(&line)) {
        std::fputs(wanted->text.c_str(), stdout);
        return finish(Exit::Done, Session{}, "");
    }
    if (auto* wrong = std::get_if<cli::WrongUse>(&line)) {
        Session session;
        session.json = wrong->json;
        return finish(Outcome(std::move(wrong->error), Exit::Usage), session, "");
    }
    const auto& parsed = std::get<cli::Parsed>(line);
    const app::Signals signals;
    Session session = sessionOf(parsed.globals, signals.token());
    session.command = parsed.command->name;
    Outcome outcome = run(*parsed.command, parsed.args, parsed.globals, session);
    engine::flushLog();
    return finish(outcome, session, parsed.command->effect);
}
