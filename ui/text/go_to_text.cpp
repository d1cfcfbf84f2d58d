// SPDX-License-Identifier: Apache-2.0
// What "Go to" understands.
#include <array>

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <QStringList>

#include "ui/text/restore_text.h"

namespace ui {

namespace {

struct GoToTexts {
    Q_DECLARE_TR_FUNCTIONS(GoToTexts)
};

std::optional<engine::TxId> parseChange(const QString& text) {
    QString digits = text.startsWith(u'#') ? text.mid(1) : text;
    QString clean;
    for (const QChar c : digits) {
        const bool grouping = c.isSpace() || c == u',' || c == u'.' || c == u'\'';
        if (!grouping) {
            clean += c;
        }
    }
    bool ok = false;
    const qulonglong number = clean.toULongLong(&ok);
    const bool grouped = clean.size() != digits.size();
    // "14.05" without the sign is a time of day to many, so groups need it.
    return ok && number > 0 && (!grouped || text.startsWith(u'#'))
               ? std::optional(engine::TxId{number})
               : std::nullopt;
}

std::optional<QTime> parseTime(const QString& text) {
    static constexpr std::array kFormats = {
        "H:mm:ss", "H:mm", "H.mm.ss", "H.mm", "h:mm ap", "h:mm:ss ap", "h ap", "hap", "h:mmap"};
    for (const char* format : kFormats) {
        const QTime time = QTime::fromString(text, QString::fromLatin1(format));
        if (time.isValid()) {
            return time;
        }
    }
    return std::nullopt;
}

std::optional<QDate> parseDate(const QString& text, const QDate& today) {
    if (text.compare(GoToTexts::tr("today"), Qt::CaseInsensitive) == 0) {
        return today;
    }
    if (text.compare(GoToTexts::tr("yesterday"), Qt::CaseInsensitive) == 0) {
        return today.addDays(-1);
    }
    const QLocale locale;
    for (const QString& format : {QStringLiteral("yyyy-MM-dd"),
                                  QStringLiteral("d MMM yyyy"),
                                  QStringLiteral("d MMMM yyyy"),
                                  locale.dateFormat(QLocale::ShortFormat)}) {
        const QDate date = locale.toDate(text, format);
        if (date.isValid()) {
            return date;
        }
    }
    // Without a year: the last time that day was.
    for (const QString& format : {QStringLiteral("d MMM yyyy"), QStringLiteral("d MMMM yyyy")}) {
        const QDate date = locale.toDate(text + u' ' + QString::number(today.year()), format);
        if (date.isValid()) {
            return date > today ? date.addYears(-1) : date;
        }
    }
    return std::nullopt;
}

engine::Time timeOf(const QDate& date, const QTime& time) {
    // "14:05" means all of that minute: the state at its end.
    const bool seconds = time.second() != 0 || time.msec() != 0;
    const qint64 msecs = QDateTime(date, time).toMSecsSinceEpoch();
    return engine::Time{msecs + (seconds ? 999 : 59'999)};
}

engine::Time endOf(const QDate& date) {
    return engine::Time{date.addDays(1).startOfDay().toMSecsSinceEpoch() - 1};
}

/// The day in front, the time behind it: split at each space until both parts are understood.
std::optional<engine::Time> parseDayAndTime(const QString& text, const QDate& today) {
    const QStringList words = text.split(u' ');
    for (qsizetype split = words.size() - 1; split > 0; --split) {
        const auto date = parseDate(words.mid(0, split).join(u' '), today);
        const auto time = parseTime(words.mid(split).join(u' '));
        if (date && time) {
            return timeOf(*date, *time);
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<GoTo> parseGoTo(const QString& typed, engine::Time now) {
    const QString text = typed.simplified();
    if (text.isEmpty() || text.size() > 64) {
        return std::nullopt;
    }
    if (const auto tx = parseChange(text)) {
        return GoTo{tx, std::nullopt};
    }
    const QDate today = QDateTime::fromMSecsSinceEpoch(now.ms).date();
    if (const auto time = parseTime(text)) {
        const engine::Time moment = timeOf(today, *time);
        const bool toCome = moment.ms - 60'000 >= now.ms;
        return GoTo{std::nullopt, toCome ? timeOf(today.addDays(-1), *time) : moment};
    }
    if (const auto date = parseDate(text, today)) {
        return GoTo{std::nullopt, endOf(*date)};
    }
    if (const auto moment = parseDayAndTime(text, today)) {
        return GoTo{std::nullopt, moment};
    }
    return std::nullopt;
}

}  // namespace ui
