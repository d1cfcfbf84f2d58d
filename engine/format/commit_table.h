// SPDX-License-Identifier: Apache-2.0
// The commit table of an artefact as bytes (FORMAT.md, "Commit table"). Private to the room.
#pragma once

#include <vector>

#include "engine/format/artefact.h"

namespace engine {

/// Encodes row by row, so that a writer keeps about 25 bytes a commit.
class CommitTableBuilder {
public:
    void add(const CommitEntry& entry);

    std::uint64_t count() const noexcept { return m_count; }

    /// The row that was added last.
    const CommitEntry& last() const noexcept { return m_last; }

    /// At least the size of what encode() gives.
    std::size_t bytes() const noexcept { return m_rows.size() + 10; }

    Buffer encode() const;

private:
    Buffer m_rows;
    std::uint64_t m_count = 0;
    CommitEntry m_last;
};

/// frameCount: frames of the artefact. Rows are in order, own frames that are there, and hold
/// values that can be; else Corruption.
Result<std::vector<CommitEntry>> parseCommitTable(ByteView bytes, std::uint64_t frameCount);

}  // namespace engine
