// SPDX-License-Identifier: Apache-2.0
// A WAL app over fake files whose every move the test makes: frames, publishing, checkpoints,
// resets, crashes. It remembers each committed state.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "engine/format/sqlite_layout.h"

#include "tests/capture/fake_source.h"

class FakeWalApp {
public:
    using Role = engine::SourceRole;
    static constexpr std::uint32_t kPageSize = 512;

    FakeWalApp(FakeFolder& folder, FakeClock& clock, std::uint32_t pages)
        : m_folder(folder)
        , m_clock(clock) {
        m_salts = {100, 7777};
        for (std::uint32_t page = 1; page <= pages; ++page) {
            m_state[page] = content(page, 'a');
        }
        m_pageCount = pages;
        folder.add(Role::Database);
        for (const auto& [page, bytes] : m_state) {
            writePage(page, bytes);
        }
        states.push_back(image());
    }

    /// Opens the side files; shared: with a wal-index that others can see.
    void open(bool shared = true) {
        m_folder.add(Role::Wal).touch(m_clock);
        if (shared) {
            m_folder.add(Role::Shm).touch(m_clock);
            file(Role::Shm).locks[engine::kShmAttachedLock.offset] = engine::LockState::Shared;
            publish(false);
        }
    }

    /// The whole page: page 1 keeps a header that fits.
    engine::Buffer content(std::uint32_t page, char fill) const {
        engine::Buffer bytes(kPageSize, std::byte(fill));
        if (page == 1) {
            std::fill(bytes.begin(), bytes.begin() + 100, std::byte{0});
            std::memcpy(bytes.data(), "SQLite format 3", 16);
            engine::storeBe<std::uint16_t>(bytes.data() + 16, kPageSize);
            bytes[18] = bytes[19] = std::byte{2};
        }
        return bytes;
    }

    struct Write {
        std::uint32_t page = 0;
        char fill = 0;
        bool bare = false;  // salts and checksum zero, as SQLite can leave them
    };

    /// Frames with a commit flag on the last; not yet published, not yet a state.
    void append(const std::vector<Write>& writes, std::uint32_t pageCount = 0) {
        m_newCount = pageCount != 0 ? pageCount : m_pageCount;
        for (std::size_t i = 0; i < writes.size(); ++i) {
            const bool last = i + 1 == writes.size();
            frame(writes[i], last ? m_newCount : 0);
            m_written.push_back(writes[i]);
        }
    }

    /// The last frame once more, as the padding of a sector.
    void pad() { frame(m_written.back(), m_newCount); }

    /// What was appended is the state, and told so in the wal-index if there is one.
    void publish(bool commit = true) {
        if (commit) {
            m_changes += 1;
            m_pageCount = m_newCount;
            for (const Write& write : m_written) {
                m_state[write.page] = content(write.page, write.fill);
                m_framed[write.page] = m_state[write.page];
            }
            m_state.erase(m_state.upper_bound(m_pageCount), m_state.end());
            m_written.clear();
            states.push_back(image());
        }
        if (m_folder.files.contains(Role::Shm)) {
            writeIndex();
        }
    }

    void commit(const std::vector<Write>& writes, std::uint32_t pageCount = 0) {
        append(writes, pageCount);
        publish();
    }

    /// A crash: frames behind the last published one do not count any more.
    void forgetUnpublished(std::uint32_t publishedFrame, engine::WalChecksum checksum) {
        m_written.clear();
        m_frame = publishedFrame;
        m_checksum = checksum;
    }

    void checkpoint() {
        for (const auto& [page, bytes] : m_framed) {
            writePage(page, bytes);
        }
        m_folder.files[Role::Database]->resize(m_pageCount * kPageSize, m_clock);
        m_framed.clear();
    }

    void checkpointPage(std::uint32_t page, char fill) { writePage(page, content(page, fill)); }

    /// Everything is in the file; the WAL begins anew with the next frame.
    void reset() {
        checkpoint();
        m_salts.first += 1;
        m_salts.second = m_salts.second * 31 + 5;
        m_checkpoints += 1;
        m_frame = 0;
        publish(false);
    }

    /// A wal-index built anew: it counts from 0.
    void restartCounter(std::uint32_t changes = 0) { m_changes = changes; }

    FakeFile& file(Role role) { return *m_folder.files.at(role); }

    engine::Buffer image() const {
        engine::Buffer all(std::size_t{m_pageCount} * kPageSize);
        for (const auto& [page, bytes] : m_state) {
            std::copy(bytes.begin(), bytes.end(), all.begin() + (page - 1) * kPageSize);
        }
        return all;
    }

    std::uint32_t frames() const { return m_frame; }

    engine::WalChecksum checksum() const { return m_checksum; }

    std::vector<engine::Buffer> states;

private:
    void writePage(std::uint32_t page, const engine::Buffer& bytes) {
        file(Role::Database).write(std::size_t{page - 1} * kPageSize, bytes, m_clock);
    }

    void writeHeader() {
        engine::Buffer header(engine::kWalHeaderBytes);
        engine::storeBe<std::uint32_t>(header.data(), 0x377f0682);
        engine::storeBe<std::uint32_t>(header.data() + 4, 3007000);
        engine::storeBe<std::uint32_t>(header.data() + 8, kPageSize);
        engine::storeBe<std::uint32_t>(header.data() + 12, m_checkpoints);
        engine::storeBe<std::uint32_t>(header.data() + 16, m_salts.first);
        engine::storeBe<std::uint32_t>(header.data() + 20, m_salts.second);
        m_checksum = engine::walChecksum({}, engine::ByteView(header).first(24), false);
        engine::storeBe<std::uint32_t>(header.data() + 24, m_checksum.first);
        engine::storeBe<std::uint32_t>(header.data() + 28, m_checksum.second);
        file(Role::Wal).write(0, header, m_clock);
    }

    void frame(const Write& write, std::uint32_t pageCount) {
        if (m_frame == 0) {
            writeHeader();
        }
        m_frame += 1;
        const engine::Buffer page = content(write.page, write.fill);
        engine::Buffer bytes(engine::kWalFrameHeaderBytes);
        engine::storeBe<std::uint32_t>(bytes.data(), write.page);
        engine::storeBe<std::uint32_t>(bytes.data() + 4, pageCount);
        if (!write.bare) {
            engine::storeBe<std::uint32_t>(bytes.data() + 8, m_salts.first);
            engine::storeBe<std::uint32_t>(bytes.data() + 12, m_salts.second);
            m_checksum = engine::walFrameChecksum(m_checksum, bytes, page, false);
            engine::storeBe<std::uint32_t>(bytes.data() + 16, m_checksum.first);
            engine::storeBe<std::uint32_t>(bytes.data() + 20, m_checksum.second);
        }
        engine::appendBytes(bytes, page);
        file(Role::Wal).write(engine::walFrameOffset(m_frame, kPageSize), bytes, m_clock);
    }

    void writeIndex() {
        engine::Buffer header(engine::kWalIndexHeaderBytes);
        const auto put32 = [&](std::size_t at, std::uint32_t value) {
            std::memcpy(header.data() + at, &value, sizeof value);
        };
        put32(0, 3007000);
        put32(8, m_changes);
        header[12] = std::byte{1};
        const auto pageSize = static_cast<std::uint16_t>(kPageSize);
        std::memcpy(header.data() + 14, &pageSize, sizeof pageSize);
        put32(16, m_frame);
        put32(20, m_pageCount);
        put32(24, m_frame != 0 ? m_checksum.first : 0);
        put32(28, m_frame != 0 ? m_checksum.second : 0);
        engine::storeBe<std::uint32_t>(header.data() + 32, m_salts.first);
        engine::storeBe<std::uint32_t>(header.data() + 36, m_salts.second);
        const auto sum = engine::walChecksum(
            {}, engine::ByteView(header).first(40), !engine::detail::kLittleEndian);
        put32(40, sum.first);
        put32(44, sum.second);
        file(Role::Shm).write(48, header, m_clock);
        file(Role::Shm).write(0, header, m_clock);
    }

    FakeFolder& m_folder;
    FakeClock& m_clock;
    engine::WalSalts m_salts;
    std::uint32_t m_checkpoints = 0;
    std::uint32_t m_frame = 0;
    engine::WalChecksum m_checksum;
    std::uint32_t m_changes = 0;
    std::uint32_t m_pageCount = 0;
    std::uint32_t m_newCount = 0;
    std::map<std::uint32_t, engine::Buffer> m_state;
    std::map<std::uint32_t, engine::Buffer> m_framed;
    std::vector<Write> m_written;
};
