// SPDX-License-Identifier: Apache-2.0
// Reads frames of a WAL on from a proved position, checks their chain and groups them into
// commits (design: capture.md 3.1 to 3.4). What is in a WAL is hostile: everything is checked.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "engine/capture/source_file.h"
#include "engine/format/sqlite_layout.h"

namespace engine {

/// The end of the last captured commit within a WAL generation.
struct WalPosition {
    WalSalts salts;
    std::uint32_t checkpoints = 0;  // nCkpt of the WAL header
    std::uint32_t frame = 0;        // the last captured frame; 0: none of this generation yet
    WalChecksum checksum;           // after that frame; frame 0: of the WAL header, once read
    bool bigEndianWords = false;
    std::uint32_t pageSize = 0;
    // What the last commit frame held, to know its padding; page 0: not known.
    std::uint32_t lastPage = 0;
    std::uint64_t lastHash = 0;
    std::uint32_t pageCount = 0;  // of the database here; 0: not known

    /// Frame 0 of the generation that a header begins.
    static WalPosition startOf(const WalHeader& header) noexcept;
};

/// The newest frame of a page within one commit.
struct StagedPage {
    std::uint32_t page = 0;
    std::uint32_t frame = 0;
    std::uint64_t h64 = 0;
};

struct WalCommit {
    std::uint32_t lastFrame = 0;  // padding included
    std::uint32_t pageCount = 0;
    WalChecksum checksum;  // after lastFrame
    std::uint32_t lastPage = 0;
    std::uint64_t lastHash = 0;
    std::vector<StagedPage> pages;  // ascending, each once, none above pageCount
};

/// Commits in order, proved by their chain (or taken unchecked, see WalRead).
struct WalBatch {
    WalPosition from;  // padding of the commit before it passed
    std::vector<WalCommit> commits;
    std::uint32_t lastValid = 0;  // the last frame that chains, committed or not
    bool unchecked = false;       // some frame did not chain and was taken all the same
    bool more = false;            // ended at a commit for want of memory, or by the stop token
    std::uint64_t bytesRead = 0;

    /// Where the i-th commit of the batch ends.
    WalPosition after(std::size_t index) const;

    WalPosition end() const { return commits.empty() ? from : after(commits.size() - 1); }

    /// The page bytes of a frame, if they were kept; else empty.
    ByteView kept(std::uint32_t frame) const noexcept;

    std::uint32_t firstKept = 0;
    Buffer bytes;  // of the frames from firstKept on, page after page
};

struct WalRead {
    std::uint32_t lastFrame = 0;  // 0: as far as the chain goes
    bool unchecked = false;       // published frames: salts ours or zero, any checksum
    bool whole = false;           // count everything, do not end early
    std::uint64_t seed = 0;       // of the page hashes
};

class WalFrameReader {
public:
    /// Page bytes of a batch that are kept; more is read again when it is handed on.
    static constexpr std::size_t kKeptMax = 8u << 20;

    Result<WalBatch> read(const SourceFile& wal,
                          const WalPosition& from,
                          const WalRead& request,
                          std::stop_token stop);

private:
    class Walk;
    Buffer m_chunk;
};

/// The page bytes of one frame, unchecked (compare the hash). false: the WAL is shorter.
Result<bool> readFramePage(const SourceFile& wal, std::uint32_t frame, MutableBytes page);

/// True where the frame at the position still carries its salts and checksum.
Result<bool> frameIsIntact(const SourceFile& wal, const WalPosition& position);

/// Frames behind the last valid one that this generation wrote (its salts, or none), one of them
/// with a commit flag: a commit in flight, or one that SQLite left without checksums.
Result<bool> hasOpenTail(const SourceFile& wal, const WalBatch& batch);

/// The frame behind the last valid one lies in the file and is of an older generation than both
/// the batch's and the one that came after: nothing of the batch's generation is missing.
Result<bool> olderFrameFollows(const SourceFile& wal, const WalBatch& batch, WalSalts newer);

}  // namespace engine
