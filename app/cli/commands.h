// SPDX-License-Identifier: Apache-2.0
// One function a command, each in a file of its own; commands.cpp puts them into the table.
#pragma once

#include "app/cli/command.h"

namespace cli {

CommandSpec replicateCommand();
CommandSpec statusCommand();
CommandSpec databasesCommand();
CommandSpec generationsCommand();
CommandSpec snapshotsCommand();
CommandSpec segmentsCommand();
CommandSpec timelineCommand();
CommandSpec restoreCommand();
CommandSpec verifyCommand();
CommandSpec snapshotCommand();
CommandSpec pauseCommand();
CommandSpec resumeCommand();
CommandSpec probeCommand();
CommandSpec inspectCommand();
CommandSpec configCheckCommand();
CommandSpec configShowCommand();
CommandSpec replicaTestCommand();
CommandSpec demoCommand();
CommandSpec demoWriterCommand();

}  // namespace cli
