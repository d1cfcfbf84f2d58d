// SPDX-License-Identifier: Apache-2.0
// Events and time for a capture over real files.
#pragma once

#include <cstring>
#include <optional>

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <QByteArray>
#include <QFile>
#include <QString>

#include "engine/capture/capture.h"

/// The events of one folder, drained when they are asked for.
class FolderEvents {
public:
    explicit FolderEvents(const QString& folder)
        : m_fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
        ::inotify_add_watch(m_fd,
                            QFile::encodeName(folder).constData(),
                            IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO);
    }

    ~FolderEvents() { ::close(m_fd); }

    FolderEvents(const FolderEvents&) = delete;
    FolderEvents& operator=(const FolderEvents&) = delete;

    engine::SourceEvents take() {
        engine::SourceEvents seen;
        alignas(inotify_event) char buffer[8192];
        for (ssize_t got = ::read(m_fd, buffer, sizeof buffer); got > 0;
             got = ::read(m_fd, buffer, sizeof buffer)) {
            for (char* at = buffer; at < buffer + got;) {
                inotify_event event;
                std::memcpy(&event, at, sizeof event);
                const QByteArray name(event.len > 0 ? at + sizeof event : "");
                seen.anything = true;
                seen.lost = seen.lost || (event.mask & IN_Q_OVERFLOW) != 0;
                seen.shmTouched = seen.shmTouched || name.endsWith("-shm");
                at += sizeof event + event.len;
            }
        }
        return seen;
    }

private:
    int m_fd;
};

/// Wall time is real; the monotonic clock stands still where a test says so.
class TestClock final : public engine::Clock {
public:
    engine::Time now() const override { return m_real.now(); }

    engine::Steady steady() const override { return frozenAt ? *frozenAt : m_real.steady(); }

    void freeze() { frozenAt = m_real.steady(); }

    std::optional<engine::Steady> frozenAt;

private:
    engine::SystemClock m_real;
};
