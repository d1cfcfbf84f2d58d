// SPDX-License-Identifier: Apache-2.0
// Carries out a plan into a new file: fetch, unpack, write to a temporary file on the target's
// file system, verify, and only then publish under the target's name, never replacing anything.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/worker_pool.h"
#include "engine/history/restore_plan.h"

namespace engine {

enum class VerifyLevel : std::uint8_t {
    None,   // block checksums only (they are always checked)
    Pages,  // and the root of the finished file
    Full,   // and the engine's own check (SQLite integrity_check)
};

struct RestoreProgress {
    enum class Stage : std::uint8_t { Plan, Fetch, Rebuild, Check, Publish, Done };
    Stage stage = Stage::Plan;
    std::uint64_t bytesDone = 0;
    std::uint64_t bytesTotal = 0;
};

struct RestoreOptions {
    std::string targetPath;  // must not exist, but where asidePath is given
    /// Under this name what is at the target is kept, with its side files: it goes there when the
    /// new file is whole, checked and about to take its place.
    std::string asidePath;
    /// Asked right before that; an error leaves everything as it is.
    std::function<Status()> mayReplace;
    VerifyLevel verify = VerifyLevel::Full;
    unsigned parallel = 4;                                 // ranges fetched at once
    std::function<void(const RestoreProgress&)> progress;  // from the calling thread
    /// Damage proved to be in the way and there is no way around it: the nearest point that works,
    /// as far as it is known. From the calling thread, at most once, before the error.
    std::function<void(const PointInTime&)> nearest;
};

struct RestoreReport {
    Point point;
    Time time;
    std::uint64_t bytes = 0;  // of the restored file
    std::uint64_t fetchedBytes = 0;
    std::uint64_t artefacts = 0;
    std::vector<std::string> notes;  // e.g. a collation that the check could not use
};

/// Whether a restored file could be put there. AlreadyExists: it is there, whatever it is, or a
/// side file that SQLite would mix into it; InvalidArgument: no such folder, or the name is too
/// long. With a name under which what is there is kept: a plain file may be there.
Status checkRestoreTarget(const std::string& target, const std::string& aside, bool isSqlite);

/// "notes.db.broken-20260614T140211.250Z": where a file that is no sound database is kept, so that
/// its side files still belong to it. A long name is cut.
std::string brokenNameOf(const std::string& database, Time now);

/// The place that has the artefacts. Where one of them is missing or damaged, others of the same
/// place that lead to the same state are used, if there are any.
struct RestoreSource {
    Replica* replica = nullptr;
    const Sealer* sealer = nullptr;
};

/// Errors: AlreadyExists (target is there), NoSpace (with what is needed), Corruption (what, where,
/// the target was not written), Cancelled. The temporary file is removed in every case.
Result<RestoreReport> restoreToFile(const RestoreSource& source,
                                    const History& history,
                                    const RestorePlan& plan,
                                    const RestoreOptions& options,
                                    std::stop_token stop);

}  // namespace engine
