// SPDX-License-Identifier: Apache-2.0
// A source without a file: transactions that a test makes, and a Capture over them that keeps the
// contract of the seam. Several captures in a row over one source are restarts of the engine.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/capture/capture.h"

namespace engine::test {

class FakeSource {
public:
    static constexpr std::uint32_t kPageSize = 512;

    explicit FakeSource(std::uint64_t pages);

    /// One transaction: these pages get new bytes (beyond the end: the source grows).
    void write(const std::vector<std::uint64_t>& pages);
    void shrink(std::uint64_t pages);
    Buffer image() const;
    /// The image after the n-th transaction (0 = at the start).
    Buffer imageAfter(std::size_t n) const;
    std::size_t transactions() const;

    /// The next n transactions are handed on as one catch-up; counted: it says of how many.
    void mergeNext(std::uint64_t n, bool counted);
    /// The next step() of a capture tells this instead of going on.
    void setDiscontinuity(Discontinuity reason);
    /// Called before each page that a snapshot reads, to write meanwhile.
    std::function<void(std::uint64_t page)> beforeRead;
    /// Called when a capture proves a baseline or goes on from a checkpoint.
    std::function<void()> beforeOpen;

private:
    friend class FakeCapture;

    struct Transaction {
        std::map<std::uint64_t, Buffer> pages;
        std::uint64_t pageCount = 0;
    };

    mutable Mutex m_mutex;
    Buffer m_start ENGINE_GUARDED_BY(m_mutex);
    std::vector<Transaction> m_transactions ENGINE_GUARDED_BY(m_mutex);

    struct Merge {
        std::uint64_t count = 1;
        bool counted = true;
    };

    std::optional<Merge> m_merge ENGINE_GUARDED_BY(m_mutex);
    std::optional<Discontinuity> m_discontinuity ENGINE_GUARDED_BY(m_mutex);
    std::uint64_t m_counter ENGINE_GUARDED_BY(m_mutex) = 0;
};

Result<std::unique_ptr<Capture>> makeFakeCapture(FakeSource& source, const CaptureOptions& options);

}  // namespace engine::test
