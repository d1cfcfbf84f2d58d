// SPDX-License-Identifier: Apache-2.0
// The defaults of the documented configuration: the beginning of a file.
#pragma once

constexpr const char* kExampleDefaults = R"(
  "version": 1,
  "defaults": {
    "shadowDir": "~/.local/state/strandline/shadow",
    "snapshotInterval": "6h",
    "retention": {"snapshotInterval": "6h", "snapshotRetention": "720h", "checkInterval": "1h",
                  "tiers": [{"every": "0s", "for": "24h"}, {"every": "1m", "for": "168h"},
                            {"every": "1h", "for": "720h"}, {"every": "24h", "for": "8760h"}]},
    "compression": {"codec": "zstd", "level": 0, "window": 0},
    "dataLossWindowThreshold": "5m",
    "restore": {"enabled": false, "targetPath": "", "tempDir": ""}
  },
)";
