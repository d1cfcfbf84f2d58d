// SPDX-License-Identifier: Apache-2.0
// The replica seam: small verbs on opaque objects. A replica knows nothing of segments, snapshots
// or retention. A new destination is one class, one options struct, one line in the factory, and
// passes the conformance suite (tests/replica/replica_conformance.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace engine {

inline constexpr std::uint64_t kObjectBytesMax = 32u << 20;

struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

struct ObjectInfo {
    std::string name;
    std::uint64_t size = 0;
};

struct ListPage {
    std::vector<ObjectInfo> objects;  // sorted by name
    bool more = false;                // ask again with startAfter = the last name
};

struct ReplicaTraits {
    std::string kind;                        // "file", "s3", "sftp", "nats", "memory"
    bool durableAck = true;                  // a returned put survives a power failure
    std::chrono::milliseconds ackSettle{0};  // time after the ack until it does
    bool listingConsistent = true;           // a list sees every put that returned before it
    bool nativeRange = true;                 // get of a range does not move the whole object
    bool conditionalPut = false;             // putNew is atomic against other computers
    bool canDelete = true;
    bool local = false;  // no network between us and it
};

enum class PutMode : std::uint8_t {
    New,      // immutable objects: an existing one with the same bytes is success, with others
              // AlreadyExists
    Replace,  // small descriptive objects (database.json); atomic
};

/// Names match [a-z0-9._-]+ joined by single '/', checked by checkObjectName. Safe for use from
/// several threads at once; every call observes stop within 2 s and has a time limit of its own.
/// Errors: NotFound (no such object), Unavailable/Timeout (try again), PermissionDenied (not
/// before someone acts), NoSpace, Corruption (the place holds something else), Cancelled.
class Replica {
public:
    virtual ~Replica() = default;
    virtual ReplicaTraits traits() const = 0;
    /// Connects and looks whether the place is there. Never creates it. Call it again after
    /// Unavailable, and check the marker again then: another place may be there now.
    virtual Status open(std::stop_token stop) = 0;
    /// Visible whole or not at all; durable when it returns (see traits).
    virtual Status put(std::string_view name,
                       ByteView bytes,
                       PutMode mode,
                       std::stop_token stop) = 0;
    /// Exactly the range; Corruption where the object is shorter.
    virtual Result<Buffer> get(std::string_view name, ByteRange range, std::stop_token stop) = 0;
    /// The whole object; more than kObjectBytesMax is Corruption.
    virtual Result<Buffer> get(std::string_view name, std::stop_token stop) = 0;
    /// Names that begin with prefix and sort after startAfter, at most limit of them. A prefix
    /// with nothing below it is an empty page.
    virtual Result<ListPage> list(std::string_view prefix,
                                  std::string_view startAfter,
                                  std::size_t limit,
                                  std::stop_token stop) = 0;
    /// Removing what is not there is success.
    virtual Status remove(std::span<const std::string> names, std::stop_token stop) = 0;

    /// The time the place itself reported last, if it has one (never asked for on purpose).
    virtual Time reportedTime() const { return Time{}; }
};

/// InvalidArgument for what is not a name: other characters, an empty element, one that begins or
/// ends with a dot, more than 512 bytes (255 an element).
Status checkObjectName(std::string_view name);
/// The beginning of a name, down to the empty text.
Status checkObjectPrefix(std::string_view prefix);

/// Lists everything below a prefix, page by page.
Status listAll(Replica& replica,
               std::string_view prefix,
               std::stop_token stop,
               const std::function<Status(const ObjectInfo&)>& visitor);

}  // namespace engine
