// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/sqlite_sweep.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "engine/base/ensure.h"
#include "engine/capture/mutation.h"
#include "engine/capture/sqlite_wal_index.h"

namespace engine {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kSliceBytes = 256u << 10;
constexpr milliseconds kQuietMin{20};
constexpr milliseconds kSoon{1};
constexpr milliseconds kWhile{1000};
constexpr int kLooksMax = 16;
// A trunk page of the free list can stand for this many pages that were never written.
constexpr std::uint64_t kPagesPerFrame = 16384;

}  // namespace

SqliteSweep::SqliteSweep(SqliteFiles& files,
                         WalFollower& follower,
                         const CaptureOptions& options,
                         const PageMap* against,
                         CaptureMode mode)
    : m_files(files)
    , m_follower(follower)
    , m_options(options)
    , m_against(against)
    , m_mode(mode)
    , m_buffer(kSliceBytes) {}

SqliteSweep::Progress SqliteSweep::notNow(std::optional<Waiting> waiting, milliseconds pause) {
    m_waiting = waiting;
    m_pause = pause;
    return Progress::NotNow;
}

SqliteSweep::Progress SqliteSweep::lost(std::string_view why) {
    return lostFor(why, std::nullopt, milliseconds{0});
}

SqliteSweep::Progress SqliteSweep::lostFor(std::string_view why,
                                           std::optional<Waiting> waiting,
                                           milliseconds pause) {
    m_why = why;
    m_waiting = waiting;
    m_pause = pause;
    return Progress::Lost;
}

Result<SqliteSweep::Progress> SqliteSweep::advance(Steady until, std::stop_token stop) {
    if (!m_collector) {
        ENGINE_TRY_ASSIGN(const Halt halt, begin());
        if (halt) {
            return *halt;
        }
    }
    while (!stop.stop_requested()) {
        ENGINE_TRY_ASSIGN(const Halt halt, follow(stop));
        if (halt) {
            return *halt;
        }
        if (const Halt early = checkQuiet()) {
            return *early;
        }
        if (allRead()) {
            return finish();
        }
        ENGINE_TRY(readSlice());
        if (m_options.clock->steady() >= until) {
            break;
        }
    }
    return Progress::Reading;
}

/// A chain without a commit proves nothing: the file stands alone, and must have been quiet.
SqliteSweep::Halt SqliteSweep::checkQuiet() {
    if (m_mode != CaptureMode::WalChain || m_anyCommit || m_next != 1) {
        return std::nullopt;
    }
    const milliseconds quietIn = m_watch->untilQuiet(m_stamp);
    return quietIn.count() > 0 ? Halt(lostFor("not quiet yet", std::nullopt, quietIn)) : Halt();
}

Result<SqliteSweep::Halt> SqliteSweep::begin() {
    m_watch.emplace(*m_options.clock, kQuietMin);
    ENGINE_TRY_ASSIGN(m_stamp, m_files.database()->facts());
    std::array<std::byte, kSqliteHeaderBytes> bytes;
    ENGINE_TRY_ASSIGN(const bool whole, readWhole(*m_files.database(), 0, bytes));
    auto header = whole ? SqliteHeader::parse(bytes)
                        : Result<SqliteHeader>(Error{ErrorCode::Corruption, "too short"});
    m_fileHeader.reset();
    if (header.ok()) {
        m_fileHeader = header.value();
    }
    switch (m_mode) {
        case CaptureMode::WalShared:
            return beginShared();
        case CaptureMode::WalChain:
            return beginChain();
        case CaptureMode::WalAtRest:
            return beginAtRest();
        case CaptureMode::Unknown:
        case CaptureMode::Journal:
        case CaptureMode::WhenClosed:
        case CaptureMode::Bolt:
        case CaptureMode::Embedded:
        case CaptureMode::NotSupported:
            break;
    }
    return Halt(lost("no WAL mode"));
}

SqliteSweep::Halt SqliteSweep::checkPageSize(std::uint32_t pageSize) {
    if (m_against != nullptr && m_against->pageSize() != pageSize) {
        return Progress::PageSizeChanged;
    }
    m_pageSize = pageSize;
    if (!m_collector) {
        m_collector = std::make_unique<StateCollector>(
            m_against, pageSize, m_options.seed, m_options.spillFolder);
    }
    return std::nullopt;
}

SqliteSweep::Halt SqliteSweep::noDatabase() {
    // A file that is emptied or being written for the first time says nothing yet.
    const bool other = m_against != nullptr && m_stamp.size >= kSqlitePageSizeMin;
    return other ? Halt(Progress::FormatChanged) : Halt(notNow(Waiting::NotADatabase, kWhile));
}

Result<SqliteSweep::Halt> SqliteSweep::beginLive(const WalPosition& position) {
    const Halt halt = checkPageSize(position.pageSize);
    if (!halt) {
        m_follower.adopt(position);
    }
    return halt;
}

Result<SqliteSweep::Halt> SqliteSweep::beginShared() {
    if (m_files.shm() == nullptr || m_files.wal() == nullptr) {
        return Halt(notNow(std::nullopt, kSoon));
    }
    ENGINE_TRY_ASSIGN(const auto index, readWalIndexHeader(*m_files.shm()));
    if (!index) {
        return Halt(notNow(std::nullopt, kSoon));
    }
    WalPosition position;
    position.salts = index->salts;
    position.pageSize = index->pageSize;
    if (index->frames == 0) {
        // The index may not know the page size yet; nobody writes the file while there is no frame.
        if (!m_fileHeader) {
            return noDatabase();
        }
        position.pageSize = m_fileHeader->pageSize;
    }
    return beginLive(position);
}

Result<SqliteSweep::Halt> SqliteSweep::beginChain() {
    if (m_files.wal() == nullptr) {
        return Halt(lost("no WAL"));
    }
    ENGINE_TRY_ASSIGN(const auto header, readWalHeader(*m_files.wal()));
    if (!header) {
        return Halt(lost("no valid WAL header"));
    }
    return beginLive(WalPosition::startOf(*header));
}

Result<SqliteSweep::Halt> SqliteSweep::beginAtRest() {
    const milliseconds quietIn = m_watch->untilQuiet(m_stamp);
    if (quietIn.count() > 0 && !mutated(mutation::kQuietNotAsked)) {
        return Halt(notNow(std::nullopt, quietIn));
    }
    ENGINE_TRY_ASSIGN(const bool same, stampIsSame());
    if (!same) {
        return Halt(notNow(std::nullopt, kSoon));
    }
    if (!m_fileHeader) {
        return noDatabase();
    }
    m_follower.forget();
    return checkPageSize(m_fileHeader->pageSize);
}

Result<SqliteSweep::Halt> SqliteSweep::follow(std::stop_token stop) {
    if (m_mode == CaptureMode::WalAtRest) {
        ENGINE_TRY_ASSIGN(const bool same, stampIsSame());
        return same ? Halt() : Halt(lost("the file changed at rest"));
    }
    for (int i = 0; i < kLooksMax; ++i) {
        ENGINE_TRY_ASSIGN(const WalLook look,
                          m_mode == CaptureMode::WalShared ? m_follower.lookShared(stop)
                                                           : m_follower.lookChain(stop));
        m_bytesRead += look.bytesRead;
        switch (look.kind) {
            case WalLook::Kind::Nothing:
                m_follower.tookAll(look);
                m_openTail = look.openTail;
                return Halt();
            case WalLook::Kind::Proved: {
                ENGINE_TRY_ASSIGN(const Halt halt, takeLook(look, stop));
                // All that was committed when the look began is taken: who writes without a rest is
                // not run after.
                m_openTail = look.openTail;
                if (halt || !(look.more || look.openTail)) {
                    return halt;
                }
                i = look.more ? 0 : i;
                break;
            }
            case WalLook::Kind::Again:
                break;
            case WalLook::Kind::NotReady:
                return Halt(notNow(std::nullopt, kSoon));
            case WalLook::Kind::Lost:
                if (m_mode == CaptureMode::WalShared && mutated(mutation::kScanWithoutSalts)) {
                    ENGINE_TRY(beginShared());
                    break;
                }
                if (m_mode == CaptureMode::WalChain && mutated(mutation::kChainScanHeaderOnce)) {
                    ENGINE_TRY(beginChain());
                    break;
                }
                return Halt(lost(look.why));
        }
    }
    return Halt(notNow(std::nullopt, kSoon));
}

Result<SqliteSweep::Halt> SqliteSweep::takeLook(const WalLook& look, const std::stop_token& stop) {
    for (const WalBatch& batch : look.batches) {
        for (std::size_t i = 0; i < batch.commits.size(); ++i) {
            ENGINE_TRY_ASSIGN(const Halt halt, takeCommit(batch, batch.commits[i], stop));
            if (halt) {
                return halt;
            }
            m_follower.took(batch, i);
        }
    }
    m_follower.tookAll(look);
    return Halt();
}

Result<ByteView> SqliteSweep::bytesOf(const WalBatch& batch, const StagedPage& staged) {
    if (const ByteView kept = batch.kept(staged.frame); !kept.empty()) {
        return kept;
    }
    m_page.resize(m_pageSize);
    ENGINE_TRY_ASSIGN(const bool whole, readFramePage(*m_files.wal(), staged.frame, m_page));
    const bool same = whole && m_collector->hashOf(m_page) == staged.h64;
    return same ? ByteView(m_page) : ByteView();
}

Result<SqliteSweep::Halt> SqliteSweep::takeCommit(const WalBatch& batch,
                                                  const WalCommit& commit,
                                                  const std::stop_token& stop) {
    m_frames += commit.pages.size();
    for (const StagedPage& staged : commit.pages) {
        if (stop.stop_requested()) {
            return Halt(Progress::Reading);  // what was taken of it is taken again
        }
        if (!plausible(staged.page)) {
            return Halt(lost("a page far behind the end"));
        }
        ByteView bytes;
        if (staged.page == 1 || m_collector->needsBytes(staged.page, staged.h64)) {
            ENGINE_TRY_ASSIGN(bytes, bytesOf(batch, staged));
            if (bytes.empty()) {
                return Halt(Progress::Reading);  // overwritten: the next look tells
            }
        }
        if (staged.page == 1) {
            m_changeCounter = loadBe<std::uint32_t>(bytes.data() + 24);
        }
        ENGINE_TRY(m_collector->take(staged.page, staged.h64, bytes));
        m_framed.add(staged.page);
    }
    m_anyCommit = true;
    return Halt();
}

bool SqliteSweep::plausible(std::uint64_t page) const noexcept {
    return page <= m_stamp.size / m_pageSize + (m_frames + 1) * kPagesPerFrame &&
           page < std::numeric_limits<std::uint32_t>::max();
}

std::uint64_t SqliteSweep::target() const noexcept {
    if (m_anyCommit) {
        return m_follower.position()->pageCount;
    }
    return m_fileHeader ? m_fileHeader->pagesAtRest(m_stamp.size) : m_stamp.size / m_pageSize;
}

Status SqliteSweep::readSlice() {
    while (m_next <= target() && m_framed.contains(static_cast<std::uint32_t>(m_next))) {
        m_next += 1;
    }
    if (allRead()) {
        return {};
    }
    const std::uint64_t count =
        std::min<std::uint64_t>(kSliceBytes / m_pageSize, target() - m_next + 1);
    const MutableBytes slice = m_buffer.bytes().first(static_cast<std::size_t>(count) * m_pageSize);
    ENGINE_TRY_ASSIGN(const std::size_t got,
                      m_files.database()->readAt((m_next - 1) * m_pageSize, slice));
    m_bytesRead += got;
    const std::size_t whole = got / m_pageSize;
    for (std::size_t i = 0; i < whole; ++i) {
        ENGINE_TRY(takeFilePage(static_cast<std::uint32_t>(m_next),
                                ByteView(slice).subspan(i * m_pageSize, m_pageSize)));
        m_next += 1;
    }
    m_fileEnded = whole < count;
    return {};
}

Status SqliteSweep::takeFilePage(std::uint32_t page, ByteView bytes) {
    if (m_framed.contains(page)) {
        return {};
    }
    if (page == 1) {
        m_changeCounter = loadBe<std::uint32_t>(bytes.data() + 24);
    }
    return m_collector->take(page, m_collector->hashOf(bytes), bytes);
}

}  // namespace engine
