// SPDX-License-Identifier: Apache-2.0
#include "engine/config/config.h"

#include <array>

namespace engine {

std::string_view kindOf(const ReplicaOptions& options) noexcept {
    constexpr std::array<std::string_view, std::variant_size_v<ReplicaOptions>> kKinds = {
        "file", "s3", "sftp", "nats"};
    return kKinds[options.index()];
}

}  // namespace engine
