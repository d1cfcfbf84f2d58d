// SPDX-License-Identifier: Apache-2.0
#include "engine/shadow/shadow_log.h"
