// SPDX-License-Identifier: Apache-2.0
#include "engine/format/codec.h"

#include <algorithm>
#include <array>
#include <string>

#include <zstd.h>
#include <zstd_errors.h>

#include "engine/format/artefact.h"

namespace engine {
namespace {

constexpr std::int32_t kLevelMax = 11;
constexpr std::int32_t kWindowMin = 10;
constexpr std::int32_t kWindowMax = 31;
// A block has this many plain bytes (log2); a larger window cannot help it.
constexpr std::int32_t kBlockWindow = 18;
static_assert((1u << kBlockWindow) == kBlockBytesTarget);

// The seed's table. Its fourth entry is zstd's level 0, which zstd reads as its default.
constexpr std::array<int, kLevelMax> kZstdLevels = {-5, -3, -1, 0, 3, 6, 9, 12, 15, 18, 22};

}  // namespace

std::string_view toText(Codec codec) noexcept {
    switch (codec) {
        case Codec::None:
            return "none";
        case Codec::Zstd:
            return "zstd";
    }
    return "none";
}

Status checkCompression(const Compression& compression) {
    if (compression.level < 0 || compression.level > kLevelMax) {
        return Error{ErrorCode::InvalidArgument,
                     "compression level " + std::to_string(compression.level) + " is not 0..11"};
    }
    const std::int32_t window = compression.window;
    if (window != 0 && (window < kWindowMin || window > kWindowMax)) {
        return Error{ErrorCode::InvalidArgument,
                     "compression window " + std::to_string(window) + " is not 0 or 10..31"};
    }
    return {};
}

int zstdLevelOf(std::int32_t level) noexcept {
    if (level < 1 || level > kLevelMax) {
        return ZSTD_CLEVEL_DEFAULT;
    }
    return kZstdLevels[static_cast<std::size_t>(level - 1)];
}

std::int32_t usableWindow(std::int32_t window) noexcept {
    return window == 0 ? 0 : std::clamp(window, kWindowMin, kBlockWindow);
}

struct BlockCompressor::Impl {
    explicit Impl(const Compression& compression)
        : codec(compression.codec) {
        if (codec == Codec::None) {
            return;
        }
        context = ZSTD_createCCtx();
        ENSURE(context != nullptr);
        set(ZSTD_c_compressionLevel, zstdLevelOf(compression.level));
        set(ZSTD_c_windowLog, usableWindow(compression.window));
        set(ZSTD_c_contentSizeFlag, 1);
        // Every block has its own XXH3-64 already.
        set(ZSTD_c_checksumFlag, 0);
    }

    ~Impl() { ZSTD_freeCCtx(context); }

    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void set(ZSTD_cParameter parameter, int value) const {
        ENSURE(ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value)) == 0);
    }

    Codec codec;
    ZSTD_CCtx* context = nullptr;
};

BlockCompressor::BlockCompressor(const Compression& compression)
    : m_impl(std::make_unique<Impl>(compression)) {
    ENSURE(checkCompression(compression).ok());
}

BlockCompressor::~BlockCompressor() = default;

Result<Codec> BlockCompressor::compress(ByteView plain, Buffer& out) {
    if (m_impl->codec == Codec::Zstd && plain.size() > 1) {
        // Room for one byte less than the input: what does not fit is not worth packing.
        out.resize(plain.size() - 1);
        const std::size_t size =
            ZSTD_compress2(m_impl->context, out.data(), out.size(), plain.data(), plain.size());
        if (ZSTD_isError(size) == 0) {
            out.resize(size);
            return Codec::Zstd;
        }
        if (ZSTD_getErrorCode(size) != ZSTD_error_dstSize_tooSmall) {
            return Error{ErrorCode::Internal,
                         std::string("compress a block: ") + ZSTD_getErrorName(size)};
        }
    }
    out.assign(plain.begin(), plain.end());
    return Codec::None;
}

struct BlockDecompressor::Impl {
    Impl()
        : context(ZSTD_createDCtx()) {
        ENSURE(context != nullptr);
    }

    ~Impl() { ZSTD_freeDCtx(context); }

    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    ZSTD_DCtx* context;
};

BlockDecompressor::BlockDecompressor()
    : m_impl(std::make_unique<Impl>()) {}

BlockDecompressor::~BlockDecompressor() = default;

Status BlockDecompressor::decompress(Codec codec, ByteView packed, MutableBytes into) {
    if (codec == Codec::None) {
        if (packed.size() != into.size()) {
            return Error{ErrorCode::Corruption, "a stored block has another size than its pages"};
        }
        std::copy(packed.begin(), packed.end(), into.begin());
        return {};
    }
    // One frame that says its size and has nothing behind it: zstd itself would go on with the
    // next frame and skip foreign ones.
    if (ZSTD_getFrameContentSize(packed.data(), packed.size()) != into.size() ||
        ZSTD_findFrameCompressedSize(packed.data(), packed.size()) != packed.size()) {
        return Error{ErrorCode::Corruption, "a packed block has another size than its pages"};
    }
    const std::size_t size = ZSTD_decompressDCtx(
        m_impl->context, into.data(), into.size(), packed.data(), packed.size());
    if (ZSTD_isError(size) != 0 || size != into.size()) {
        return Error{ErrorCode::Corruption, "a packed block does not unpack"};
    }
    return {};
}

}  // namespace engine
