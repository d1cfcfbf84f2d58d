// SPDX-License-Identifier: Apache-2.0
#include "tests/capture/fake_wal_app.h"

#include <algorithm>
#include <cstring>

using namespace engine;

FakeWalApp::FakeWalApp(FakeFolder& folder, FakeClock& clock, std::uint32_t pages)
    : m_folder(folder)
    , m_clock(clock)
    , m_pageCount(pages) {
    folder.add(Role::Database);
    for (std::uint32_t page = 1; page <= pages; ++page) {
        m_state[page] = content(page, 'a');
        writePage(page, m_state[page]);
    }
    states.push_back(image());
}

void FakeWalApp::open(bool shared) {
    m_folder.add(Role::Wal).touch(m_clock);
    if (shared) {
        m_folder.add(Role::Shm).touch(m_clock);
        file(Role::Shm).locks[kShmAttachedLock.offset] = LockState::Shared;
        publish(false);
    }
}

Buffer FakeWalApp::content(std::uint32_t page, char fill) {
    Buffer bytes(kPageSize, std::byte(fill));
    if (page == 1) {
        std::fill(bytes.begin(), bytes.begin() + 100, std::byte{0});
        std::memcpy(bytes.data(), "SQLite format 3", 16);
        storeBe<std::uint16_t>(bytes.data() + 16, kPageSize);
        bytes[18] = bytes[19] = std::byte{2};
    }
    return bytes;
}

void FakeWalApp::append(const std::vector<Write>& writes, std::uint32_t pageCount) {
    m_newCount = pageCount != 0 ? pageCount : m_pageCount;
    for (std::size_t i = 0; i < writes.size(); ++i) {
        frame(writes[i], i + 1 == writes.size() ? m_newCount : 0);
        m_written.push_back(writes[i]);
    }
}

void FakeWalApp::publish(bool commit) {
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

void FakeWalApp::forgetUnpublished(std::uint32_t publishedFrame, WalChecksum checksum) {
    m_written.clear();
    m_frame = publishedFrame;
    m_checksum = checksum;
}

void FakeWalApp::checkpoint() {
    for (const auto& [page, bytes] : m_framed) {
        writePage(page, bytes);
    }
    file(Role::Database).resize(std::size_t{m_pageCount} * kPageSize, m_clock);
    m_framed.clear();
}

void FakeWalApp::reset() {
    checkpoint();
    m_salts.first += 1;
    m_salts.second = m_salts.second * 31 + 5;
    m_checkpoints += 1;
    m_frame = 0;
    publish(false);
}

Buffer FakeWalApp::image() const {
    Buffer all(std::size_t{m_pageCount} * kPageSize);
    for (const auto& [page, bytes] : m_state) {
        std::memcpy(all.data() + std::size_t{page - 1} * kPageSize, bytes.data(), kPageSize);
    }
    return all;
}

void FakeWalApp::writePage(std::uint32_t page, const Buffer& bytes) {
    file(Role::Database).write(std::size_t{page - 1} * kPageSize, bytes, m_clock);
}

void FakeWalApp::writeHeader() {
    Buffer header(kWalHeaderBytes);
    storeBe<std::uint32_t>(header.data(), 0x377f0682);
    storeBe<std::uint32_t>(header.data() + 4, 3007000);
    storeBe<std::uint32_t>(header.data() + 8, kPageSize);
    storeBe<std::uint32_t>(header.data() + 12, m_checkpoints);
    storeBe<std::uint32_t>(header.data() + 16, m_salts.first);
    storeBe<std::uint32_t>(header.data() + 20, m_salts.second);
    m_checksum = walChecksum({}, ByteView(header).first(24), false);
    storeBe<std::uint32_t>(header.data() + 24, m_checksum.first);
    storeBe<std::uint32_t>(header.data() + 28, m_checksum.second);
    file(Role::Wal).write(0, header, m_clock);
}

void FakeWalApp::frame(const Write& write, std::uint32_t pageCount) {
    if (m_frame == 0) {
        writeHeader();
    }
    m_frame += 1;
    const Buffer page = content(write.page, write.fill);
    Buffer bytes(kWalFrameHeaderBytes);
    storeBe<std::uint32_t>(bytes.data(), write.page);
    storeBe<std::uint32_t>(bytes.data() + 4, pageCount);
    if (!write.bare) {
        storeBe<std::uint32_t>(bytes.data() + 8, m_salts.first);
        storeBe<std::uint32_t>(bytes.data() + 12, m_salts.second);
        m_checksum = walFrameChecksum(m_checksum, bytes, page, false);
        storeBe<std::uint32_t>(bytes.data() + 16, m_checksum.first);
        storeBe<std::uint32_t>(bytes.data() + 20, m_checksum.second);
    }
    appendBytes(bytes, page);
    file(Role::Wal).write(walFrameOffset(m_frame, kPageSize), bytes, m_clock);
}

void FakeWalApp::writeIndex() {
    Buffer header(kWalIndexHeaderBytes);
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
    storeBe<std::uint32_t>(header.data() + 32, m_salts.first);
    storeBe<std::uint32_t>(header.data() + 36, m_salts.second);
    const auto sum = walChecksum({}, ByteView(header).first(40), !detail::kLittleEndian);
    put32(40, sum.first);
    put32(44, sum.second);
    file(Role::Shm).write(48, header, m_clock);
    file(Role::Shm).write(0, header, m_clock);
}
