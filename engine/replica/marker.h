// SPDX-License-Identifier: Apache-2.0
// The marker object: how a computer recognises a replica that it has written to. It is made when
// the replica is added; once it is known, a place where it is absent or different (the empty mount
// point of an unmounted drive, another drive, an emptied bucket) is not written to.
#pragma once

#include <optional>

#include "engine/base/clock.h"
#include "engine/base/ids.h"
#include "engine/replica/replica.h"

namespace engine {

using ReplicaId = Id64<struct ReplicaTag>;

/// {"createdAt":"2026-06-14T12:02:11.123Z","id":"<16 hex>","version":1}
inline constexpr std::string_view kMarker = "strandline-replica.json";

struct ReplicaMarker {
    ReplicaId id;
    Time createdAt;
};

/// NotFound: there is none. Corruption: it is not one of ours. Unsupported: of a newer version.
Result<ReplicaMarker> readMarker(Replica& replica, std::stop_token stop);

/// known: the id that this computer has for the replica; the place must carry it, else
/// Unavailable, and nothing is written. No known id: the replica is being added; its marker is
/// read, or made where there is none. Returns the id to remember.
Result<ReplicaId> ensureMarker(Replica& replica,
                               std::optional<ReplicaId> known,
                               Time now,
                               std::stop_token stop);

/// Writes the marker of a replica that lost it, over what is left of it. Only where something else
/// proves that this is the place.
Status rewriteMarker(Replica& replica, ReplicaId known, Time now, std::stop_token stop);

}  // namespace engine
