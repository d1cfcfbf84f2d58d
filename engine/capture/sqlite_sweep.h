// SPDX-License-Identifier: Apache-2.0
// Proves a whole state of a WAL database in slices while the app goes on writing (design:
// capture.md part 6, "Sweep"): a page with a frame comes from its newest frame, and all others
// nobody writes in the file.
//
//   begin -> read frames of the generation -> read a slice of the file -> follow new commits
//                                             ^________________________________|
//   -> all read, nothing new behind the last slice -> Done
//
// Lost (the chain broke, the file changed at rest): throw the sweep away and begin another.
// Owned by one SqliteCapture; one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

#include "engine/capture/aligned_buffer.h"
#include "engine/capture/capture.h"
#include "engine/capture/frame_table.h"
#include "engine/capture/sqlite_wal_follower.h"
#include "engine/capture/stamp_watch.h"
#include "engine/capture/state_collector.h"

namespace engine {

class SqliteSweep {
public:
    enum class Progress : std::uint8_t {
        Reading,  // more to read: call again at once
        NotNow,   // see waiting(); call again after pause()
        Lost,     // see why(); begin anew, after pause()
        PageSizeChanged,
        FormatChanged,
        Done,
    };

    /// against: the captured map, or null for a baseline. mode: WalShared, WalChain or WalAtRest.
    SqliteSweep(SqliteFiles& files,
                WalFollower& follower,
                const CaptureOptions& options,
                const PageMap* against,
                CaptureMode mode);

    /// Works until the time is up or something else than Reading is to be told.
    Result<Progress> advance(Steady until, std::stop_token stop);

    CaptureMode mode() const noexcept { return m_mode; }

    std::optional<Waiting> waiting() const noexcept { return m_waiting; }

    std::chrono::milliseconds pause() const noexcept { return m_pause; }

    std::string_view why() const noexcept { return m_why; }

    std::uint64_t bytesRead() const noexcept { return m_bytesRead; }

    // After Done. The follower stands at the state (live modes).
    StateCollector& state() noexcept { return *m_collector; }

    std::uint32_t pageCount() const noexcept { return m_pageCount; }

    std::uint32_t changeCounter() const noexcept { return m_changeCounter; }

    /// The file alone is the state, and a write to it would show in these facts.
    const std::optional<FileFacts>& restStamp() const noexcept { return m_restStamp; }

private:
    // Each of these is empty where the sweep can go on, else what to tell.
    using Halt = std::optional<Progress>;

    Result<Halt> begin();
    Result<Halt> beginLive(const WalPosition& position);
    Result<Halt> beginShared();
    Result<Halt> beginChain();
    Result<Halt> beginAtRest();
    Halt checkPageSize(std::uint32_t pageSize);
    Halt noDatabase();
    Halt checkQuiet();

    Result<Halt> follow(std::stop_token stop);
    Result<Halt> takeLook(const WalLook& look, const std::stop_token& stop);
    Result<Halt> takeCommit(const WalBatch& batch,
                            const WalCommit& commit,
                            const std::stop_token& stop);
    Result<ByteView> bytesOf(const WalBatch& batch, const StagedPage& staged);
    Status readSlice();
    Status takeFilePage(std::uint32_t page, ByteView bytes);
    std::uint64_t target() const noexcept;

    bool allRead() const noexcept { return m_fileEnded || m_next > target(); }

    bool plausible(std::uint64_t page) const noexcept;

    Result<Progress> finish();
    Result<Halt> countPages();
    Result<Halt> checkSource();
    Result<Halt> checkChain();
    Result<Halt> checkAtRest();
    Result<Halt> fillAbsent();
    Result<bool> stampIsSame();
    bool writeWouldShow() const;

    Progress notNow(std::optional<Waiting> waiting, std::chrono::milliseconds pause);
    Progress lost(std::string_view why);
    Progress lostFor(std::string_view why,
                     std::optional<Waiting> waiting,
                     std::chrono::milliseconds pause);

    SqliteFiles& m_files;
    WalFollower& m_follower;
    const CaptureOptions& m_options;
    const PageMap* m_against;
    CaptureMode m_mode;

    std::optional<StampWatch> m_watch;
    FileFacts m_stamp;                         // of the database file, at the beginning
    std::optional<SqliteHeader> m_fileHeader;  // the same
    std::uint32_t m_pageSize = 0;
    std::unique_ptr<StateCollector> m_collector;
    PageSet m_framed;  // pages whose newest bytes come from a frame
    std::uint64_t m_frames = 0;
    bool m_anyCommit = false;
    bool m_openTail = false;
    AlignedBuffer m_buffer;
    std::uint64_t m_next = 1;  // page of the file to read
    bool m_fileEnded = false;  // before the page m_next
    Buffer m_page;

    std::uint32_t m_pageCount = 0;
    std::uint32_t m_changeCounter = 0;
    std::optional<FileFacts> m_restStamp;
    std::optional<Waiting> m_waiting;
    std::chrono::milliseconds m_pause{0};
    std::string_view m_why;
    std::uint64_t m_bytesRead = 0;
};

}  // namespace engine
