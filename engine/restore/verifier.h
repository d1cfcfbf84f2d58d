// SPDX-License-Identifier: Apache-2.0
// Checks of a restored file, and of a whole replica.
#pragma once

#include <array>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/history/timeline.h"

namespace engine {

/// What SQLite keeps beside a database.
constexpr std::array<const char*, 3> kSideSuffixes = {"-wal", "-shm", "-journal"};

/// Reads the file once and compares its root and size. Corruption names the difference.
Status checkRoot(const std::string& path,
                 std::uint32_t pageSize,
                 std::uint64_t seed,
                 DatabaseEngine engine,
                 std::uint64_t highWaterMark,
                 const Root& root,
                 std::stop_token stop);

/// SQLite's integrity_check through an immutable read-only handle: no side file, no lock. A
/// collation or function that is not there is a note, not a failure.
Result<std::vector<std::string>> checkSqliteIntegrity(const std::string& path,
                                                      std::stop_token stop);

/// The same for a database that is in its place: as SQLite would find it, with its write-ahead log
/// or a journal that has to be rolled back; of those a copy is looked at, beside it. Corruption: it
/// is no sound database.
Status checkSqliteDatabase(const std::string& path, std::stop_token stop);

struct DamagedObject {
    std::string name;
    std::string problem;
};

struct VerifyReport {
    std::uint64_t objects = 0;
    std::uint64_t bytes = 0;
    std::uint64_t points = 0;  // that are stored, the lost ones too
    std::vector<DamagedObject> damaged;
    std::vector<Point> lost;  // points that need what is damaged or gone and have no other way
};

struct VerifyProgress {
    std::uint64_t bytesDone = 0;
    std::uint64_t bytesTotal = 0;
};

/// Reads every object and checks it: names, sizes, checksums, tables, and the root of every commit
/// from the snapshot on.
Result<VerifyReport> verifyHistory(Replica& replica,
                                   const History& history,
                                   const Sealer* sealer,
                                   const std::function<void(const VerifyProgress&)>& progress,
                                   std::stop_token stop);

}  // namespace engine
