// SPDX-License-Identifier: Apache-2.0
// The words of the state model (protected, behind, waiting, ...): the one sentence at the top, the
// word and the line of a database, the banner of a page. Pure functions of (view, now): window,
// tray and notifications say the same.
#pragma once

#include <QString>
#include <QStringList>

#include "ui/bridge/engine_view.h"

namespace ui {

/// What the page shows apart from its content.
struct Headline {
    QString sentence;  // "All 3 databases are protected"
    QString detail;    // "newest change stored 12 s ago"
    /// The shape beside it.
    engine::ProtectionState state = engine::ProtectionState::Unknown;
};

Headline headlineOf(const EngineView& view, engine::Time now);

/// What a person can do about a banner; the view decides how.
enum class BannerAction : std::uint8_t {
    None,
    TryAgain,
    RecordHere,
    Resume,
    OpenConfiguration,
    ShowDatabase
};

struct BannerText {
    engine::ProtectionState state = engine::ProtectionState::NeedsAttention;
    QString title;
    QString text;
    QString details;  // the engine's own words, for whoever asks for them
    BannerAction action = BannerAction::None;
    QString database;  // of ShowDatabase

    friend bool operator==(const BannerText&, const BannerText&) = default;
};

/// The worst first; empty = nothing to say beyond the headline.
QList<BannerText> bannersOf(const EngineView& view, engine::Time now);

/// No evaluation for 30 s, or the engine is gone: nothing is known about now.
bool isStale(const EngineView& view, engine::Time now);
/// The state to show for a database: Unknown where the view is stale.
engine::ProtectionState shownState(const EngineView& view,
                                   const engine::DatabaseStatus& database,
                                   engine::Time now);

/// "Protected"
QString stateText(engine::ProtectionState state);
/// "newest change stored 12 s ago", "6 min behind on NAS", "First snapshot 43 %"
QString stateLine(const engine::DatabaseStatus& database,
                  engine::ProtectionState shown,
                  engine::Time now);
/// The same of one replica.
QString replicaLine(const engine::ReplicaStatus& replica, engine::Time now);
/// "disk, NAS", "1 of 2: disk" where some have not everything.
QString replicasText(const engine::DatabaseStatus& database);
/// "99.4 % in the last hour": the share of changes that were recorded one by one.
QString aloneText(const engine::DatabaseStatus& database);
/// "Checked 3 s ago"; empty where nothing was looked at.
QString checkedText(const EngineView& view, engine::Time now);
/// "3.1 MB wait to be stored", "Every change is stored".
QString queueText(const EngineView& view);
/// "until 18:00", "until you resume"
QString pausedUntilText(engine::Time until, engine::Time now);

}  // namespace ui
