// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/settled_look.h"

namespace engine {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kQuietMin{20};
constexpr std::uint64_t kChangeCounterOffset = 24;
constexpr std::chrono::seconds kTrustFrom{10};
constexpr std::chrono::minutes kTrustTo{10};
constexpr std::array kRoles{
    SourceRole::Database, SourceRole::Wal, SourceRole::Shm, SourceRole::Journal};

/// 0 where it does not count or cannot be read: a file that cannot be read has other facts soon.
std::uint32_t counterOf(const SourceFile* counted) {
    std::array<std::byte, 4> bytes{};
    if (counted == nullptr) {
        return 0;
    }
    const Result<bool> whole = readWhole(*counted, kChangeCounterOffset, bytes);
    return whole.ok() && whole.value() ? loadBe<std::uint32_t>(bytes.data()) : 0;
}

bool same(const std::optional<FileFacts>& before, const std::optional<FileFacts>& now) {
    if (!before || !now) {
        return before.has_value() == now.has_value();
    }
    return before->sameFile(*now) && before->sameStamp(*now);
}

}  // namespace

std::optional<SettledLook::Begun::AllFacts> SettledLook::Begun::factsIn(
    const SourceFolder& folder) {
    AllFacts all;
    for (std::size_t i = 0; i < kRoles.size(); ++i) {
        const Result<FileFacts> facts = folder.factsAt(kRoles[i]);
        if (facts.ok()) {
            all[i] = facts.value();
        } else if (facts.error().code != ErrorCode::NotFound) {
            return std::nullopt;
        }
    }
    return all;
}

SettledLook::Begun::Begun(const SourceFolder& folder, const SourceFile* counted, const Clock& clock)
    : m_watch(clock, kQuietMin)
    , m_facts(factsIn(folder))
    , m_counter(counterOf(counted)) {}

void SettledLook::settled(const Begun& begun, const Clock& clock) {
    m_facts = begun.m_facts;
    m_counter = begun.m_counter;
    m_at = clock.steady();
    if (!m_facts) {
        return;
    }
    for (const std::optional<FileFacts>& facts : *m_facts) {
        if (facts && !begun.m_watch.wouldShow(*facts)) {
            m_facts.reset();
            return;
        }
    }
}

bool SettledLook::stillHolds(const SourceFolder& folder,
                             const SourceFile* counted,
                             const Clock& clock) const {
    const auto since = clock.steady() - m_at;
    if (!m_facts || since < kTrustFrom || since > kTrustTo) {
        return false;
    }
    const std::optional<Begun::AllFacts> now = Begun::factsIn(folder);
    if (!now || m_counter != counterOf(counted)) {
        return false;
    }
    for (std::size_t i = 0; i < kRoles.size(); ++i) {
        if (!same((*m_facts)[i], (*now)[i])) {
            return false;
        }
    }
    return true;
}

}  // namespace engine
