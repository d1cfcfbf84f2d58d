// SPDX-License-Identifier: Apache-2.0
#include "engine/format/commit_table.h"

#include "engine/format/artefact_layout.h"

namespace engine {
namespace {

constexpr std::uint8_t kCatchUp = 1;
constexpr std::uint8_t kMerged = 2;
constexpr std::uint8_t kParentRoot = 4;  // absent where it is the root of the row before
constexpr std::uint8_t kSkipped = 8;     // abandoned frames lie between this row's and the last's
constexpr std::uint8_t kFlagsKnown = 15;
constexpr std::size_t kRowBytesMin = 21;

/// A difference modulo 2^64, as the signed number that is short.
std::int64_t difference(std::uint64_t to, std::uint64_t from) noexcept {
    return static_cast<std::int64_t>(to - from);
}

void appendRoot(Buffer& to, const Root& root) {
    appendLe(to, root.low);
    appendLe(to, root.high);
}

Result<Root> readRoot(ByteReader& reader) {
    Root root;
    ENGINE_TRY_ASSIGN(root.low, reader.le<std::uint64_t>());
    ENGINE_TRY_ASSIGN(root.high, reader.le<std::uint64_t>());
    return root;
}

std::uint8_t flagsOf(const CommitEntry& entry, const CommitEntry& previous) {
    std::uint8_t flags = 0;
    flags |= entry.catchUp ? kCatchUp : std::uint8_t{0};
    flags |= entry.merged ? kMerged : std::uint8_t{0};
    flags |= entry.parentRoot != previous.root ? kParentRoot : std::uint8_t{0};
    flags |=
        entry.firstFrame != previous.firstFrame + previous.frameCount ? kSkipped : std::uint8_t{0};
    return flags;
}

/// What the frames allow: the row begins after the frames of the one before and ends in the
/// artefact.
Status readFrames(ByteReader& reader, bool skipped, std::uint64_t frameCount, CommitEntry& entry) {
    std::uint64_t left = frameCount - entry.firstFrame;
    ENGINE_TRY_ASSIGN(entry.frameCount, reader.varint());
    if (skipped) {
        ENGINE_TRY_ASSIGN(const std::uint64_t count, reader.varint());
        if (count == 0 || count > left) {
            return corrupt("a commit skips frames that are not there");
        }
        entry.firstFrame += count;
        left -= count;
    }
    if (entry.frameCount > left) {
        return corrupt("a commit has frames that are not there");
    }
    return {};
}

Result<CommitEntry> readRow(ByteReader& reader,
                            const CommitEntry& previous,
                            std::uint64_t frameCount) {
    ENGINE_TRY_ASSIGN(const auto flags, reader.le<std::uint8_t>());
    ENGINE_TRY_ASSIGN(const std::uint64_t txStep, reader.varint());
    ENGINE_TRY_ASSIGN(const std::int64_t timeStep, reader.signedVarint());
    ENGINE_TRY_ASSIGN(const std::int64_t pagesStep, reader.signedVarint());
    CommitEntry entry;
    entry.tx.value = previous.tx.value + txStep;
    entry.time.ms = static_cast<std::int64_t>(static_cast<std::uint64_t>(previous.time.ms) +
                                              static_cast<std::uint64_t>(timeStep));
    entry.highWaterMark = previous.highWaterMark + static_cast<std::uint64_t>(pagesStep);
    if ((flags & ~kFlagsKnown) != 0 || entry.tx <= previous.tx || !isRepresentable(entry.time) ||
        entry.highWaterMark > kPagesMax) {
        return corrupt("a commit has values that cannot be");
    }
    entry.catchUp = (flags & kCatchUp) != 0;
    entry.firstFrame = previous.firstFrame + previous.frameCount;
    ENGINE_TRY(readFrames(reader, (flags & kSkipped) != 0, frameCount, entry));
    if ((flags & kMerged) != 0) {
        ENGINE_TRY_ASSIGN(entry.merged, reader.varint());
    }
    entry.parentRoot = previous.root;
    if ((flags & kParentRoot) != 0) {
        ENGINE_TRY_ASSIGN(entry.parentRoot, readRoot(reader));
    }
    ENGINE_TRY_ASSIGN(entry.root, readRoot(reader));
    return entry;
}

}  // namespace

void CommitTableBuilder::add(const CommitEntry& entry) {
    ENSURE(entry.tx > m_last.tx);
    ENSURE(m_count < kCommitsMax);
    const std::uint64_t nextFrame = m_last.firstFrame + m_last.frameCount;
    ENSURE(entry.firstFrame >= nextFrame);
    appendLe(m_rows, flagsOf(entry, m_last));
    appendVarint(m_rows, entry.tx.value - m_last.tx.value);
    appendSignedVarint(m_rows, entry.time.ms - m_last.time.ms);
    appendSignedVarint(m_rows, difference(entry.highWaterMark, m_last.highWaterMark));
    appendVarint(m_rows, entry.frameCount);
    if (entry.firstFrame != nextFrame) {
        appendVarint(m_rows, entry.firstFrame - nextFrame);
    }
    if (entry.merged) {
        appendVarint(m_rows, *entry.merged);
    }
    if (entry.parentRoot != m_last.root) {
        appendRoot(m_rows, entry.parentRoot);
    }
    appendRoot(m_rows, entry.root);
    m_last = entry;
    ++m_count;
}

Buffer CommitTableBuilder::encode() const {
    Buffer bytes;
    bytes.reserve(m_rows.size() + 4);
    appendVarint(bytes, m_count);
    appendBytes(bytes, m_rows);
    return bytes;
}

Result<std::vector<CommitEntry>> parseCommitTable(ByteView bytes, std::uint64_t frameCount) {
    ByteReader reader(bytes);
    ENGINE_TRY_ASSIGN(const std::uint64_t count, reader.varint());
    if (count == 0 || count > kCommitsMax || count > reader.remaining() / kRowBytesMin) {
        return corrupt("a commit table says " + std::to_string(count) + " commits");
    }
    std::vector<CommitEntry> commits;
    commits.reserve(count);
    CommitEntry previous;
    for (std::uint64_t i = 0; i < count; ++i) {
        ENGINE_TRY_ASSIGN(previous, readRow(reader, previous, frameCount));
        commits.push_back(previous);
    }
    if (reader.remaining() != 0) {
        return corrupt("bytes behind the commit table");
    }
    return commits;
}

}  // namespace engine
