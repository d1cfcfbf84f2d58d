// SPDX-License-Identifier: Apache-2.0
#include "engine/format/commit.h"

namespace engine {

std::string_view toText(DatabaseEngine engine) noexcept {
    switch (engine) {
        case DatabaseEngine::Sqlite:
            return "sqlite";
        case DatabaseEngine::Bolt:
            return "bolt";
    }
    return "sqlite";
}

}  // namespace engine
