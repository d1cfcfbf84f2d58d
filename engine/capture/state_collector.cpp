// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/state_collector.h"

#include <algorithm>
#include <utility>

#include "engine/base/ensure.h"

namespace engine {

StateCollector::StateCollector(const PageMap* against,
                               std::uint32_t pageSize,
                               std::uint64_t seed,
                               std::string spillFolder)
    : m_against(against)
    , m_seed(seed)
    , m_spill(std::move(spillFolder), pageSize, seed) {
    if (against == nullptr) {
        m_fresh.emplace(pageSize, 1, seed);
    } else {
        ENSURE(against->pageSize() == pageSize && against->seed() == seed);
    }
}

bool StateCollector::needsBytes(std::uint32_t page, std::uint64_t h64) const {
    return m_against != nullptr && !m_against->equals(page, h64);
}

Status StateCollector::take(std::uint32_t page, std::uint64_t h64, ByteView bytes) {
    ENSURE(page != 0);
    if (m_fresh) {
        if (!m_fresh->contains(page)) {
            m_fresh->resize(page);
        }
        m_fresh->set(page, h64);
        return {};
    }
    const auto record = m_records.find(page);
    if (record) {
        // It may be what the map has again; finish() leaves it out then.
        m_hashes[*record] = h64;
        return needsBytes(page, h64) ? m_spill.replace(*record, page, h64, bytes) : Status{};
    }
    if (!needsBytes(page, h64)) {
        return {};
    }
    m_records.set(page, static_cast<std::uint32_t>(m_hashes.size()));
    m_hashes.push_back(h64);
    return m_spill.append(page, h64, bytes);
}

void StateCollector::finish(std::uint32_t pageCount) {
    if (m_fresh) {
        m_fresh->resize(pageCount);
        return;
    }
    for (const std::uint64_t entry : m_records.sorted()) {
        const auto page = static_cast<std::uint32_t>(entry >> 32);
        const auto record = static_cast<std::uint32_t>(entry);
        if (page <= pageCount && needsBytes(page, m_hashes[record])) {
            m_differing.push_back(StagedPage{page, record, m_hashes[record]});
        }
    }
}

Result<ByteView> StateCollector::bytesOf(const StagedPage& page) {
    ENGINE_TRY_ASSIGN(const SpilledPage spilled, m_spill.at(page.frame));
    return spilled.bytes;
}

}  // namespace engine
