// SPDX-License-Identifier: Apache-2.0
// Source files in memory under a clock that only the test moves; a writer may act before each read.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "engine/base/clock.h"
#include "engine/capture/source_file.h"

class FakeClock final : public engine::Clock {
public:
    engine::Time now() const override { return {wallMs}; }

    engine::Steady steady() const override {
        return engine::Steady(std::chrono::milliseconds(steadyMs));
    }

    void pass(std::int64_t ms) {
        wallMs += ms;
        steadyMs += ms;
    }

    std::int64_t wallMs = 1'800'000'000'001;  // not a round time, as of a coarse file system
    std::int64_t steadyMs = 1000;
};

struct FakeFile {
    engine::Buffer bytes;
    engine::FileFacts facts;
    std::map<std::uint64_t, engine::LockState> locks;  // by the first byte of the range
    bool readable = true;

    void write(std::size_t at, engine::ByteView data, const FakeClock& clock) {
        if (bytes.size() < at + data.size()) {
            bytes.resize(at + data.size());
        }
        std::memcpy(bytes.data() + at, data.data(), data.size());
        touch(clock);
    }

    void resize(std::size_t size, const FakeClock& clock) {
        bytes.resize(size);
        touch(clock);
    }

    /// 4 ms a step, as the kernel's clock for file times.
    void touch(const FakeClock& clock) {
        facts.mtimeNs = facts.ctimeNs = clock.wallMs / 4 * 4'000'000 + 1;
    }
};

class FakeFolder final : public engine::SourceFolder {
public:
    using Role = engine::SourceRole;

    FakeFile& add(Role role) {
        auto& file = files[role];
        file = std::make_shared<FakeFile>();
        file->facts.inode = ++m_inodes;
        file->facts.links = 1;
        file->facts.mode = 0100644;
        return *file;
    }

    void remove(Role role) { files.erase(role); }

    void refresh() override {}

    engine::Result<std::unique_ptr<engine::SourceFile>> open(Role role) override;
    engine::Result<engine::FileFacts> factsAt(Role role) const override;

    std::string databasePath() const override { return "/fake/app.db"; }

    std::map<Role, std::shared_ptr<FakeFile>> files;
    std::function<void(Role role, std::uint64_t offset)> beforeRead;
    std::function<void(std::uint64_t start)> beforeQuestion;  // about locks
    std::uint64_t reads = 0;

private:
    std::uint64_t m_inodes = 100;
};

class FakeSourceFile final : public engine::SourceFile {
public:
    FakeSourceFile(FakeFolder& folder, engine::SourceRole role, std::shared_ptr<FakeFile> file)
        : m_folder(folder)
        , m_role(role)
        , m_file(std::move(file)) {}

    engine::Result<std::size_t> readAt(std::uint64_t offset,
                                       engine::MutableBytes into) const override {
        m_folder.reads += 1;
        if (m_folder.beforeRead) {
            m_folder.beforeRead(m_role, offset);
        }
        if (offset >= m_file->bytes.size()) {
            return std::size_t{0};
        }
        const std::size_t count = std::min(into.size(), m_file->bytes.size() - offset);
        std::memcpy(into.data(), m_file->bytes.data() + offset, count);
        return count;
    }

    engine::Result<engine::FileFacts> facts() const override {
        engine::FileFacts facts = m_file->facts;
        facts.size = m_file->bytes.size();
        return facts;
    }

    engine::Result<engine::FileIdentity> identity() const override {
        return engine::FileIdentity{1, m_file->facts.inode, 1};
    }

    engine::LockState lockQuestion(engine::LockRange range) const override {
        if (m_folder.beforeQuestion) {
            m_folder.beforeQuestion(range.start);
        }
        const auto at = m_file->locks.find(range.start);
        return at == m_file->locks.end() ? engine::LockState::Free : at->second;
    }

private:
    FakeFolder& m_folder;
    engine::SourceRole m_role;
    std::shared_ptr<FakeFile> m_file;
};

inline engine::Result<std::unique_ptr<engine::SourceFile>> FakeFolder::open(Role role) {
    const auto at = files.find(role);
    if (at == files.end()) {
        return engine::Error{engine::ErrorCode::NotFound, "no such file"};
    }
    if (!at->second->readable) {
        return engine::Error{engine::ErrorCode::PermissionDenied, "not ours"};
    }
    return std::unique_ptr<engine::SourceFile>(
        std::make_unique<FakeSourceFile>(*this, role, at->second));
}

inline engine::Result<engine::FileFacts> FakeFolder::factsAt(Role role) const {
    const auto at = files.find(role);
    if (at == files.end()) {
        return engine::Error{engine::ErrorCode::NotFound, "no such file"};
    }
    engine::FileFacts facts = at->second->facts;
    facts.size = at->second->bytes.size();
    return facts;
}
