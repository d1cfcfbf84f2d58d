// SPDX-License-Identifier: Apache-2.0
// A sink that rebuilds the database from nothing but what it is handed, and holds every commit
// against what was promised: pages in order, roots as a rehash gives them, no gap in the chain.
// It can fail at any call.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/format/page_map.h"

class ImageSink final : public engine::CommitSink {
public:
    struct Taken {
        engine::Commit commit;
        engine::Hash128 image;  // of all bytes
        std::size_t frames = 0;
    };

    ImageSink(std::uint32_t pageSize, std::uint64_t seed)
        : m_pageSize(pageSize)
        , m_map(pageSize, 1, seed) {}

    engine::Status frame(const engine::PageFrame& frame) override {
        if (failsNow()) {
            return engine::Error{engine::ErrorCode::NoSpace, "the sink is told to fail"};
        }
        if (frame.page == 0 || frame.bytes.size() != m_pageSize ||
            (!m_pending.empty() && frame.page <= m_pending.rbegin()->first)) {
            complain("frame out of order or of a wrong size");
        }
        m_pending[frame.page] = engine::Buffer(frame.bytes.begin(), frame.bytes.end());
        return {};
    }

    engine::Status commit(const engine::Commit& commit) override {
        if (failsNow()) {
            return engine::Error{engine::ErrorCode::NoSpace, "the sink is told to fail"};
        }
        if (commit.parentRoot != m_map.root()) {
            complain("parent root is not the root before");
        }
        if (commit.pageSize != m_pageSize ||
            (m_lastTx.value != 0 && commit.tx != m_lastTx.next())) {
            complain("page size or TxId");
        }
        const std::size_t frames = m_pending.size();
        apply(commit.highWaterMark);
        if (commit.root != m_map.root()) {
            complain("root is not the one of the pages");
        }
        m_lastTx = commit.tx;
        taken.push_back(Taken{commit, imageHash(), frames});
        return {};
    }

    void abandon() override {
        m_pending.clear();
        abandoned += 1;
    }

    /// Puts a page of the baseline.
    void put(std::uint64_t page, engine::ByteView bytes) {
        m_pending[page] = engine::Buffer(bytes.begin(), bytes.end());
    }

    void apply(std::uint64_t pageCount) {
        m_map.resize(pageCount);
        while (!m_pages.empty() && m_pages.rbegin()->first > pageCount) {
            m_pages.erase(std::prev(m_pages.end()));
        }
        for (auto& [page, bytes] : m_pending) {
            if (page > pageCount) {
                complain("page above the page count");
                continue;
            }
            m_map.set(page, m_map.hashOf(bytes));
            m_pages[page] = std::move(bytes);
        }
        m_pending.clear();
    }

    /// Pages that were never given are zeros.
    engine::Buffer image() const {
        engine::Buffer all(static_cast<std::size_t>(m_map.pageCount()) * m_pageSize);
        for (const auto& [page, bytes] : m_pages) {
            std::copy(bytes.begin(),
                      bytes.end(),
                      all.begin() + static_cast<std::ptrdiff_t>((page - 1) * m_pageSize));
        }
        return all;
    }

    engine::Hash128 imageHash() const { return hashing ? engine::xxh3_128(image()) : m_map.root(); }

    const engine::PageMap& map() const { return m_map; }

    const std::map<std::uint64_t, engine::Buffer>& pages() const { return m_pages; }

    std::uint64_t calls() const { return m_calls; }

    std::vector<Taken> taken;
    std::uint64_t abandoned = 0;
    std::string complaint;                // empty: all was as promised
    std::optional<std::uint64_t> failAt;  // the call that fails, from 0, once
    bool hashing = true;

private:
    bool failsNow() {
        const bool fails = failAt == m_calls;
        m_calls += 1;
        return fails;
    }

    void complain(const char* what) {
        if (complaint.empty()) {
            complaint = what;
        }
    }

    std::uint32_t m_pageSize;
    engine::PageMap m_map;
    engine::TxId m_lastTx;
    std::map<std::uint64_t, engine::Buffer> m_pages;
    std::map<std::uint64_t, engine::Buffer> m_pending;
    std::uint64_t m_calls = 0;
};
