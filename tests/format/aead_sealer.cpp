// SPDX-License-Identifier: Apache-2.0
#include "tests/format/aead_sealer.h"

#include <sodium.h>

namespace engine::samples {
namespace {

constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* raw(ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* raw(MutableBytes bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

Buffer associatedData(const ArtefactId& id,
                      const Sha256& headDigest,
                      const SealedSection& section) {
    Buffer bytes;
    appendBytes(bytes, id.bytes);
    appendBytes(bytes, headDigest);
    appendLe(bytes, static_cast<std::uint8_t>(section.kind));
    appendLe(bytes, section.part);
    appendLe(bytes, section.number);
    appendLe(bytes, static_cast<std::uint8_t>(section.last ? 1 : 0));
    return bytes;
}

}  // namespace

AeadSealer::AeadSealer(std::string keyId)
    : m_keyId(std::move(keyId)) {
    ENSURE(sodium_init() >= 0);
    crypto_generichash(
        m_key.data(), m_key.size(), raw(viewOf(m_keyId)), m_keyId.size(), nullptr, 0);
}

Result<Buffer> AeadSealer::seal(const ArtefactId& id,
                                const Sha256& headDigest,
                                const SealedSection& section,
                                ByteView plain) const {
    const Buffer data = associatedData(id, headDigest, section);
    Buffer content = data;
    appendBytes(content, plain);
    Buffer sealed(kNonceBytes + plain.size() + kTagBytes);
    const MutableBytes nonce = MutableBytes(sealed).first(kNonceBytes);
    crypto_generichash(raw(nonce),
                       kNonceBytes,
                       raw(ByteView(content)),
                       content.size(),
                       m_key.data(),
                       m_key.size());
    crypto_aead_xchacha20poly1305_ietf_encrypt(raw(MutableBytes(sealed).subspan(kNonceBytes)),
                                               nullptr,
                                               raw(plain),
                                               plain.size(),
                                               raw(ByteView(data)),
                                               data.size(),
                                               nullptr,
                                               raw(nonce),
                                               m_key.data());
    return sealed;
}

Result<Buffer> AeadSealer::open(const ArtefactId& id,
                                const Sha256& headDigest,
                                const SealedSection& section,
                                ByteView sealed) const {
    if (sealed.size() < kNonceBytes + kTagBytes) {
        return Error{ErrorCode::Corruption, "a sealed section is too short"};
    }
    const Buffer data = associatedData(id, headDigest, section);
    Buffer plain(sealed.size() - kNonceBytes - kTagBytes);
    const ByteView boxed = sealed.subspan(kNonceBytes);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(raw(MutableBytes(plain)),
                                                   nullptr,
                                                   nullptr,
                                                   raw(boxed),
                                                   boxed.size(),
                                                   raw(ByteView(data)),
                                                   data.size(),
                                                   raw(sealed),
                                                   m_key.data()) != 0) {
        return Error{ErrorCode::Corruption, "a sealed section does not open"};
    }
    return plain;
}

}  // namespace engine::samples
