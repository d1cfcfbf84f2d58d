// SPDX-License-Identifier: Apache-2.0
// Names and words of a restore. Pure.
#pragma once

#include <optional>

#include <QString>

#include "engine/api/replica_session.h"

namespace ui {

/// "trilium (14 Jun 14.02.11).db" for the database "trilium" in document.db: legal on every file
/// system, local time, never a path.
QString proposedFileName(const QString& database, const QString& sourcePath, engine::Time moment);
/// "x.db" -> "x 2.db" -> "x 3.db"
QString nextFileName(const QString& path);

/// "Change", "Several changes", "Snapshot"
QString pointKindText(engine::PointKind kind);
/// What a point of this kind is, for a tooltip.
QString pointKindHint(engine::PointKind kind);

/// What a person typed into "Go to": "14:05", "14:05:30", "yesterday 9:00", "today", "14 Jun",
/// "2026-06-14 14:02", "#1042", "1042".
struct GoTo {
    std::optional<engine::TxId> tx;
    std::optional<engine::Time> moment;
};

/// Empty: it says neither. now gives the day where none is typed: a time of day that is still to
/// come today means yesterday's.
std::optional<GoTo> parseGoTo(const QString& text, engine::Time now);

/// Where the point is that "Go to" means: with that number, newest first, or at or before the
/// moment; points in the recorded order. Empty: there is none.
std::optional<std::size_t> findPoint(const std::vector<engine::TimelinePoint>& points,
                                     const GoTo& wanted);

}  // namespace ui
