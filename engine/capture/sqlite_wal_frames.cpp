// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/sqlite_wal_frames.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "engine/base/ensure.h"
#include "engine/capture/mutation.h"
#include "engine/format/page_map.h"

namespace engine {
namespace {

constexpr std::size_t kChunkBytes = 256u << 10;
using FrameHeaderBytes = std::array<std::byte, kWalFrameHeaderBytes>;

std::size_t frameBytes(std::uint32_t pageSize) noexcept {
    return kWalFrameHeaderBytes + std::size_t{pageSize};
}

/// Of each page the newest frame, without the pages that the commit cut off.
void settlePages(WalCommit& commit) {
    auto& pages = commit.pages;
    std::sort(pages.begin(), pages.end(), [](const StagedPage& a, const StagedPage& b) {
        return a.page != b.page ? a.page < b.page : a.frame > b.frame;
    });
    const auto samePage = [](const StagedPage& a, const StagedPage& b) { return a.page == b.page; };
    pages.erase(std::unique(pages.begin(), pages.end(), samePage), pages.end());
    const auto above = [&](const StagedPage& p) { return p.page > commit.pageCount; };
    pages.erase(std::remove_if(pages.begin(), pages.end(), above), pages.end());
}

}  // namespace

WalPosition WalPosition::startOf(const WalHeader& header) noexcept {
    WalPosition position;
    position.salts = header.salts;
    position.checkpoints = header.checkpoints;
    position.checksum = header.checksum;
    position.bigEndianWords = header.bigEndianWords;
    position.pageSize = header.pageSize;
    return position;
}

WalPosition WalBatch::after(std::size_t index) const {
    const WalCommit& commit = commits[index];
    WalPosition position = from;
    position.frame = commit.lastFrame;
    position.checksum = commit.checksum;
    position.lastPage = commit.lastPage;
    position.lastHash = commit.lastHash;
    position.pageCount = commit.pageCount;
    return position;
}

ByteView WalBatch::kept(std::uint32_t frame) const noexcept {
    const std::size_t begin = (std::size_t{frame} - firstKept) * from.pageSize;
    if (frame < firstKept || begin + from.pageSize > bytes.size()) {
        return {};
    }
    return ByteView(bytes).subspan(begin, from.pageSize);
}

/// One reading of frames: the chain so far and the commit that is being put together.
class WalFrameReader::Walk {
public:
    Walk(const WalPosition& from, const WalRead& request)
        : m_request(request)
        , m_running(from.checksum)
        , m_frame(from.frame) {
        m_batch.from = from;
        m_batch.lastValid = from.frame;
        m_batch.firstKept = from.frame + 1;
        if (request.lastFrame > from.frame) {
            const std::size_t frames = request.lastFrame - from.frame;
            m_batch.bytes.reserve(std::min(frames * from.pageSize, kKeptMax + from.pageSize));
        }
    }

    /// false: the frame does not belong to the chain.
    bool take(ByteView frame);

    bool wanted() const noexcept {
        return m_request.lastFrame == 0 ? m_frame < std::numeric_limits<std::uint32_t>::max()
                                        : m_frame < m_request.lastFrame;
    }

    /// A commit has just ended and what is kept is enough for one batch.
    bool full() const noexcept {
        return !m_request.whole && m_open.pages.empty() && !m_batch.commits.empty() &&
               m_taken >= kKeptMax;
    }

    std::uint32_t frame() const noexcept { return m_frame; }

    WalBatch& batch() noexcept { return m_batch; }

private:
    bool chains(const WalFrameHeader& header, ByteView frame);
    bool isPadding(const StagedPage& staged, const WalFrameHeader& header) const;
    void endCommit(const StagedPage& staged, const WalFrameHeader& header);

    WalRead m_request;
    WalBatch m_batch;
    WalCommit m_open;
    WalChecksum m_running;
    std::uint32_t m_frame;
    std::uint64_t m_taken = 0;
};

bool WalFrameReader::Walk::chains(const WalFrameHeader& header, ByteView frame) {
    const WalPosition& from = m_batch.from;
    const bool ours = header.salts == from.salts;
    if (header.page == 0 || (!ours && !(m_request.unchecked && header.salts.isZero()))) {
        return false;
    }
    const WalChecksum expected = walFrameChecksum(m_running,
                                                  frame.first(kWalFrameHeaderBytes),
                                                  frame.subspan(kWalFrameHeaderBytes),
                                                  from.bigEndianWords);
    const bool good = ours && expected == header.checksum;
    if (!good && !m_request.unchecked && !mutated(mutation::kFrameChecksumIgnored)) {
        return false;
    }
    m_batch.unchecked = m_batch.unchecked || !good;
    m_running = header.checksum;
    return true;
}

bool WalFrameReader::Walk::take(ByteView frame) {
    const auto header = WalFrameHeader::load(frame);
    if (!chains(header, frame)) {
        return false;
    }
    m_frame += 1;
    m_batch.lastValid = m_frame;
    const ByteView page = frame.subspan(kWalFrameHeaderBytes);
    const StagedPage staged{header.page, m_frame, pageHash(page, m_request.seed)};
    // Only a gapless beginning is kept: a frame is found by its number.
    if (m_taken < kKeptMax) {
        appendBytes(m_batch.bytes, page);
    }
    m_taken += page.size();
    m_open.pages.push_back(staged);
    if (header.isCommit()) {
        endCommit(staged, header);
    }
    return true;
}

bool WalFrameReader::Walk::isPadding(const StagedPage& staged, const WalFrameHeader& header) const {
    if (m_open.pages.size() != 1 || mutated(mutation::kPaddingEmitted)) {
        return false;
    }
    const WalPosition before = m_batch.end();
    return before.lastPage == staged.page && before.lastHash == staged.h64 &&
           before.pageCount == header.pageCount;
}

void WalFrameReader::Walk::endCommit(const StagedPage& staged, const WalFrameHeader& header) {
    if (isPadding(staged, header)) {
        m_open = {};
        const bool first = m_batch.commits.empty();
        (first ? m_batch.from.frame : m_batch.commits.back().lastFrame) = m_frame;
        (first ? m_batch.from.checksum : m_batch.commits.back().checksum) = m_running;
        return;
    }
    m_open.lastFrame = m_frame;
    m_open.pageCount = header.pageCount;
    m_open.checksum = m_running;
    m_open.lastPage = staged.page;
    m_open.lastHash = staged.h64;
    settlePages(m_open);
    m_batch.commits.push_back(std::exchange(m_open, {}));
}

Result<WalBatch> WalFrameReader::read(const SourceFile& wal,
                                      const WalPosition& from,
                                      const WalRead& request,
                                      std::stop_token stop) {
    ENSURE(isSqlitePageSize(from.pageSize));
    const std::size_t size = frameBytes(from.pageSize);
    const std::size_t perChunk = std::max<std::size_t>(1, kChunkBytes / size);
    m_chunk.resize(perChunk * size);
    Walk walk(from, request);
    bool chained = true;
    while (chained && walk.wanted()) {
        if (stop.stop_requested() || walk.full()) {
            walk.batch().more = true;
            break;
        }
        std::size_t want = perChunk;
        if (request.lastFrame != 0) {
            want = std::min<std::size_t>(want, request.lastFrame - walk.frame());
        }
        const std::uint64_t offset = walFrameOffset(std::uint64_t{walk.frame()} + 1, from.pageSize);
        ENGINE_TRY_ASSIGN(const std::size_t got,
                          wal.readAt(offset, MutableBytes(m_chunk).first(want * size)));
        walk.batch().bytesRead += got;
        for (std::size_t at = 0; chained && at + size <= got && !walk.full(); at += size) {
            chained = walk.take(ByteView(m_chunk).subspan(at, size));
        }
        chained = chained && got == want * size;
    }
    return std::move(walk.batch());
}

Result<bool> readFramePage(const SourceFile& wal, std::uint32_t frame, MutableBytes page) {
    const auto pageSize = static_cast<std::uint32_t>(page.size());
    return readWhole(wal, walFrameOffset(frame, pageSize) + kWalFrameHeaderBytes, page);
}

Result<bool> frameIsIntact(const SourceFile& wal, const WalPosition& position) {
    FrameHeaderBytes bytes;
    const std::uint64_t offset = walFrameOffset(position.frame, position.pageSize);
    ENGINE_TRY_ASSIGN(const bool whole, readWhole(wal, offset, bytes));
    if (!whole) {
        return false;
    }
    const auto header = WalFrameHeader::load(bytes);
    return header.salts == position.salts && header.checksum == position.checksum;
}

Result<bool> hasOpenTail(const SourceFile& wal, const WalBatch& batch) {
    const WalSalts ours = batch.from.salts;
    for (std::uint64_t frame = std::uint64_t{batch.lastValid} + 1;; ++frame) {
        FrameHeaderBytes bytes;
        const std::uint64_t offset = walFrameOffset(frame, batch.from.pageSize);
        ENGINE_TRY_ASSIGN(const bool whole, readWhole(wal, offset, bytes));
        const auto header = WalFrameHeader::load(bytes);
        if (!whole || header.page == 0 || (header.salts != ours && !header.salts.isZero())) {
            return false;
        }
        if (header.isCommit()) {
            return true;
        }
    }
}

Result<bool> olderFrameFollows(const SourceFile& wal, const WalBatch& batch, WalSalts newer) {
    if (mutated(mutation::kOlderFrameNotAsked)) {
        return true;
    }
    FrameHeaderBytes bytes;
    const std::uint64_t next = std::uint64_t{batch.lastValid} + 1;
    const std::uint64_t offset = walFrameOffset(next, batch.from.pageSize);
    ENGINE_TRY_ASSIGN(const bool whole, readWhole(wal, offset, bytes));
    if (!whole) {
        return false;
    }
    const WalSalts salts = WalFrameHeader::load(bytes).salts;
    return salts != batch.from.salts && salts != newer && !salts.isZero();
}

}  // namespace engine
