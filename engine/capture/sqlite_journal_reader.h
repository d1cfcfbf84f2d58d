// SPDX-License-Identifier: Apache-2.0
// Rollback-journal databases: each stable state of the file, proved while nobody writes (design:
// capture.md part 4). There is no log of new pages, so a state is the whole file, read and
// compared with the page map.
//
// The reader keeps only a scan in progress and how long to pause; map and position belong to the
// caller, who changes them when a difference was handed on. One thread at a time. A look reads
// slices until its time is up and goes on in the next one. Make a new reader after a change of
// capture mode: it then cannot know what happened in between, and claims less.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "engine/capture/capture.h"
#include "engine/capture/page_spill.h"
#include "engine/capture/source_file.h"

namespace engine {

/// Where a captured state stands in the source.
struct JournalPosition {
    std::uint32_t changeCounter = 0;
    FileFacts file;                       // size and times count
    std::optional<FileFacts> hotJournal;  // the state was rolled back out of this one

    Attrs toAttrs() const;
    /// Empty where the attributes are not those of a journal database.
    static std::optional<JournalPosition> fromAttrs(const Attrs& attrs);
    bool sameState(const JournalPosition& other) const noexcept;
};

/// A proved state, told as what differs from the page map.
struct StateDifference {
    std::uint32_t pageSize = 0;
    std::uint64_t pageCount = 0;
    bool catchUp = true;                  // false: exactly one transaction
    std::optional<std::uint64_t> merged;  // of how many transactions, if known
    Time seenAt;
    JournalPosition position;
    PageSpill pages;               // in page order
    std::optional<PageMap> fresh;  // baseline: the map of the state; then there are no pages
};

struct JournalLook {
    enum class Kind : std::uint8_t {
        NothingNew,     // the file is what was captured
        MoreToRead,     // a scan goes on: call again
        NotNow,         // see waiting; none where it is a matter of milliseconds
        OtherMode,      // no rollback-journal database any more: decide the mode again
        Discontinuity,  // see discontinuity
        Difference,     // hand it on, then take its position
    };
    Kind kind = Kind::NotNow;
    /// When to call again without an event; empty: events are enough.
    std::optional<std::chrono::milliseconds> callAgain;
    /// The file differs from the position, as far as it can be told.
    bool dirty = false;
    std::optional<Waiting> waiting;
    std::optional<Discontinuity> discontinuity;
    /// NothingNew: the same pages now stand here; take it.
    std::optional<JournalPosition> position;
    std::unique_ptr<StateDifference> difference;
    std::uint64_t bytesRead = 0;  // of the source, in this look
};

struct JournalSource {
    SourceFolder& folder;
    const SourceFile& database;
    const PageMap* map = nullptr;               // null: take a baseline
    const JournalPosition* position = nullptr;  // null: not known, e.g. after WAL
};

class SqliteJournalReader {
public:
    /// Uses spillFolder, seed and clock of the options.
    explicit SqliteJournalReader(const CaptureOptions& options);
    ~SqliteJournalReader();
    SqliteJournalReader(const SqliteJournalReader&) = delete;
    SqliteJournalReader& operator=(const SqliteJournalReader&) = delete;

    /// Errors: I/O of the source, or of our spill folder.
    Result<JournalLook> look(const JournalSource& source,
                             const StepBudget& budget,
                             std::stop_token stop);
    /// The difference of the last look was not handed on; it will be found again.
    void notTaken();

private:
    class Look;
    struct Memory;
    std::unique_ptr<Memory> m_memory;
};

}  // namespace engine
