// SPDX-License-Identifier: Apache-2.0
// The checkpoint of a page map as a file (FORMAT.md, "Page map checkpoint"). Both directions go
// through one small buffer: the file may be as large as the map, the memory is not doubled.
#include <algorithm>
#include <array>
#include <functional>

#include "engine/base/file.h"
#include "engine/base/file_system.h"
#include "engine/format/page_map.h"

namespace engine {
namespace {

constexpr std::array<unsigned char, 8> kMagic = {0x89, 'S', 'T', 'R', 'M', 'A', 'P', '\n'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kFixedBytes = 80;
constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kPositionBytesMax = 1u << 20;
constexpr std::size_t kSliceHashes = 8192;
constexpr std::size_t kHashBytes = sizeof(std::uint64_t);

Buffer encodePosition(const Attrs& position) {
    Buffer bytes;
    appendVarint(bytes, position.size());
    for (const auto& [name, value] : position) {
        appendVarint(bytes, name.size());
        appendBytes(bytes, viewOf(name));
        appendVarint(bytes, value.size());
        appendBytes(bytes, viewOf(value));
    }
    return bytes;
}

Result<std::string> readText(ByteReader& reader) {
    ENGINE_TRY_ASSIGN(const std::uint64_t size, reader.varint());
    ENGINE_TRY_ASSIGN(const ByteView bytes, reader.take(size));
    return textOf(bytes);
}

Result<Attrs> parsePosition(ByteView bytes) {
    ByteReader reader(bytes);
    Attrs position;
    ENGINE_TRY_ASSIGN(const std::uint64_t count, reader.varint());
    for (std::uint64_t i = 0; i < count; ++i) {
        ENGINE_TRY_ASSIGN(std::string name, readText(reader));
        ENGINE_TRY_ASSIGN(std::string value, readText(reader));
        if (!position.emplace(std::move(name), std::move(value)).second) {
            return Error{ErrorCode::Corruption, "a name of the position is there twice"};
        }
    }
    if (reader.remaining() != 0) {
        return Error{ErrorCode::Corruption, "bytes behind the position"};
    }
    return position;
}

struct Fixed {
    std::uint32_t pageSize = 0;
    std::uint64_t firstPage = 0;
    std::uint64_t seed = 0;
    std::uint64_t pageCount = 0;
    GenerationId generation;
    TxId tx;
    Root root;
    std::uint32_t positionBytes = 0;
};

Buffer encodeFixed(const Fixed& fixed) {
    Buffer bytes;
    appendBytes(bytes, std::as_bytes(std::span(kMagic)));
    appendLe(bytes, kVersion);
    appendLe(bytes, fixed.pageSize);
    appendLe(bytes, fixed.firstPage);
    appendLe(bytes, fixed.seed);
    appendLe(bytes, fixed.pageCount);
    appendLe(bytes, fixed.generation.value);
    appendLe(bytes, fixed.tx.value);
    appendLe(bytes, fixed.root.low);
    appendLe(bytes, fixed.root.high);
    appendLe(bytes, fixed.positionBytes);
    appendLe(bytes, std::uint32_t{0});
    ENSURE(bytes.size() == kFixedBytes);
    return bytes;
}

Result<Fixed> parseFixed(ByteView bytes, std::uint64_t fileBytes) {
    if (std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
        return Error{ErrorCode::Corruption, "not a page map"};
    }
    const std::byte* at = bytes.data();
    if (loadLe<std::uint32_t>(at + 8) != kVersion) {
        return Error{ErrorCode::Corruption, "a page map of another version"};
    }
    Fixed fixed;
    fixed.pageSize = loadLe<std::uint32_t>(at + 12);
    fixed.firstPage = loadLe<std::uint64_t>(at + 16);
    fixed.seed = loadLe<std::uint64_t>(at + 24);
    fixed.pageCount = loadLe<std::uint64_t>(at + 32);
    fixed.generation.value = loadLe<std::uint64_t>(at + 40);
    fixed.tx.value = loadLe<std::uint64_t>(at + 48);
    fixed.root.low = loadLe<std::uint64_t>(at + 56);
    fixed.root.high = loadLe<std::uint64_t>(at + 64);
    fixed.positionBytes = loadLe<std::uint32_t>(at + 72);
    const std::uint64_t hashesMax = fileBytes / kHashBytes;
    if (!isPageSize(fixed.pageSize) || fixed.firstPage > 1 || fixed.pageCount > hashesMax ||
        fixed.positionBytes > kPositionBytesMax || loadLe<std::uint32_t>(at + 76) != 0 ||
        kFixedBytes + fixed.positionBytes + fixed.pageCount * kHashBytes + kChecksumBytes !=
            fileBytes) {
        return Error{ErrorCode::Corruption, "a page map whose sizes do not fit"};
    }
    return fixed;
}

/// Writes forward and hashes what it wrote.
class HashedWriter {
public:
    explicit HashedWriter(File& file)
        : m_file(file) {}

    Status write(ByteView bytes) {
        m_hash.update(bytes);
        ENGINE_TRY(m_file.writeAt(m_offset, bytes));
        m_offset += bytes.size();
        return {};
    }

    Status finish() {
        Buffer checksum;
        appendLe(checksum, m_hash.digest());
        ENGINE_TRY(m_file.writeAt(m_offset, checksum));
        return m_file.sync();
    }

private:
    File& m_file;
    Xxh3Stream m_hash;
    std::uint64_t m_offset = 0;
};

/// Reads forward and hashes what it read.
class HashedReader {
public:
    explicit HashedReader(const File& file)
        : m_file(file) {}

    Status read(MutableBytes into) {
        ENGINE_TRY(m_file.readExactAt(m_offset, into));
        m_hash.update(into);
        m_offset += into.size();
        return {};
    }

    Status finish() {
        std::array<std::byte, kChecksumBytes> stored{};
        ENGINE_TRY(m_file.readExactAt(m_offset, stored));
        if (loadLe<std::uint64_t>(stored.data()) != m_hash.digest()) {
            return Error{ErrorCode::Corruption, "the checksum of a page map does not fit"};
        }
        return {};
    }

private:
    const File& m_file;
    Xxh3Stream m_hash;
    std::uint64_t m_offset = 0;
};

using Slice = std::function<Status(std::uint64_t first, std::size_t count)>;

Status forEachSlice(std::uint64_t pageCount, const Slice& slice) {
    for (std::uint64_t done = 0; done < pageCount;) {
        const auto count =
            static_cast<std::size_t>(std::min<std::uint64_t>(kSliceHashes, pageCount - done));
        ENGINE_TRY(slice(done, count));
        done += count;
    }
    return {};
}

Status writeHashes(HashedWriter& writer, const PageMap& map) {
    Buffer bytes(kSliceHashes * kHashBytes);
    return forEachSlice(map.pageCount(), [&](std::uint64_t first, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            storeLe(bytes.data() + i * kHashBytes, map.at(map.firstPage() + first + i));
        }
        return writer.write(ByteView(bytes).first(count * kHashBytes));
    });
}

Status writeTo(const std::string& path, Fixed fixed, const Attrs& origin, const PageMap& map) {
    ENSURE(isPageSize(map.pageSize()));
    const Buffer position = encodePosition(origin);
    if (position.size() > kPositionBytesMax) {
        return Error{ErrorCode::InvalidArgument, "the position of a page map is too long"};
    }
    fixed.pageSize = map.pageSize();
    fixed.firstPage = map.firstPage();
    fixed.seed = map.seed();
    fixed.pageCount = map.pageCount();
    fixed.root = map.root();
    fixed.positionBytes = static_cast<std::uint32_t>(position.size());
    ENGINE_TRY_ASSIGN(File file, File::open(path, File::Mode::CreateNew));
    HashedWriter writer(file);
    ENGINE_TRY(writer.write(encodeFixed(fixed)));
    ENGINE_TRY(writer.write(position));
    ENGINE_TRY(writeHashes(writer, map));
    return writer.finish();
}

Status readHashes(HashedReader& reader, std::uint64_t pageCount, PageMap& map) {
    Buffer bytes(kSliceHashes * kHashBytes);
    return forEachSlice(pageCount, [&](std::uint64_t first, std::size_t count) -> Status {
        ENGINE_TRY(reader.read(MutableBytes(bytes).first(count * kHashBytes)));
        map.resize(first + count);
        for (std::size_t i = 0; i < count; ++i) {
            map.set(map.firstPage() + first + i,
                    loadLe<std::uint64_t>(bytes.data() + i * kHashBytes));
        }
        return {};
    });
}

Result<PageMapCheckpoint> readFrom(const std::string& path) {
    ENGINE_TRY_ASSIGN(const File file, File::open(path, File::Mode::Read));
    ENGINE_TRY_ASSIGN(const FileFacts facts, file.facts());
    if (!facts.isRegular() || facts.size < kFixedBytes + kChecksumBytes) {
        return Error{ErrorCode::Corruption, "not a page map"};
    }
    HashedReader reader(file);
    Buffer bytes(kFixedBytes);
    ENGINE_TRY(reader.read(bytes));
    ENGINE_TRY_ASSIGN(const Fixed fixed, parseFixed(bytes, facts.size));
    bytes.resize(fixed.positionBytes);
    ENGINE_TRY(reader.read(bytes));
    PageMapCheckpoint checkpoint;
    checkpoint.generation = fixed.generation;
    checkpoint.tx = fixed.tx;
    ENGINE_TRY_ASSIGN(checkpoint.position, parsePosition(bytes));
    checkpoint.map = PageMap(fixed.pageSize, fixed.firstPage, fixed.seed);
    ENGINE_TRY(readHashes(reader, fixed.pageCount, checkpoint.map));
    ENGINE_TRY(reader.finish());
    if (checkpoint.map.root() != fixed.root) {
        return Error{ErrorCode::Corruption, "the root of a page map does not fit its pages"};
    }
    return checkpoint;
}

}  // namespace

Status savePageMap(const std::string& path,
                   GenerationId generation,
                   TxId tx,
                   const Attrs& position,
                   const PageMap& map) {
    const std::string temporary = path + ".tmp-" + toHex16(randomId64());
    Fixed fixed;
    fixed.generation = generation;
    fixed.tx = tx;
    Status done = writeTo(temporary, fixed, position, map);
    if (done.ok()) {
        done = renameReplace(temporary, path);
    }
    if (!done.ok()) {
        ignoreError(removeFile(temporary), "the first error is the one to report");
        return std::move(done).error().context("save page map " + path);
    }
    return syncFolder(parentOf(path));
}

Result<PageMapCheckpoint> loadPageMap(const std::string& path) {
    Result<PageMapCheckpoint> loaded = readFrom(path);
    if (!loaded.ok()) {
        return std::move(loaded).error().context("load page map " + path);
    }
    return loaded;
}

}  // namespace engine
