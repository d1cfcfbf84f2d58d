// SPDX-License-Identifier: Apache-2.0
#include "ui/text/units.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QLocale>
#include <QTimeZone>

namespace ui {

namespace {

struct Units {
    Q_DECLARE_TR_FUNCTIONS(Units)
};

QDateTime localTime(engine::Time time) {
    return QDateTime::fromMSecsSinceEpoch(time.ms);
}

/// The locale's own time of day with seconds, without the zone that its long format ends in.
QString timeOfDay(const QDateTime& time) {
    const QLocale locale;
    QString format = locale.timeFormat(QLocale::LongFormat);
    format.remove(u't');
    format.remove(QStringLiteral("()"));
    return locale.toString(time.time(), format.simplified());
}

/// " (UTC+02:00)" where the clock showed another offset then than it does now.
QString offsetText(const QDateTime& time, const QDateTime& now) {
    const int offset = time.offsetFromUtc();
    if (offset == now.offsetFromUtc()) {
        return {};
    }
    return QStringLiteral(" (%1)").arg(
        QTimeZone(offset).displayName(QTimeZone::GenericTime, QTimeZone::OffsetName));
}

QString dayText(const QDate& day, const QDate& today) {
    if (day == today) {
        return Units::tr("today");
    }
    if (day.addDays(1) == today) {
        return Units::tr("yesterday");
    }
    const QLocale locale;
    return day.year() == today.year()
               ? locale.toString(day, Units::tr("d MMM", "day and month, in Qt's format"))
               : locale.toString(day, Units::tr("d MMM yyyy", "day, month, year, in Qt's format"));
}

}  // namespace

engine::Time presentTime() {
    return engine::Time{QDateTime::currentMSecsSinceEpoch()};
}

QString toQString(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

QString sizeText(std::uint64_t bytes) {
    const QLocale locale;
    if (bytes < 1024) {
        return bytes == 1 ? Units::tr("1 byte")
                          : Units::tr("%1 bytes").arg(locale.toString(qulonglong{bytes}));
    }
    const std::array names = {
        Units::tr("KB"), Units::tr("MB"), Units::tr("GB"), Units::tr("TB"), Units::tr("PB")};
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < names.size()) {
        value /= 1024;
        ++unit;
    }
    const int decimals = value < 9.95 ? 1 : 0;
    return locale.toString(value, 'f', decimals) + QChar::Nbsp + names[unit];
}

QString durationText(std::int64_t ms) {
    const std::int64_t seconds = std::max<std::int64_t>(0, ms) / 1000;
    const auto number = [](std::int64_t value) { return QLocale().toString(qlonglong{value}); };
    if (seconds < 60) {
        return Units::tr("%1 s", "seconds").arg(number(seconds));
    }
    if (seconds < 3600) {
        return Units::tr("%1 min", "minutes").arg(number(seconds / 60));
    }
    if (seconds < 48 * 3600) {
        return Units::tr("%1 h", "hours").arg(number(seconds / 3600));
    }
    return Units::tr("%1 days").arg(number(seconds / 86400));
}

QString agoText(engine::Time time, engine::Time now) {
    const std::int64_t age = now.ms - time.ms;
    return age < 1000 ? Units::tr("a moment ago") : Units::tr("%1 ago").arg(durationText(age));
}

QString momentText(engine::Time time, engine::Time now) {
    const QDateTime moment = localTime(time);
    const QDateTime present = localTime(now);
    return Units::tr("%1 %2", "day, time of day")
               .arg(dayText(moment.date(), present.date()), timeOfDay(moment)) +
           offsetText(moment, present);
}

QString momentTitle(engine::Time time, engine::Time now) {
    QString text = momentText(time, now);
    text.front() = text.front().toUpper();
    return text;
}

QString exactMomentText(engine::Time time) {
    const QDateTime moment = localTime(time);
    return QLocale().toString(
        moment, Units::tr("dddd, d MMMM yyyy, HH:mm:ss.zzz t", "an exact moment, in Qt's format"));
}

QString changeText(engine::TxId tx) {
    return u'#' + QLocale().toString(qulonglong{tx.value});
}

QString generationText(engine::GenerationId generation) {
    return generation.empty() ? QString() : toQString(generation.text()).left(8);
}

QString lagText(const std::optional<std::int64_t>& lagMs) {
    return lagMs ? durationText(*lagMs) : Units::tr("not stored yet");
}

QString shareText(double share) {
    // Never rounded up to "all": 99.96 % are not every one.
    const double percent = std::floor(std::clamp(share, 0.0, 1.0) * 1000) / 10;
    const int decimals = percent >= 100 ? 0 : 1;
    return Units::tr("%1 %").arg(QLocale().toString(percent, 'f', decimals));
}

QString pathText(const QString& path) {
    const QString home = QDir::homePath();
    const bool inHome = home.size() > 1 && path.startsWith(home + u'/');
    return inHome ? u'~' + path.mid(home.size()) : path;
}

}  // namespace ui
