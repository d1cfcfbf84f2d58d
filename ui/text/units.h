// SPDX-License-Identifier: Apache-2.0
// Numbers, sizes, ages and moments as a person reads them. Pure but for the locale and the time
// zone of the system; GUI thread.
#pragma once

#include <QString>

#include "engine/api/status.h"

namespace ui {

/// The system's clock: what the ages in the window are counted from.
engine::Time presentTime();

QString toQString(std::string_view text);

/// "84 MB", "3.1 MB", "312 bytes" (IEC steps; one decimal below ten).
QString sizeText(std::uint64_t bytes);
/// "0 s", "12 s", "6 min", "2 h", "3 days"; what lag and ages are shown in.
QString durationText(std::int64_t ms);
/// "a moment ago", "12 s ago", "6 min ago"; the past only.
QString agoText(engine::Time time, engine::Time now);
/// "today 14:02:11", "yesterday 14:02:11", "14 Jun 14:02:11", with the year where it is another
/// one, with the offset to UTC where it is not today's. For the middle of a sentence.
QString momentText(engine::Time time, engine::Time now);
/// "Today 14:02:11": where it stands alone.
QString momentTitle(engine::Time time, engine::Time now);
/// The same with weekday, year and milliseconds, for tooltips and reviews.
QString exactMomentText(engine::Time time);
/// "#1 041"
QString changeText(engine::TxId tx);
/// The first 8 hex digits; empty where there is none.
QString generationText(engine::GenerationId generation);
/// "6 min"; "not stored yet" where nothing ever was.
QString lagText(const std::optional<std::int64_t>& lagMs);
/// "99.4 %"
QString shareText(double share);
/// "~/Documents/x" for what lies in the home folder.
QString pathText(const QString& path);

}  // namespace ui
