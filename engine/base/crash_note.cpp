// SPDX-License-Identifier: Apache-2.0
#include "engine/base/crash_note.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>

#include <unistd.h>

namespace engine {
namespace {

constexpr std::array kFaults = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

std::array<CrashNote::Slot, 64> g_slots;
std::array<struct sigaction, kFaults.size()> g_before;

// Nothing here may allocate, lock or throw: the process is broken.
extern "C" void writeNotes(int fault) {
    const int saved = errno;
    for (const CrashNote::Slot& slot : g_slots) {
        const int fd = slot.fd.load();
        if (fd >= 0) {
            const char byte = slot.byte.load();
            static_cast<void>(::pwrite(fd, &byte, 1, static_cast<off_t>(slot.offset.load())) < 0);
        }
    }
    for (std::size_t i = 0; i < kFaults.size(); ++i) {
        if (kFaults.at(i) == fault) {
            ::sigaction(fault, &g_before.at(i), nullptr);
        }
    }
    errno = saved;
    // Pending until this handler is left: then the one from before has it.
    ::raise(fault);
}

void installOnce() {
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction action = {};
        action.sa_handler = &writeNotes;
        // On the thread's alternate stack where it has one: a full stack is a fault, too.
        action.sa_flags = SA_ONSTACK;
        for (std::size_t i = 0; i < kFaults.size(); ++i) {
            ::sigaction(kFaults.at(i), &action, &g_before.at(i));
        }
    });
}

}  // namespace

CrashNote::CrashNote(File file, std::uint64_t offset, char byte) noexcept
    : m_file(std::move(file)) {
    installOnce();
    for (Slot& slot : g_slots) {
        if (!slot.taken.exchange(true)) {
            slot.offset = offset;
            slot.byte = byte;
            slot.fd = m_file.fd();
            m_slot = &slot;
            return;
        }
    }
}

CrashNote::~CrashNote() {
    if (m_slot != nullptr) {
        m_slot->fd = -1;
        m_slot->taken = false;
    }
}

}  // namespace engine
