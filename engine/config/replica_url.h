// SPDX-License-Identifier: Apache-2.0
// Replica URLs (cli.md part 2): file, s3, sftp, nats and tls. Pure but for the home folder and the
// environment variables that may hold a password.
#pragma once

#include <string_view>

#include "engine/base/result.h"
#include "engine/config/config.h"

namespace engine {

/// The replica that the URL names, with the defaults of its kind and a name made of the place, so
/// that the same URL is the same replica at every start. InvalidArgument: no such scheme, a
/// parameter that is unknown or given twice, or a secret (a URL shows in process lists).
Result<ReplicaConfig> parseReplicaUrl(std::string_view url);

}  // namespace engine
