// SPDX-License-Identifier: Apache-2.0
// One pass over the file of a journal database, in slices, under the stamp that it began with.
// Internal to sqlite_journal_reader.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "engine/capture/aligned_buffer.h"
#include "engine/capture/page_spill.h"
#include "engine/capture/sqlite_journal_rollback.h"
#include "engine/capture/sqlite_journal_sight.h"
#include "engine/format/page_map.h"
#include "engine/format/sqlite_layout.h"

namespace engine {

/// What a scan found before it reads all pages.
struct ScanPlan {
    SqliteHeader header;  // of the state, not of the torn file
    std::uint64_t pageCount = 0;
};

class JournalScan {
public:
    /// map: null for a baseline.
    struct Options {
        const PageMap* map = nullptr;
        std::uint64_t seed = 0;
        std::string spillFolder;
    };

    enum class Progress : std::uint8_t {
        Paused,  // goOn() said no
        Done,
        Short,       // the file holds less than its header says, or no database
        HotJournal,  // a journal that is not ours to roll back
        Changed,     // somebody wrote
    };

    /// bytesRead: counts what the scan reads.
    JournalScan(const FileFacts& stamp, const JournalSight& sight, std::uint64_t& bytesRead)
        : m_stamp(stamp)
        , m_sight(sight)
        , m_bytesRead(bytesRead) {}

    const FileFacts& stamp() const noexcept { return m_stamp; }

    const JournalSight& sight() const noexcept { return m_sight; }

    /// The journal of a crash is read first, then the header of the state. Done: plan() is there.
    Result<Progress> prepare(SourceFolder& folder,
                             const SourceFile& database,
                             const std::function<bool()>& goOn);

    bool prepared() const noexcept { return m_plan.has_value(); }

    const ScanPlan& plan() const noexcept { return *m_plan; }

    /// Reads and compares the pages. The map must be the same in each call.
    Result<Progress> run(const SourceFile& database,
                         const Options& options,
                         const std::function<bool()>& goOn);

    /// After Done: the pages that differ, in page order; the map of a baseline.
    PageSpill& pages() noexcept { return *m_pages; }

    std::optional<PageMap>& fresh() noexcept { return m_fresh; }

private:
    Result<Progress> openRollback(SourceFolder& folder, const SourceFile& database);
    Result<Progress> makePlan(const SourceFile& database);
    bool journalCovers(const JournalHeader& header) const;
    Result<Progress> readSlice(const SourceFile& database, const Options& options);
    Result<bool> layOver(std::uint64_t first, std::uint64_t count, std::uint64_t fromFile);
    Status takePage(std::uint64_t page, ByteView bytes, const Options& options);

    FileFacts m_stamp;
    JournalSight m_sight;
    std::optional<VirtualRollback> m_rollback;
    std::optional<ScanPlan> m_plan;
    std::optional<AlignedBuffer> m_buffer;
    std::uint64_t m_next = 1;
    std::unique_ptr<PageSpill> m_pages;
    std::optional<PageMap> m_fresh;
    std::uint64_t& m_bytesRead;
};

}  // namespace engine
