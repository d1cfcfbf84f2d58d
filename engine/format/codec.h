// SPDX-License-Identifier: Apache-2.0
// Compression of blocks: none or zstd with level and window (cli.md part 3).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace engine {

enum class Codec : std::uint8_t { None, Zstd };
std::string_view toText(Codec codec) noexcept;  // "none", "zstd"

/// level: 1..11 through the seed's table {-5,-3,-1,0,3,6,9,12,15,18,22}; 0 = zstd's default (3).
/// window: log2, 0 = the level's own; clamped to what a block can use.
struct Compression {
    Codec codec = Codec::Zstd;
    std::int32_t level = 0;
    std::int32_t window = 0;
    friend bool operator==(const Compression&, const Compression&) = default;
};

/// InvalidArgument for a level or window out of range.
Status checkCompression(const Compression& compression);
/// The zstd level that a configured level stands for.
int zstdLevelOf(std::int32_t level) noexcept;
/// The window that is used where one is configured: at most what a block can use; 0 stays 0.
std::int32_t usableWindow(std::int32_t window) noexcept;

/// Reusable context; one thread at a time.
class BlockCompressor {
public:
    explicit BlockCompressor(const Compression& compression);
    ~BlockCompressor();
    BlockCompressor(const BlockCompressor&) = delete;
    BlockCompressor& operator=(const BlockCompressor&) = delete;

    /// Packs into out (replaced). Returns Codec::None where packing does not make it smaller: then
    /// out holds the bytes as they are.
    Result<Codec> compress(ByteView plain, Buffer& out);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

class BlockDecompressor {
public:
    BlockDecompressor();
    ~BlockDecompressor();
    BlockDecompressor(const BlockDecompressor&) = delete;
    BlockDecompressor& operator=(const BlockDecompressor&) = delete;

    /// Unpacks exactly into.size() bytes; anything else is Corruption.
    Status decompress(Codec codec, ByteView packed, MutableBytes into);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

}  // namespace engine
