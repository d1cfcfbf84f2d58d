// SPDX-License-Identifier: Apache-2.0
#include "engine/history/table_codec.h"

#include "engine/base/checksum.h"

namespace engine {

namespace {

/// A row takes at least this much: counts are checked against what is left before memory is taken.
constexpr std::size_t kCommitBytes = 8 + 8 + 8 + 16 + 16 + 1 + 8 + 8 + 8;
constexpr std::size_t kPartBytes = 4 * 8;
constexpr std::uint8_t kCatchUp = 1;
constexpr std::uint8_t kMerged = 2;

void putText(Buffer& to, std::string_view text) {
    appendVarint(to, text.size());
    appendBytes(to, viewOf(text));
}

void putAttrs(Buffer& to, const Attrs& attrs) {
    appendVarint(to, attrs.size());
    for (const auto& [name, value] : attrs) {
        putText(to, name);
        putText(to, value);
    }
}

void putRoot(Buffer& to, const Root& root) {
    appendLe(to, root.high);
    appendLe(to, root.low);
}

void putHead(Buffer& to, const ArtefactHead& head) {
    appendBytes(to, head.id.bytes);
    appendLe(to, static_cast<std::uint8_t>(head.kind));
    appendLe(to, head.database.value);
    appendLe(to, head.generation.value);
    appendLe(to, head.writer.value);
    appendLe(to, static_cast<std::uint8_t>(head.engine));
    appendLe(to, head.parentTxId.value);
    appendLe(to, head.firstTxId.value);
    appendLe(to, head.pageSize);
    appendLe(to, head.seed);
    appendLe(to, static_cast<std::uint8_t>(head.compression.codec));
    appendLe(to, static_cast<std::uint32_t>(head.compression.level));
    appendLe(to, static_cast<std::uint32_t>(head.compression.window));
    appendLe(to, static_cast<std::uint64_t>(head.createdAt.ms));
    putText(to, head.keyId);
    putAttrs(to, head.additionalAttrs);
}

void putSummary(Buffer& to, const ArtefactSummary& summary) {
    appendLe(to, summary.txId.value);
    appendLe(to, summary.lastTxId.value);
    appendLe(to, summary.pageCount);
    appendLe(to, summary.highWaterMark);
    putRoot(to, summary.root);
    putAttrs(to, summary.additionalAttrs);
    appendVarint(to, summary.parts.size());
    for (const PartSummary& part : summary.parts) {
        appendLe(to, part.bytes);
        appendLe(to, part.checksum);
        appendLe(to, part.firstFrame);
        appendLe(to, part.frameCount);
    }
}

void putCommits(Buffer& to, const std::vector<CommitEntry>& commits) {
    appendVarint(to, commits.size());
    to.reserve(to.size() + commits.size() * kCommitBytes + sizeof(std::uint64_t));
    for (const CommitEntry& commit : commits) {
        const unsigned flags = (commit.catchUp ? kCatchUp : 0u) | (commit.merged ? kMerged : 0u);
        appendLe(to, commit.tx.value);
        appendLe(to, static_cast<std::uint64_t>(commit.time.ms));
        appendLe(to, commit.highWaterMark);
        putRoot(to, commit.parentRoot);
        putRoot(to, commit.root);
        appendLe(to, static_cast<std::uint8_t>(flags));
        appendLe(to, commit.merged.value_or(0));
        appendLe(to, commit.firstFrame);
        appendLe(to, commit.frameCount);
    }
}

Error bad() {
    return Error{ErrorCode::Corruption, "index entry is damaged"};
}

/// Takes values one after the other; after the first failure every value is zero and ok() false.
class Taker {
public:
    explicit Taker(ByteView bytes)
        : m_reader(bytes) {}

    template <class T>
    T le() {
        const Result<T> value = m_reader.le<T>();
        m_ok = m_ok && value.ok();
        return m_ok ? value.value() : T{};
    }

    std::uint64_t u64() { return le<std::uint64_t>(); }

    std::uint64_t count(std::size_t bytesEach) {
        const Result<std::uint64_t> value = m_reader.varint();
        m_ok = m_ok && value.ok() && value.value() <= m_reader.remaining() / bytesEach;
        return m_ok ? value.value() : 0;
    }

    std::string text() {
        const Result<ByteView> bytes = m_reader.take(count(1));
        m_ok = m_ok && bytes.ok();
        return m_ok ? textOf(bytes.value()) : std::string();
    }

    Root root() {
        const std::uint64_t high = u64();
        return Root{high, u64()};
    }

    Attrs attrs() {
        Attrs attrs;
        for (std::uint64_t left = count(2); left > 0 && m_ok; --left) {
            std::string name = text();
            attrs[std::move(name)] = text();
        }
        return attrs;
    }

    ArtefactId artefact() {
        ArtefactId id;
        const Result<ByteView> bytes = m_reader.take(id.bytes.size());
        m_ok = m_ok && bytes.ok();
        if (m_ok) {
            std::memcpy(id.bytes.data(), bytes.value().data(), id.bytes.size());
        }
        return id;
    }

    bool ok() const noexcept { return m_ok; }

    bool atEnd() const noexcept { return m_ok && m_reader.remaining() == 0; }

private:
    ByteReader m_reader;
    bool m_ok = true;
};

ArtefactHead takeHead(Taker& from) {
    ArtefactHead head;
    head.id = from.artefact();
    head.kind = static_cast<ArtefactKind>(from.le<std::uint8_t>());
    head.database = DatabaseId{from.u64()};
    head.generation = GenerationId{from.u64()};
    head.writer = WriterId{from.u64()};
    head.engine = static_cast<DatabaseEngine>(from.le<std::uint8_t>());
    head.parentTxId = TxId{from.u64()};
    head.firstTxId = TxId{from.u64()};
    head.pageSize = from.le<std::uint32_t>();
    head.seed = from.u64();
    head.compression.codec = static_cast<Codec>(from.le<std::uint8_t>());
    head.compression.level = static_cast<std::int32_t>(from.le<std::uint32_t>());
    head.compression.window = static_cast<std::int32_t>(from.le<std::uint32_t>());
    head.createdAt = Time{static_cast<std::int64_t>(from.u64())};
    head.keyId = from.text();
    head.additionalAttrs = from.attrs();
    return head;
}

ArtefactSummary takeSummary(Taker& from) {
    ArtefactSummary summary;
    summary.txId = TxId{from.u64()};
    summary.lastTxId = TxId{from.u64()};
    summary.pageCount = from.u64();
    summary.highWaterMark = from.u64();
    summary.root = from.root();
    summary.additionalAttrs = from.attrs();
    summary.parts.resize(from.count(kPartBytes));
    for (PartSummary& part : summary.parts) {
        part.bytes = from.u64();
        part.checksum = from.u64();
        part.firstFrame = from.u64();
        part.frameCount = from.u64();
    }
    return summary;
}

std::vector<CommitEntry> takeCommits(Taker& from) {
    std::vector<CommitEntry> commits(from.count(kCommitBytes));
    for (CommitEntry& commit : commits) {
        commit.tx = TxId{from.u64()};
        commit.time = Time{static_cast<std::int64_t>(from.u64())};
        commit.highWaterMark = from.u64();
        commit.parentRoot = from.root();
        commit.root = from.root();
        const unsigned flags = from.le<std::uint8_t>();
        const std::uint64_t merged = from.u64();
        commit.catchUp = (flags & kCatchUp) != 0;
        if ((flags & kMerged) != 0) {
            commit.merged = merged;
        }
        commit.firstFrame = from.u64();
        commit.frameCount = from.u64();
    }
    return commits;
}

}  // namespace

Buffer encodeTable(const ArtefactTable& table) {
    Buffer bytes;
    putHead(bytes, table.head);
    putSummary(bytes, table.summary);
    putCommits(bytes, table.commits);
    appendLe(bytes, xxh3(bytes));
    return bytes;
}

Result<ArtefactTable> decodeTable(ByteView bytes) {
    constexpr std::size_t kTail = sizeof(std::uint64_t);
    if (bytes.size() < kTail) {
        return bad();
    }
    const ByteView body = bytes.first(bytes.size() - kTail);
    if (loadLe<std::uint64_t>(bytes.data() + body.size()) != xxh3(body)) {
        return bad();
    }
    Taker from(body);
    ArtefactTable table;
    table.head = takeHead(from);
    table.summary = takeSummary(from);
    table.commits = takeCommits(from);
    if (!from.atEnd()) {
        return bad();
    }
    return table;
}

}  // namespace engine
