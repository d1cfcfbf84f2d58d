// SPDX-License-Identifier: Apache-2.0
#include "app/cli/demo_log.h"

#include <algorithm>
#include <array>

namespace cli {

using engine::Error;
using engine::ErrorCode;
using engine::Status;
using engine::Time;

bool DemoMoment::late() const noexcept {
    return at.ms != 0 && found.has_value() && found->sequence + 1 == expected.sequence;
}

engine::Result<DemoCommit> DemoLog::parse(const std::string& line) {
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
    return commit;
}

Status DemoLog::add(const std::string& line) {
    ENGINE_TRY_ASSIGN(DemoCommit commit, parse(line));
    m_commits.push_back(std::move(commit));
    return {};
}

Status DemoLog::addAfterDeath(const std::string& line) {
    ENGINE_TRY_ASSIGN(DemoCommit commit, parse(line));
    if (commit.hash != last().hash) {
        commit.sequence = last().sequence + 1;
        m_commits.push_back(std::move(commit));
    }
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

std::vector<DemoMoment> DemoLog::threeMoments(Time since) const {
    constexpr std::size_t kThirds = 3;
    std::vector<DemoMoment> moments;
    std::size_t begin = 0;
    while (begin + 1 < m_commits.size() && m_commits[begin].at < since) {
        ++begin;
    }
    const std::size_t count = m_commits.size() - begin;
    for (std::size_t third = 0; third + 1 < kThirds; ++third) {
        const std::size_t from = begin + count * third / kThirds;
        const std::size_t to = begin + count * (third + 1) / kThirds;
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

bool DemoLog::allRight(const std::vector<DemoMoment>& moments) {
    return std::all_of(moments.begin(), moments.end(), [](const DemoMoment& moment) {
        return moment.equal() || moment.late();
    });
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
