// SPDX-License-Identifier: Apache-2.0
// Words and lines of one database and of one replica.
#include <algorithm>

#include <QCoreApplication>
#include <QHash>
#include <QLocale>

#include "ui/text/status_text.h"
#include "ui/text/units.h"

namespace ui {

namespace {

using engine::DatabaseStatus;
using engine::ProtectionState;
using engine::ReplicaStatus;
using engine::Time;

struct StateTexts {
    Q_DECLARE_TR_FUNCTIONS(StateTexts)
};

/// Why nothing can be captured right now; by the engine's word for it.
QString captureWaitText(const std::string& waiting) {
    const QHash<QString, QString> texts = {
        {QStringLiteral("tooBusy"),
         StateTexts::tr("the app writes faster than can be read; waiting for a gap")},
        {QStringLiteral("appHoldsLock"), StateTexts::tr("recorded when the app closes")},
        {QStringLiteral("tailUnreadable"),
         StateTexts::tr("waiting for the app to finish a change")},
        {QStringLiteral("hotJournal"),
         StateTexts::tr("waiting for the app to repair its file: open it once")},
        {QStringLiteral("gone"), StateTexts::tr("the file is gone; its history is safe")},
        {QStringLiteral("noPermission"), StateTexts::tr("the file can't be read: no permission")},
        {QStringLiteral("notADatabase"), StateTexts::tr("the file is not a database any more")},
    };
    const QString word = toQString(waiting);
    return texts.value(word, word);
}

QString retryText(const ReplicaStatus& replica, Time now) {
    return replica.retryAt.ms > now.ms
               ? StateTexts::tr("next try in %1").arg(durationText(replica.retryAt.ms - now.ms))
               : QString();
}

QString joined(const QString& first, const QString& second) {
    return first.isEmpty() || second.isEmpty()
               ? first + second
               : StateTexts::tr("%1 · %2", "two facts in one line").arg(first, second);
}

QString pendingText(std::uint64_t bytes) {
    return bytes == 0 ? QString() : StateTexts::tr("%1 waiting").arg(sizeText(bytes));
}

const ReplicaStatus* worstReplica(const DatabaseStatus& database, ProtectionState state) {
    const auto found = std::find_if(database.replicas.begin(),
                                    database.replicas.end(),
                                    [&](const auto& replica) { return replica.state == state; });
    return found == database.replicas.end() ? nullptr : &*found;
}

QString storedLine(Time lastUpload, Time now) {
    return lastUpload.ms == 0
               ? StateTexts::tr("every change is stored")
               : StateTexts::tr("newest change stored %1").arg(agoText(lastUpload, now));
}

Time newestUpload(const DatabaseStatus& database) {
    Time newest;
    for (const ReplicaStatus& replica : database.replicas) {
        newest = std::max(newest, replica.lastUploadAt);
    }
    return newest;
}

QString behindLine(const DatabaseStatus& database) {
    const ReplicaStatus* replica = worstReplica(database, ProtectionState::FallingBehind);
    return replica == nullptr ? StateTexts::tr("%1 behind").arg(lagText(database.lagMs))
                              : StateTexts::tr("%1 behind on %2")
                                    .arg(lagText(replica->lagMs), toQString(replica->name));
}

QString waitingLine(const DatabaseStatus& database, Time now) {
    if (!database.waiting.empty()) {
        return captureWaitText(database.waiting);
    }
    const ReplicaStatus* replica = worstReplica(database, ProtectionState::Waiting);
    if (replica == nullptr) {
        return {};
    }
    return joined(StateTexts::tr("%1 can't be reached").arg(toQString(replica->name)),
                  retryText(*replica, now));
}

QString attentionLine(const DatabaseStatus& database) {
    if (!database.waiting.empty()) {
        return captureWaitText(database.waiting);
    }
    const ReplicaStatus* replica = worstReplica(database, ProtectionState::NeedsAttention);
    if (replica != nullptr && !replica->lastError.empty()) {
        return StateTexts::tr("%1: %2", "replica: what is wrong with it")
            .arg(toQString(replica->name), toQString(replica->lastError));
    }
    return toQString(database.lastError);
}

QString notProtectedLine(const DatabaseStatus& database) {
    if (database.replicas.empty()) {
        return StateTexts::tr("no replica: changes are kept on this computer only");
    }
    if (database.captureMode == "notSupported") {
        return StateTexts::tr("this kind of file is not supported");
    }
    if (database.snapshot && database.snapshot->pagesTotal > 0) {
        const auto share = 100 * database.snapshot->pagesDone / database.snapshot->pagesTotal;
        return StateTexts::tr("first snapshot %1 %").arg(QLocale().toString(qulonglong{share}));
    }
    return StateTexts::tr("the first snapshot is being made");
}

}  // namespace

QString stateText(ProtectionState state) {
    switch (state) {
        case ProtectionState::Protected:
            return StateTexts::tr("Protected");
        case ProtectionState::CatchingUp:
            return StateTexts::tr("Catching up");
        case ProtectionState::FallingBehind:
            return StateTexts::tr("Falling behind");
        case ProtectionState::Waiting:
            return StateTexts::tr("Waiting");
        case ProtectionState::Paused:
            return StateTexts::tr("Paused");
        case ProtectionState::NeedsAttention:
            return StateTexts::tr("Needs attention");
        case ProtectionState::NotProtected:
            return StateTexts::tr("Not protected");
        case ProtectionState::Restoring:
            return StateTexts::tr("Restoring");
        case ProtectionState::Unknown:
            break;
    }
    return StateTexts::tr("Unknown");
}

QString stateLine(const DatabaseStatus& database, ProtectionState shown, Time now) {
    switch (shown) {
        case ProtectionState::Protected:
            return storedLine(newestUpload(database), now);
        case ProtectionState::CatchingUp:
            return joined(database.pendingBytes == 0
                              ? StateTexts::tr("copying")
                              : StateTexts::tr("copying %1").arg(sizeText(database.pendingBytes)),
                          StateTexts::tr("%1 behind").arg(lagText(database.lagMs)));
        case ProtectionState::FallingBehind:
            return behindLine(database);
        case ProtectionState::Waiting:
            return waitingLine(database, now);
        case ProtectionState::Paused:
            return joined(StateTexts::tr("recording goes on"), pendingText(database.pendingBytes));
        case ProtectionState::NeedsAttention:
            return attentionLine(database);
        case ProtectionState::NotProtected:
            return notProtectedLine(database);
        case ProtectionState::Restoring:
            return StateTexts::tr("copying is held meanwhile");
        case ProtectionState::Unknown:
            break;
    }
    return StateTexts::tr("we can't tell: the recorder isn't answering");
}

QString replicaLine(const ReplicaStatus& replica, Time now) {
    if (!replica.lastError.empty()) {
        return joined(toQString(replica.lastError), retryText(replica, now));
    }
    if (!replica.restorable) {
        return StateTexts::tr("the first snapshot is not complete");
    }
    if (replica.lagMs && *replica.lagMs > 0) {
        return joined(pendingText(replica.pendingBytes),
                      StateTexts::tr("%1 behind").arg(lagText(replica.lagMs)));
    }
    return storedLine(replica.lastUploadAt, now);
}

QString replicasText(const DatabaseStatus& database) {
    QStringList complete;
    for (const ReplicaStatus& replica : database.replicas) {
        const bool good = replica.state == ProtectionState::Protected ||
                          replica.state == ProtectionState::CatchingUp;
        if (good) {
            complete.append(toQString(replica.name));
        }
    }
    const auto all = static_cast<qsizetype>(database.replicas.size());
    const QString names = complete.join(QStringLiteral(", "));
    if (all == 0) {
        return StateTexts::tr("none");
    }
    if (complete.size() == all) {
        return names;
    }
    const QString count = StateTexts::tr("%1 of %2").arg(complete.size()).arg(all);
    return complete.isEmpty() ? count : StateTexts::tr("%1: %2").arg(count, names);
}

QString aloneText(const DatabaseStatus& database) {
    if (!database.aloneShare) {
        return StateTexts::tr("no change in the last hour");
    }
    const QString share = shareText(*database.aloneShare);
    return database.aloneShareAtMost
               ? StateTexts::tr("at most %1 in the last hour", "share of changes").arg(share)
               : StateTexts::tr("%1 in the last hour", "share of changes").arg(share);
}

QString checkedText(const EngineView& view, Time now) {
    if (view.status == nullptr) {
        return {};
    }
    Time oldest;
    for (const DatabaseStatus& database : view.status->databases) {
        const Time at = database.lastCheckedAt;
        oldest = oldest.ms == 0 ? at : std::min(oldest, at);
    }
    return oldest.ms == 0 ? QString() : StateTexts::tr("Checked %1").arg(agoText(oldest, now));
}

QString queueText(const EngineView& view) {
    if (view.status == nullptr || view.status->databases.empty()) {
        return {};
    }
    std::uint64_t pending = 0;
    bool stored = true;
    for (const DatabaseStatus& database : view.status->databases) {
        pending += database.pendingBytes;
        stored = stored && database.lagMs == 0;
    }
    if (pending > 0) {
        return StateTexts::tr("%1 wait to be stored").arg(sizeText(pending));
    }
    return stored ? StateTexts::tr("Every change is stored") : QString();
}

}  // namespace ui
