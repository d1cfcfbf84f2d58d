// SPDX-License-Identifier: Apache-2.0
#include "fake_source.h"

#include <algorithm>

namespace engine::test {
namespace {

constexpr std::uint32_t kSize = FakeSource::kPageSize;

Buffer pageOf(std::uint64_t page, std::uint64_t version) {
    Buffer bytes(kSize);
    for (std::size_t i = 0; i + 16 <= bytes.size(); i += 16) {
        storeLe(bytes.data() + i, page);
        storeLe(bytes.data() + i + 8, version);
    }
    return bytes;
}

void put(Buffer& image, std::uint64_t page, ByteView bytes) {
    std::copy(bytes.begin(),
              bytes.end(),
              image.begin() + static_cast<std::ptrdiff_t>((page - 1) * kSize));
}

}  // namespace

FakeSource::FakeSource(std::uint64_t pages) {
    MutexLock lock(m_mutex);
    m_start.resize(pages * kSize);
    for (std::uint64_t page = 1; page <= pages; ++page) {
        put(m_start, page, pageOf(page, 0));
    }
}

void FakeSource::write(const std::vector<std::uint64_t>& pages) {
    MutexLock lock(m_mutex);
    Transaction transaction;
    transaction.pageCount =
        m_transactions.empty() ? m_start.size() / kSize : m_transactions.back().pageCount;
    for (const std::uint64_t page : pages) {
        transaction.pages[page] = pageOf(page, ++m_counter);
        while (transaction.pageCount < page) {
            const std::uint64_t grown = ++transaction.pageCount;
            transaction.pages.try_emplace(grown, pageOf(grown, ++m_counter));
        }
    }
    m_transactions.push_back(std::move(transaction));
}

void FakeSource::shrink(std::uint64_t pages) {
    MutexLock lock(m_mutex);
    Transaction transaction;
    transaction.pageCount = pages;
    transaction.pages[1] = pageOf(1, ++m_counter);
    m_transactions.push_back(std::move(transaction));
}

std::size_t FakeSource::transactions() const {
    MutexLock lock(m_mutex);
    return m_transactions.size();
}

Buffer FakeSource::image() const {
    return imageAfter(transactions());
}

Buffer FakeSource::imageAfter(std::size_t n) const {
    MutexLock lock(m_mutex);
    Buffer image = m_start;
    for (std::size_t i = 0; i < n; ++i) {
        image.resize(m_transactions[i].pageCount * kSize);
        for (const auto& [page, bytes] : m_transactions[i].pages) {
            put(image, page, bytes);
        }
    }
    return image;
}

void FakeSource::mergeNext(std::uint64_t n, bool counted) {
    MutexLock lock(m_mutex);
    m_merge = Merge{n, counted};
}

void FakeSource::setDiscontinuity(Discontinuity reason) {
    MutexLock lock(m_mutex);
    m_discontinuity = reason;
}

class FakeCapture final : public Capture {
public:
    FakeCapture(FakeSource& source, const CaptureOptions& options)
        : m_source(source)
        , m_seed(options.seed)
        , m_clock(*options.clock) {}

    Result<bool> startGeneration(
        GenerationId generation, TxId tx, const StepBudget&, std::stop_token, Step& step) override {
        opening();
        m_n = m_source.transactions();
        m_image = m_source.imageAfter(m_n);
        m_map = PageMap(kSize, 1, m_seed);
        m_map.resize(m_image.size() / kSize);
        for (std::uint64_t page = 1; page < m_map.endPage(); ++page) {
            m_map.set(page, m_map.hashOf(bytesOf(page)));
        }
        m_generation = generation;
        m_tx = tx;
        step.callAgain = m_clock.steady();
        return true;
    }

    Status resume(PageMapCheckpoint state) override {
        opening();
        ENGINE_TRY_ASSIGN(m_n, parseDecimal(state.position["n"]));
        m_image = m_source.imageAfter(m_n);
        m_generation = state.generation;
        m_tx = state.tx;
        m_map = std::move(state.map);
        return {};
    }

    Result<Step> step(CommitSink& sink, const StepBudget&, std::stop_token) override {
        Step step;
        step.callAgain = Steady::max();
        FakeSource::Transaction transaction;
        std::optional<FakeSource::Merge> merge;
        while (next(transaction, merge, step)) {
            ENGINE_TRY(hand(sink, transaction, merge));
            ++step.commits;
        }
        return step;
    }

    Result<std::vector<bool>> readPages(std::span<const std::uint64_t> pages,
                                        MutableBytes into) override {
        std::vector<bool> matched;
        for (std::size_t i = 0; i < pages.size(); ++i) {
            matched.push_back(readPage(pages[i], into.subspan(i * kSize, kSize)));
        }
        return matched;
    }

    bool readPage(std::uint64_t page, MutableBytes into) {
        if (m_source.beforeRead) {
            m_source.beforeRead(page);
        }
        const Buffer now = m_source.image();
        if (page * kSize > now.size()) {
            return false;
        }
        const ByteView bytes = ByteView(now).subspan((page - 1) * kSize, kSize);
        std::copy(bytes.begin(), bytes.end(), into.begin());
        return m_map.equals(page, m_map.hashOf(bytes));
    }

    void noteEvents(const SourceEvents&) override {}

    const PageMap& map() const override { return m_map; }

    CapturePosition position() const override {
        return CapturePosition{m_generation, m_tx, Attrs{{"n", std::to_string(m_n)}}};
    }

    CaptureMode mode() const override { return CaptureMode::WalShared; }

    CaptureCounters counters() const override { return m_counters; }

private:
    void opening() const {
        if (m_source.beforeOpen) {
            m_source.beforeOpen();
        }
    }

    ByteView bytesOf(std::uint64_t page) const {
        return ByteView(m_image).subspan((page - 1) * kSize, kSize);
    }

    bool next(FakeSource::Transaction& transaction,
              std::optional<FakeSource::Merge>& merge,
              Step& step) {
        MutexLock lock(m_source.m_mutex);
        if (m_source.m_discontinuity) {
            step.discontinuity = std::exchange(m_source.m_discontinuity, std::nullopt);
            return false;
        }
        merge = m_source.m_merge;
        const std::size_t count = merge ? static_cast<std::size_t>(merge->count) : 1;
        if (m_n + count > m_source.m_transactions.size()) {
            return false;
        }
        m_source.m_merge.reset();
        transaction = FakeSource::Transaction{};
        for (std::size_t i = m_n; i < m_n + count; ++i) {
            for (const auto& [page, bytes] : m_source.m_transactions[i].pages) {
                transaction.pages[page] = bytes;
            }
            transaction.pageCount = m_source.m_transactions[i].pageCount;
        }
        std::erase_if(transaction.pages,
                      [&](const auto& page) { return page.first > transaction.pageCount; });
        return true;
    }

    Status hand(CommitSink& sink,
                const FakeSource::Transaction& transaction,
                const std::optional<FakeSource::Merge>& merge) {
        const std::uint64_t count = merge ? merge->count : 1;
        for (const auto& [page, bytes] : transaction.pages) {
            ENGINE_TRY(sink.frame(PageFrame{page, 0, bytes}));
        }
        const Root parent = m_map.root();
        m_image.resize(transaction.pageCount * kSize);
        m_map.resize(transaction.pageCount);
        for (const auto& [page, bytes] : transaction.pages) {
            put(m_image, page, bytes);
            m_map.set(page, m_map.hashOf(bytes));
        }
        Commit commit;
        commit.tx = m_tx.next();
        commit.seenAt = m_clock.now();
        commit.pageSize = kSize;
        commit.highWaterMark = transaction.pageCount;
        commit.parentRoot = parent;
        commit.root = m_map.root();
        commit.origin = Attrs{{"n", std::to_string(m_n + count)}};
        commit.catchUp = merge.has_value();
        if (merge && merge->counted) {
            commit.merged = count;
        }
        ENGINE_TRY(sink.commit(commit));
        m_tx = commit.tx;
        m_n += static_cast<std::size_t>(count);
        if (merge) {
            m_counters.addCatchUp(merge->counted ? count : 1, merge->counted);
        } else {
            ++m_counters.commitsAlone;
        }
        return {};
    }

    FakeSource& m_source;
    const std::uint64_t m_seed;
    const Clock& m_clock;
    GenerationId m_generation;
    TxId m_tx;
    std::size_t m_n = 0;
    Buffer m_image;
    PageMap m_map;
    CaptureCounters m_counters;
};

Result<std::unique_ptr<Capture>> makeFakeCapture(FakeSource& source,
                                                 const CaptureOptions& options) {
    return std::unique_ptr<Capture>(std::make_unique<FakeCapture>(source, options));
}

}  // namespace engine::test
