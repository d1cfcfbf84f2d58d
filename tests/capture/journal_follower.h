// SPDX-License-Identifier: Apache-2.0
// What the capture of a journal database does around the reader, without a sink: keeps map,
// position and an image of the captured state. Real files, real clock.
#pragma once

#include <memory>
#include <optional>

#include <QDeadlineTimer>
#include <QFile>
#include <QString>
#include <QTest>

#include "engine/capture/sqlite_journal_reader.h"

inline engine::Buffer bytesOf(const QString& path) {
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        return {};
    }
    const QByteArray all = file.readAll();
    const auto* begin = reinterpret_cast<const std::byte*>(all.constData());
    return {begin, begin + all.size()};
}

inline engine::PageMap mapOf(const engine::Buffer& image,
                             std::uint32_t pageSize,
                             std::uint64_t seed) {
    engine::PageMap map(pageSize, 1, seed);
    map.resize(image.size() / pageSize);
    for (std::uint64_t page = 1; page < map.endPage(); ++page) {
        const auto at = static_cast<std::size_t>(page - 1) * pageSize;
        map.set(page, map.hashOf(engine::ByteView(image).subspan(at, pageSize)));
    }
    return map;
}

class JournalFollower {
public:
    using Kind = engine::JournalLook::Kind;
    static constexpr std::uint64_t kSeed = 4711;

    JournalFollower(const QString& database, const QString& spillFolder)
        : m_path(database)
        , m_folder(engine::openSourceFolder(database.toStdString())) {
        m_options.spillFolder = spillFolder.toStdString();
        m_options.seed = kSeed;
        m_options.clock = &m_clock;
        restart();
    }

    /// A new reader on the old position, as after a start of the engine.
    void restart() { m_reader = std::make_unique<engine::SqliteJournalReader>(m_options); }

    engine::JournalLook lookOnce(engine::StepBudget budget = {}) {
        auto file = m_folder->open(engine::SourceRole::Database);
        if (!file.ok()) {
            qFatal("%s", file.error().message.c_str());
        }
        const engine::JournalSource source{
            *m_folder, *file.value(), map ? &*map : nullptr, position ? &*position : nullptr};
        auto look = m_reader->look(source, budget, {});
        if (!look.ok()) {
            qFatal("%s", look.error().message.c_str());
        }
        bytesRead += look.value().bytesRead;
        return std::move(look).value();
    }

    /// Looks until there is an answer that is not about milliseconds; takes what it finds.
    engine::JournalLook follow(engine::StepBudget budget = {}) {
        const QDeadlineTimer deadline(30'000);
        while (true) {
            engine::JournalLook look = lookOnce(budget);
            const bool soon = look.kind == Kind::MoreToRead ||
                              (look.kind == Kind::NotNow && !look.waiting && look.callAgain);
            if (!soon || deadline.hasExpired()) {
                take(look);
                return look;
            }
            QTest::qWait(static_cast<int>(look.callAgain->count()));
        }
    }

    void take(engine::JournalLook& look) {
        if (look.position) {
            position = look.position;
        }
        if (look.difference) {
            takeDifference(*look.difference);
        }
    }

    bool imageIsMap() const { return mapOf(image, map->pageSize(), kSeed) == *map; }


    std::optional<engine::PageMap> map;
    std::optional<engine::JournalPosition> position;
    engine::Buffer image;  // of the captured state; a baseline leaves it as it is
    std::uint64_t pagesTaken = 0;
    std::uint64_t bytesRead = 0;

private:
    void takeDifference(engine::StateDifference& difference) {
        position = difference.position;
        if (difference.fresh) {
            map = std::move(difference.fresh);
            return;
        }
        map->resize(difference.pageCount);
        image.resize(difference.pageCount * difference.pageSize);
        std::uint64_t last = 0;
        while (true) {
            const auto next = difference.pages.next();
            if (!next.ok()) {
                qFatal("%s", next.error().message.c_str());
            }
            if (!next.value()) {
                return;
            }
            const engine::SpilledPage& page = *next.value();
            if (page.page <= last || page.page > difference.pageCount) {
                qFatal("pages out of order");
            }
            last = page.page;
            map->set(page.page, page.h64);
            std::memcpy(image.data() + (page.page - 1) * difference.pageSize,
                        page.bytes.data(),
                        page.bytes.size());
            pagesTaken += 1;
        }
    }

    QString m_path;
    std::unique_ptr<engine::SourceFolder> m_folder;
    engine::SystemClock m_clock;
    engine::CaptureOptions m_options;
    std::unique_ptr<engine::SqliteJournalReader> m_reader;
};
