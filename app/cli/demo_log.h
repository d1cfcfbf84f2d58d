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

    /// The bytes are a commit of the writer, and the one that was the newest at that moment; one
    /// that the recorder saw late, after the moment, may be missing.
    bool equal() const noexcept;
};

class DemoLog {
public:
    /// One line of the writer: sequence, time in ms, size, hash.
    engine::Status add(const std::string& line);

    std::size_t size() const noexcept { return m_commits.size(); }

    const DemoCommit& first() const { return m_commits.front(); }

    const DemoCommit& last() const { return m_commits.back(); }

    std::optional<DemoCommit> byHash(const std::string& hash) const;

    /// One in each of the first two thirds of the run, in the middle of the longest pause of the
    /// writer there, and the end.
    std::vector<DemoMoment> threeMoments() const;
    static bool allEqual(const std::vector<DemoMoment>& moments);

private:
    DemoMoment momentAfter(std::size_t commit) const;

    std::vector<DemoCommit> m_commits;
};

/// A path as the path of a URL.
std::string urlPathOf(const std::string& path);

}  // namespace cli
