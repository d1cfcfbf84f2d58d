// SPDX-License-Identifier: Apache-2.0
// What a program around the engine needs besides the engine: the configuration, replica URLs, the
// log, the known ids of the state folder, which database of a replica is meant.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/file_system.h"
#include "engine/base/log.h"
#include "engine/config/config_document.h"
#include "engine/config/config_file.h"
#include "engine/config/places.h"
#include "engine/config/replica_url.h"
#include "engine/config/supported.h"
#include "engine/config/units.h"
#include "engine/history/database_choice.h"
#include "engine/service/control_socket.h"
#include "engine/service/state_folder.h"
