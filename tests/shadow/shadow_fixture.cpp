// SPDX-License-Identifier: Apache-2.0
#include "tests/shadow/shadow_fixture.h"

#include <tuple>

#include <QtTest>

#include "engine/base/file_system.h"

#include "tests/replica/test_bytes.h"

using namespace engine;

namespace testing {

bool operator==(const SeenCommit& a, const SeenCommit& b) {
    const auto key = [](const Commit& c) {
        return std::tie(
            c.tx, c.seenAt, c.pageSize, c.highWaterMark, c.parentRoot, c.root, c.catchUp, c.merged);
    };
    return key(a.commit) == key(b.commit) && a.frames == b.frames;
}

Status RecordingSink::frame(const PageFrame& frame) {
    m_open.frames.emplace_back(frame.page, Buffer(frame.bytes.begin(), frame.bytes.end()));
    return {};
}

Status RecordingSink::commit(const Commit& commit) {
    m_open.commit = commit;
    commits.push_back(std::move(m_open));
    m_open = SeenCommit{};
    return {};
}

std::unique_ptr<ShadowLog> ShadowFixture::open() const {
    Result<std::unique_ptr<ShadowLog>> log = ShadowLog::open(folder(), location());
    if (!log.ok()) {
        qFatal("open: %s", log.error().message.c_str());
    }
    return std::move(log).value();
}

ArtefactHead ShadowFixture::headOf(const Chain& chain, const SegmentPlan& plan) const {
    ArtefactHead head;
    head.id = randomArtefactId();
    head.database = location().database;
    head.generation = chain.generation;
    head.writer = WriterId{0x11};
    head.parentTxId = chain.lastTx;
    head.firstTxId = chain.lastTx.next();
    head.pageSize = plan.pageSize;
    head.seed = 42;
    head.compression.codec = plan.codec;
    head.createdAt = chain.time;
    return head;
}

Result<std::unique_ptr<ShadowLog::SegmentWriter>> ShadowFixture::write(
    ShadowLog& log, Chain& chain, const SegmentPlan& plan) const {
    ENGINE_TRY_ASSIGN(std::unique_ptr<ShadowLog::SegmentWriter> writer,
                      log.beginSegment(headOf(chain, plan)));
    for (int i = 0; i < plan.commits; ++i) {
        SeenCommit seen;
        Commit& commit = seen.commit;
        commit.tx = chain.lastTx.next();
        commit.seenAt = chain.time.plus(10);
        commit.pageSize = plan.pageSize;
        commit.highWaterMark = 100'000;
        commit.parentRoot = chain.root;
        commit.root = Root{commit.tx.value, chain.generation.value};
        for (int page = 0; page < plan.pages; ++page) {
            const auto number = static_cast<std::uint64_t>(page) + 1;
            seen.frames.emplace_back(number,
                                     someBytes(plan.pageSize, commit.tx.value * 1000 + number));
            ENGINE_TRY(writer->writer().frame(PageFrame{number, 0, seen.frames.back().second}));
        }
        ENGINE_TRY(writer->writer().commit(commit));
        chain.lastTx = commit.tx;
        chain.root = commit.root;
        chain.time = commit.seenAt;
        chain.commits.push_back(std::move(seen));
    }
    return writer;
}

Result<ShadowSegment> ShadowFixture::append(ShadowLog& log,
                                            Chain& chain,
                                            const SegmentPlan& plan) const {
    Chain next = chain;
    ENGINE_TRY_ASSIGN(const std::unique_ptr<ShadowLog::SegmentWriter> writer,
                      write(log, next, plan));
    ENGINE_TRY_ASSIGN(ShadowSegment segment, writer->publish(plan.durable));
    chain = std::move(next);
    return segment;
}

Result<std::vector<SeenCommit>> replayAll(const ShadowLog& log, GenerationId generation) {
    RecordingSink sink;
    for (const ShadowSegment& segment : log.segmentsAfter(generation, TxId{0})) {
        ENGINE_TRY(log.replay(segment, sink));
    }
    return std::move(sink.commits);
}

std::vector<std::string> namesIn(const std::string& folder) {
    std::vector<std::string> names;
    const Result<std::vector<FolderEntry>> entries = listFolder(folder);
    if (entries.ok()) {
        for (const FolderEntry& entry : entries.value()) {
            names.push_back(entry.name);
        }
    }
    return names;
}

std::map<std::string, Buffer> filesOf(const std::string& folder) {
    std::map<std::string, Buffer> files;
    for (const std::string& name : namesIn(folder)) {
        files[name] = readWholeFile(joinPath(folder, name), 64u << 20).value();
    }
    return files;
}

void restoreFiles(const std::string& folder, const std::map<std::string, Buffer>& files) {
    for (const std::string& name : namesIn(folder)) {
        if (files.count(name) == 0) {
            ignoreError(removeFile(joinPath(folder, name)), "the comparison afterwards shows it");
        }
    }
    for (const auto& [name, bytes] : files) {
        File file = File::open(joinPath(folder, name), File::Mode::CreateTrunc).value();
        ignoreError(file.writeAt(0, bytes), "the comparison afterwards shows it");
    }
}

}  // namespace testing
