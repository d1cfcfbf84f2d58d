// SPDX-License-Identifier: Apache-2.0
// A sealer for the tests: XChaCha20-Poly1305 with everything of a section as associated data. The
// nonce comes from key and content, so that sealing again gives the same bytes.
#pragma once

#include <array>

#include "engine/format/sealer.h"

namespace engine::samples {

class AeadSealer final : public Sealer {
public:
    explicit AeadSealer(std::string keyId);

    std::string keyId() const override { return m_keyId; }

    Result<Buffer> seal(const ArtefactId& id,
                        const Sha256& headDigest,
                        const SealedSection& section,
                        ByteView plain) const override;
    Result<Buffer> open(const ArtefactId& id,
                        const Sha256& headDigest,
                        const SealedSection& section,
                        ByteView sealed) const override;

private:
    std::string m_keyId;
    std::array<unsigned char, 32> m_key{};
};

}  // namespace engine::samples
