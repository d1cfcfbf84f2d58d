// SPDX-License-Identifier: Apache-2.0
#include "app/cli/demo_log.h"

#include <algorithm>
#include <array>

namespace cli {

using engine::Error;
using engine::ErrorCode;
using engine::Status;
using engine::Time;

bool DemoMoment::equal() const noexcept {
    constexpr std::uint64_t kSeenLateMax = 1;
    return found.has_value() && found->sequence <= expected.sequence &&
           expected.sequence - found->sequence <= kSeenLateMax;
}

Status DemoLog::add(const std::string& line) {
    std::array<std::string, 4> words;
    std::size_t at = 0;
    for (std::string& word : words) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        word = line.substr(std::min(at, line.size()), end - std::min(at, end));
        at = end + 1;
    }
    DemoCommit commit;
    ENGINE_TRY_ASSIGN(commit.sequence, engine::parseDecimal(words[0]));
    ENGINE_TRY_ASSIGN(const std::uint64_t ms, engine::parseDecimal(words[1]));
    ENGINE_TRY_ASSIGN(commit.size, engine::parseDecimal(words[2]));
    commit.at.ms = static_cast<std::int64_t>(ms);
    commit.hash = words[3];
    if (commit.hash.size() != 64) {
        return Error{ErrorCode::Corruption, "the demo's writer said something else than a commit"};
    }
    m_commits.push_back(std::move(commit));
    return {};
}

std::optional<DemoCommit> DemoLog::byHash(const std::string& hash) const {
    // From the end: an edit that changes nothing leaves two commits with the same bytes.
    const auto found =
        std::find_if(m_commits.rbegin(), m_commits.rend(), [&hash](const DemoCommit& commit) {
            return commit.hash == hash;
        });
    return found == m_commits.rend() ? std::nullopt : std::optional(*found);
}

DemoMoment DemoLog::momentAfter(std::size_t commit) const {
    DemoMoment moment;
    moment.expected = m_commits[commit];
    if (commit + 1 < m_commits.size()) {
        moment.at.ms = (m_commits[commit].at.ms + m_commits[commit + 1].at.ms) / 2;
    }
    return moment;
}

std::vector<DemoMoment> DemoLog::threeMoments() const {
    constexpr std::size_t kThirds = 3;
    std::vector<DemoMoment> moments;
    for (std::size_t third = 0; third + 1 < kThirds; ++third) {
        const std::size_t from = m_commits.size() * third / kThirds;
        const std::size_t to = m_commits.size() * (third + 1) / kThirds;
        std::size_t best = from;
        for (std::size_t i = from; i < to && i + 1 < m_commits.size(); ++i) {
            const auto pauseAfter = [this](std::size_t k) {
                return m_commits[k + 1].at.ms - m_commits[k].at.ms;
            };
            best = pauseAfter(i) > pauseAfter(best) ? i : best;
        }
        moments.push_back(momentAfter(best));
    }
    moments.push_back(momentAfter(m_commits.size() - 1));
    return moments;
}

bool DemoLog::allEqual(const std::vector<DemoMoment>& moments) {
    return std::all_of(
        moments.begin(), moments.end(), [](const DemoMoment& moment) { return moment.equal(); });
}

std::string urlPathOf(const std::string& path) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
    std::string out;
    for (const char c : path) {
        if (kPlain.find(c) != std::string_view::npos) {
            out.push_back(c);
        } else {
            const std::byte byte{static_cast<unsigned char>(c)};
            out += "%" + engine::toHex(engine::ByteView(&byte, 1));
        }
    }
    return out;
}

}  // namespace cli
