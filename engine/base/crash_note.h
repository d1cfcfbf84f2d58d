// SPDX-License-Identifier: Apache-2.0
// Lets the next start know that this one died by a fault of its own (SIGSEGV, SIGBUS, SIGILL,
// SIGFPE, SIGABRT: also a failed ENSURE and an exception that nobody caught). Being killed from
// outside, by a person, the system's memory guard or a power cut, leaves no note.
//
// Armed: one byte of an open file is written from the signal handler, which then hands the signal
// on to whoever had it before. Safe to arm from any thread; a few dozen notes at once, further ones
// are not written.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/base/file.h"

namespace engine {

class CrashNote {
public:
    /// Takes the file; at a crash, byte is written at offset.
    CrashNote(File file, std::uint64_t offset, char byte) noexcept;
    ~CrashNote();
    CrashNote(const CrashNote&) = delete;
    CrashNote& operator=(const CrashNote&) = delete;

    struct Slot {
        std::atomic<bool> taken = false;
        std::atomic<int> fd = -1;
        std::atomic<std::uint64_t> offset = 0;
        std::atomic<char> byte = 0;
    };

private:
    File m_file;
    Slot* m_slot = nullptr;
};

}  // namespace engine
