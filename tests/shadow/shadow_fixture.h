// SPDX-License-Identifier: Apache-2.0
// A shadow log in a temporary folder with commits made up for it, and what was put in, to be
// compared with what comes out.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <QTemporaryDir>

#include "engine/shadow/shadow_log.h"

namespace testing {

/// A commit with its frames as a sink got them.
struct SeenCommit {
    engine::Commit commit;
    std::vector<std::pair<std::uint64_t, engine::Buffer>> frames;
};

bool operator==(const SeenCommit& a, const SeenCommit& b);

class RecordingSink final : public engine::CommitSink {
public:
    engine::Status frame(const engine::PageFrame& frame) override;
    engine::Status commit(const engine::Commit& commit) override;

    void abandon() override { m_open.frames.clear(); }

    std::vector<SeenCommit> commits;

private:
    SeenCommit m_open;
};

/// One chain of made-up commits: TxId by TxId, root by root.
struct Chain {
    engine::GenerationId generation;
    engine::TxId lastTx = {};
    engine::Root root = {};
    engine::Time time{1781438531123};
    std::vector<SeenCommit> commits = {};  // all that were published
};

struct SegmentPlan {
    int commits = 2;
    int pages = 1;  // of each commit
    std::uint32_t pageSize = 512;
    engine::Codec codec = engine::Codec::None;
    bool durable = false;
};

class ShadowFixture {
public:
    ShadowFixture()
        : m_folder(std::make_unique<QTemporaryDir>()) {}

    std::string folder() const { return m_folder->path().toStdString() + "/shadow"; }

    std::string generationFolder(const Chain& chain) const {
        return folder() + "/" + chain.generation.text();
    }

    engine::DatabaseLocation location() const {
        return {engine::ComputerId{0xc0}, engine::DatabaseId{0xdb}};
    }

    std::unique_ptr<engine::ShadowLog> open() const;

    engine::ArtefactHead headOf(const Chain& chain, const SegmentPlan& plan) const;
    /// Begins a segment behind the chain, writes the plan's commits; not published.
    engine::Result<std::unique_ptr<engine::ShadowLog::SegmentWriter>> write(
        engine::ShadowLog& log, Chain& chain, const SegmentPlan& plan) const;
    /// write() and publish(). The chain goes on only where that worked.
    engine::Result<engine::ShadowSegment> append(engine::ShadowLog& log,
                                                 Chain& chain,
                                                 const SegmentPlan& plan = {}) const;

private:
    std::unique_ptr<QTemporaryDir> m_folder;
};

/// All that the generation holds, by replay.
engine::Result<std::vector<SeenCommit>> replayAll(const engine::ShadowLog& log,
                                                  engine::GenerationId generation);

/// name -> bytes of every file in a folder.
std::map<std::string, engine::Buffer> filesOf(const std::string& folder);
std::vector<std::string> namesIn(const std::string& folder);
/// Makes the folder hold exactly these files.
void restoreFiles(const std::string& folder, const std::map<std::string, engine::Buffer>& files);

}  // namespace testing
