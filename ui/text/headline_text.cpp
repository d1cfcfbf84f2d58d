// SPDX-License-Identifier: Apache-2.0
// The sentence at the top. Its rule: the worst thing that is true is said, and what is good is
// counted in the second line only.
#include <algorithm>
#include <array>

#include <QCoreApplication>
#include <QLocale>

#include "ui/text/status_text.h"
#include "ui/text/units.h"

namespace ui {

namespace {

using engine::DatabaseStatus;
using engine::EngineStatus;
using engine::ProtectionState;
using engine::Time;

struct Headlines {
    Q_DECLARE_TR_FUNCTIONS(Headlines)
};

QString number(std::size_t value) {
    return QLocale().toString(qulonglong{value});
}

/// How many databases are in which state.
class Census {
public:
    explicit Census(const EngineStatus& status) {
        for (const DatabaseStatus& database : status.databases) {
            auto& entry = m_count[static_cast<std::size_t>(database.state)];
            ++entry;
            ++m_all;
        }
    }

    std::size_t of(ProtectionState state) const { return m_count[static_cast<std::size_t>(state)]; }

    std::size_t all() const { return m_all; }

    /// What is on its way within its bounds counts as protected.
    std::size_t safe() const {
        return of(ProtectionState::Protected) + of(ProtectionState::CatchingUp);
    }

private:
    std::array<std::size_t, 9> m_count{};
    std::size_t m_all = 0;
};

const DatabaseStatus* firstIn(const EngineStatus& status, ProtectionState state) {
    const auto found = std::find_if(status.databases.begin(),
                                    status.databases.end(),
                                    [&](const auto& database) { return database.state == state; });
    return found == status.databases.end() ? nullptr : &*found;
}

QString newestStoredText(const EngineStatus& status, Time now) {
    Time newest;
    for (const DatabaseStatus& database : status.databases) {
        for (const engine::ReplicaStatus& replica : database.replicas) {
            newest = std::max(newest, replica.lastUploadAt);
        }
    }
    return newest.ms == 0 ? QString()
                          : Headlines::tr("newest change stored %1").arg(agoText(newest, now));
}

QString joined(const QString& first, const QString& second) {
    return first.isEmpty() || second.isEmpty()
               ? first + second
               : Headlines::tr("%1 · %2", "two facts in one line").arg(first, second);
}

QString safeCount(const Census& census) {
    if (census.safe() == census.all()) {
        return {};
    }
    return census.all() == 1 ? QString()
                             : Headlines::tr("%1 of %2 are protected")
                                   .arg(number(census.safe()), number(census.all()));
}

/// Of those that are behind, the one that is furthest.
const DatabaseStatus* furthestBehind(const EngineStatus& status) {
    const DatabaseStatus* worst = nullptr;
    for (const DatabaseStatus& database : status.databases) {
        const bool behind = database.state == ProtectionState::FallingBehind;
        if (behind && (worst == nullptr || database.lagMs > worst->lagMs)) {
            worst = &database;
        }
    }
    return worst;
}

QString needsAttention(std::size_t count) {
    return count == 1 ? Headlines::tr("1 database needs attention")
                      : Headlines::tr("%1 databases need attention").arg(number(count));
}

QString unknown(std::size_t count) {
    return count == 1 ? Headlines::tr("We can't tell about 1 database")
                      : Headlines::tr("We can't tell about %1 databases").arg(number(count));
}

QString notProtected(std::size_t count) {
    return count == 1 ? Headlines::tr("1 database is not protected yet")
                      : Headlines::tr("%1 databases are not protected yet").arg(number(count));
}

QString behind(const EngineStatus& status, std::size_t count) {
    const DatabaseStatus* worst = furthestBehind(status);
    const QString lag = lagText(worst->lagMs);
    const QString name = toQString(worst->name);
    return count == 1 ? Headlines::tr("%1 is %2 behind").arg(name, lag)
                      : Headlines::tr("%1 databases are behind (worst: %2, %3)")
                            .arg(number(count), name, lag);
}

QString allProtected(const Census& census) {
    switch (census.all()) {
        case 1:
            return Headlines::tr("Your database is protected");
        case 2:
            return Headlines::tr("Both databases are protected");
        default:
            return Headlines::tr("All %1 databases are protected").arg(number(census.all()));
    }
}

QString waiting(const Census& census, const EngineStatus& status) {
    const std::size_t count = census.of(ProtectionState::Waiting);
    if (census.all() == 1) {
        return Headlines::tr("%1 is waiting")
            .arg(toQString(firstIn(status, ProtectionState::Waiting)->name));
    }
    return count == 1 ? Headlines::tr("%1 of %2 databases are protected, 1 is waiting")
                            .arg(number(census.safe()), number(census.all()))
                      : Headlines::tr("%1 of %2 databases are protected, %3 are waiting")
                            .arg(number(census.safe()), number(census.all()), number(count));
}

/// The first snapshot is the usual reason; how far it is says more than the word.
QString firstSnapshotText(const EngineStatus& status) {
    const DatabaseStatus* database = firstIn(status, ProtectionState::NotProtected);
    if (database == nullptr || !database->snapshot || database->snapshot->pagesTotal == 0) {
        return {};
    }
    const auto share = 100 * database->snapshot->pagesDone / database->snapshot->pagesTotal;
    return Headlines::tr("first snapshot of %1: %2 %")
        .arg(toQString(database->name), number(share));
}

Headline headlineOfStatus(const EngineStatus& status, Time now) {
    const Census census(status);
    const QString count = safeCount(census);
    const QString stored = newestStoredText(status, now);
    if (const std::size_t n = census.of(ProtectionState::NeedsAttention); n > 0) {
        return {needsAttention(n), joined(count, stored), ProtectionState::NeedsAttention};
    }
    if (const std::size_t n = census.of(ProtectionState::Unknown); n > 0) {
        return {unknown(n), joined(count, stored), ProtectionState::Unknown};
    }
    if (const DatabaseStatus* busy = firstIn(status, ProtectionState::Restoring)) {
        return {Headlines::tr("Restoring %1…").arg(toQString(busy->name)),
                count,
                ProtectionState::Restoring};
    }
    if (const std::size_t n = census.of(ProtectionState::NotProtected); n > 0) {
        return {notProtected(n),
                joined(count, firstSnapshotText(status)),
                ProtectionState::NotProtected};
    }
    if (const std::size_t n = census.of(ProtectionState::FallingBehind); n > 0) {
        return {behind(status, n), joined(count, stored), ProtectionState::FallingBehind};
    }
    if (census.of(ProtectionState::Paused) > 0) {
        return {Headlines::tr("Uploads are paused"),
                joined(pausedUntilText(status.pausedUntil, now),
                       Headlines::tr("changes are recorded and wait on this computer")),
                ProtectionState::Paused};
    }
    if (census.of(ProtectionState::Waiting) > 0) {
        return {waiting(census, status), stored, ProtectionState::Waiting};
    }
    return {allProtected(census),
            stored.isEmpty() ? Headlines::tr("every change is stored") : stored,
            ProtectionState::Protected};
}

QString lastKnown(const EngineView& view, Time now) {
    return view.status == nullptr || view.status->at.ms == 0
               ? Headlines::tr("Whether changes are being recorded is not known")
               : Headlines::tr("last heard from the recorder %1")
                     .arg(agoText(view.status->at, now));
}

}  // namespace

Headline headlineOf(const EngineView& view, Time now) {
    switch (view.phase) {
        case Phase::Starting:
            return {Headlines::tr("Starting…"),
                    Headlines::tr("looking at what changed meanwhile"),
                    ProtectionState::Restoring};
        case Phase::Stopping:
            return {Headlines::tr("Stopping…"),
                    Headlines::tr("making sure that everything recorded is on the disk"),
                    ProtectionState::Restoring};
        case Phase::NoConfiguration:
            return {Headlines::tr("Nothing is protected yet"), {}, ProtectionState::NotProtected};
        case Phase::BadConfiguration:
        case Phase::Failed:
            return {Headlines::tr("Nothing is being recorded"),
                    Headlines::tr("Strandline could not start"),
                    ProtectionState::NeedsAttention};
        case Phase::Gone:
            return {Headlines::tr("We can't tell right now"),
                    lastKnown(view, now),
                    ProtectionState::Unknown};
        case Phase::Recording:
        case Phase::Attached:
            break;
    }
    if (isStale(view, now)) {
        return {Headlines::tr("We can't tell right now"),
                lastKnown(view, now),
                ProtectionState::Unknown};
    }
    if (view.status->databases.empty()) {
        return {Headlines::tr("Nothing is protected yet"), {}, ProtectionState::NotProtected};
    }
    return headlineOfStatus(*view.status, now);
}

bool isStale(const EngineView& view, Time now) {
    return !view.live() || view.status == nullptr || !view.status->running ||
           now.ms - view.status->at.ms > kStatusFreshMs;
}

ProtectionState shownState(const EngineView& view, const DatabaseStatus& database, Time now) {
    return isStale(view, now) ? ProtectionState::Unknown : database.state;
}

QString pausedUntilText(Time until, Time now) {
    return until.ms == 0 ? Headlines::tr("until you resume")
                         : Headlines::tr("until %1").arg(momentText(until, now));
}

}  // namespace ui
