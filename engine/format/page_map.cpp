// SPDX-License-Identifier: Apache-2.0
#include "engine/format/page_map.h"
