// SPDX-License-Identifier: Apache-2.0
// What the controller does around a Capture, as far as a test needs it: a baseline, steps until
// nothing is left to do, restarts through a checkpoint file.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <QDeadlineTimer>
#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include "engine/capture/capture_factory.h"

#include "tests/capture/folder_events.h"
#include "tests/capture/image_sink.h"

class CaptureFollower {
public:
    static constexpr std::uint64_t kSeed = 815;

    explicit CaptureFollower(const QString& database)
        : m_database(database)
        , m_events(QFileInfo(database).absolutePath()) {
        m_options.path = database.toStdString();
        m_options.spillFolder = m_own.path().toStdString();
        m_options.seed = kSeed;
        m_options.clock = &clock;
        m_options.takeEvents = [this] { return m_events.take(); };
        create();
    }

    void create() {
        auto made = engine::createCapture(m_options);
        if (!made.ok()) {
            qFatal("%s", made.error().message.c_str());
        }
        capture = std::move(made).value();
    }

    engine::CaptureOptions& options() { return m_options; }

    /// Proves a baseline; the sink gets its pages by readPage. false: it did not stand in time.
    bool baseline(int timeoutMs = 20'000) {
        const QDeadlineTimer deadline(timeoutMs);
        while (!deadline.hasExpired()) {
            auto stands = capture->startGeneration({7}, {41}, engine::StepBudget{}, {}, lastStep);
            if (!stands.ok()) {
                qFatal("%s", stands.error().message.c_str());
            }
            if (stands.value()) {
                return takePages();
            }
            pause();
        }
        return false;
    }

    bool takePages() {
        const engine::PageMap& map = capture->map();
        sink = std::make_unique<ImageSink>(map.pageSize(), kSeed);
        engine::Buffer page(map.pageSize());
        for (std::uint64_t number = 1; number < map.endPage(); ++number) {
            const auto read = capture->readPages({&number, 1}, page);
            if (!read.ok() || !read.value().front()) {
                qWarning("page %lu of the baseline cannot be read", number);
                return false;
            }
            sink->put(number, page);
        }
        sink->apply(map.pageCount());
        return sink->map().root() == map.root();
    }

    /// One step; an error ends the test run unless it is wanted.
    engine::Step stepOnce(engine::StepBudget budget = {}) {
        auto step = capture->step(*sink, budget, {});
        if (!step.ok()) {
            qFatal("%s", step.error().message.c_str());
        }
        lastStep = step.value();
        return lastStep;
    }

    /// Steps until the capture would wait for an event, or wait for long.
    engine::Step follow(int timeoutMs = 20'000) {
        const QDeadlineTimer deadline(timeoutMs);
        std::uint64_t commits = 0;
        do {
            commits += stepOnce().commits;
            if (lastStep.discontinuity || farAway()) {
                break;
            }
            pause();
        } while (!deadline.hasExpired());
        lastStep.commits = commits;
        return lastStep;
    }

    /// A pause before a sweep can last longer, too, but something is left to do then.
    bool farAway() const {
        const bool idle = lastStep.waiting || !lastStep.dirtySince;
        return idle && lastStep.callAgain - clock.steady() > std::chrono::milliseconds(500);
    }

    /// As after a start of the engine: a new capture that goes on from the saved position.
    void restart() {
        const std::string path = m_own.filePath(QStringLiteral("map")).toStdString();
        const auto position = capture->position();
        const auto saved = engine::savePageMap(
            path, position.generation, position.tx, position.origin, capture->map());
        if (!saved.ok()) {
            qFatal("%s", saved.error().message.c_str());
        }
        resumeFrom(path);
    }

    void resumeFrom(const std::string& path) {
        auto loaded = engine::loadPageMap(path);
        create();
        if (!loaded.ok() || !capture->resume(std::move(loaded).value()).ok()) {
            qFatal("resume");
        }
    }

    /// The wait of the controller, without an event.
    void pause() {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(lastStep.callAgain -
                                                                                clock.steady());
        if (left.count() > 0) {
            QTest::qWait(static_cast<int>(std::min<std::int64_t>(left.count(), 500)));
        }
    }

    QString ownFolder() const { return m_own.path(); }

    TestClock clock;
    std::unique_ptr<engine::Capture> capture;
    std::unique_ptr<ImageSink> sink;
    engine::Step lastStep;

private:
    QString m_database;
    QTemporaryDir m_own;
    FolderEvents m_events;
    engine::CaptureOptions m_options;
};
