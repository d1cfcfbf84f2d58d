// SPDX-License-Identifier: Apache-2.0
// The hook for encryption of an artefact (architecture part 4, "Encryption"). The format calls it
// for every sealed section from the start; the AEAD itself is added with key objects.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/checksum.h"
#include "engine/base/ids.h"
#include "engine/base/result.h"

namespace engine {

/// What a section is and where it belongs: all of it is bound as associated data, so that
/// sections cannot be swapped, dropped or moved.
struct SealedSection {
    enum class Kind : std::uint8_t { Block = 1, PartIndex = 2, Summary = 3, CommitTable = 4 };
    Kind kind = Kind::Block;
    std::uint32_t part = 0;    // from 1
    std::uint64_t number = 0;  // block number in the artefact; 0 for the others
    bool last = false;         // it is in the last part; false for blocks, which do not know yet
};

/// What sealing may add to the length of a section, at most.
inline constexpr std::size_t kSealOverheadMax = 64;

/// Safe for use from several threads at once.
class Sealer {
public:
    virtual ~Sealer() = default;
    /// Goes into the head in the clear.
    virtual std::string keyId() const = 0;
    /// headDigest (SHA-256 of the clear head as it is stored) binds the head. At most
    /// kSealOverheadMax bytes longer than plain. The same arguments give the same bytes: an upload
    /// is resumed by building the artefact again.
    virtual Result<Buffer> seal(const ArtefactId& id,
                                const Sha256& headDigest,
                                const SealedSection& section,
                                ByteView plain) const = 0;
    /// Corruption where it does not open.
    virtual Result<Buffer> open(const ArtefactId& id,
                                const Sha256& headDigest,
                                const SealedSection& section,
                                ByteView sealed) const = 0;
};

}  // namespace engine
