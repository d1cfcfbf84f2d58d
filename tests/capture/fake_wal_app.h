// SPDX-License-Identifier: Apache-2.0
// A WAL app over fake files whose every move the test makes: frames, publishing, checkpoints,
// resets, crashes. It remembers each committed state.
#pragma once

#include <map>
#include <vector>

#include "engine/format/sqlite_layout.h"

#include "tests/capture/fake_source.h"

class FakeWalApp {
public:
    using Role = engine::SourceRole;
    static constexpr std::uint32_t kPageSize = 512;

    FakeWalApp(FakeFolder& folder, FakeClock& clock, std::uint32_t pages);

    /// Opens the side files; shared: with a wal-index that others can see.
    void open(bool shared = true);

    /// The whole page; page 1 has a header that fits.
    static engine::Buffer content(std::uint32_t page, char fill);

    struct Write {
        std::uint32_t page = 0;
        char fill = 0;
        bool bare = false;  // salts and checksum zero, as SQLite can leave them
    };

    /// Frames with a commit flag on the last; not yet published, not yet a state.
    void append(const std::vector<Write>& writes, std::uint32_t pageCount = 0);

    /// The last frame once more, as the padding of a sector.
    void pad() { frame(m_written.back(), m_newCount); }

    /// What was appended is the state, and told so in the wal-index if there is one.
    void publish(bool commit = true);

    void commit(const std::vector<Write>& writes, std::uint32_t pageCount = 0) {
        append(writes, pageCount);
        publish();
    }

    /// A crash: frames behind the last published one do not count any more.
    void forgetUnpublished(std::uint32_t publishedFrame, engine::WalChecksum checksum);

    void checkpoint();

    void checkpointPage(std::uint32_t page, char fill) { writePage(page, content(page, fill)); }

    /// Everything is in the file; the WAL begins anew with the next frame.
    void reset();

    /// A wal-index built anew counts from 0.
    void restartCounter(std::uint32_t changes = 0) { m_changes = changes; }

    FakeFile& file(Role role) { return *m_folder.files.at(role); }

    engine::Buffer image() const;

    std::uint32_t frames() const { return m_frame; }

    engine::WalChecksum checksum() const { return m_checksum; }

    std::vector<engine::Buffer> states;

private:
    void writePage(std::uint32_t page, const engine::Buffer& bytes);
    void writeHeader();
    void frame(const Write& write, std::uint32_t pageCount);
    void writeIndex();

    FakeFolder& m_folder;
    FakeClock& m_clock;
    engine::WalSalts m_salts{100, 7777};
    std::uint32_t m_checkpoints = 0;
    std::uint32_t m_frame = 0;
    engine::WalChecksum m_checksum;
    std::uint32_t m_changes = 0;
    std::uint32_t m_pageCount = 0;
    std::uint32_t m_newCount = 0;
    std::map<std::uint32_t, engine::Buffer> m_state;
    std::map<std::uint32_t, engine::Buffer> m_framed;  // since the last checkpoint
    std::vector<Write> m_written;
};
