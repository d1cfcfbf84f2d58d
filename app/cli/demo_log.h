// SPDX-License-Identifier: Apache-2.0
// What the demo's writer said about its commits, and the moments that are restored and compared.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/api/replica_session.h"

namespace cli {

struct DemoCommit {
    std::uint64_t sequence = 0;
    engine::Time at;         // right after the commit
    std::uint64_t size = 0;  // of the database
    std::string hash;        // SHA-256 of its bytes
};

struct DemoMoment {
    engine::Time at;  // what is asked for; 0 = the newest point
    DemoCommit expected;
    std::string path;
    engine::Point point;
    engine::Time recordedAt;
    std::string hash;
    std::optional<DemoCommit> found;  // the commit with exactly these bytes
    std::int64_t restoreMs = 0;

    /// The bytes are those of the commit that was the newest at that moment.
    bool equal() const noexcept { return hash == expected.hash; }

    /// The bytes are those of the commit before: the recorder saw the expected one only after the
    /// moment, so its history is right and a little late. Never so for the newest point.
    bool late() const noexcept;
};

class DemoLog {
public:
    /// One line of the writer: sequence, time in ms, size, hash.
    engine::Status add(const std::string& line);
    /// A line about the dead writer's database: its last commit, which it may not have told.
    engine::Status addAfterDeath(const std::string& line);

    std::size_t size() const noexcept { return m_commits.size(); }

    const DemoCommit& first() const { return m_commits.front(); }

    const DemoCommit& last() const { return m_commits.back(); }

    std::optional<DemoCommit> byHash(const std::string& hash) const;

    /// Of the commits since that time: one in each of the first two thirds, in the middle of the
    /// writer's longest pause there, and the end.
    std::vector<DemoMoment> threeMoments(engine::Time since) const;
    static bool allRight(const std::vector<DemoMoment>& moments);

private:
    static engine::Result<DemoCommit> parse(const std::string& line);
    DemoMoment momentAfter(std::size_t commit) const;

    std::vector<DemoCommit> m_commits;
};

/// A path as the path of a URL.
std::string urlPathOf(const std::string& path);

}  // namespace cli
