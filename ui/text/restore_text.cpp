// SPDX-License-Identifier: Apache-2.0
#include "ui/text/restore_text.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QFileInfo>
#include <QLocale>

namespace ui {

namespace {

struct RestoreTexts {
    Q_DECLARE_TR_FUNCTIONS(RestoreTexts)
};

/// What no file system minds: no separators, no control or reserved characters, no dot in front.
QString legalName(const QString& text) {
    QString name;
    for (const QChar c : text) {
        const bool reserved = QStringLiteral("/\\:*?\"<>|").contains(c);
        name += reserved || c.category() == QChar::Other_Control ? QChar(u'-') : c;
    }
    name = name.trimmed();
    while (name.startsWith(u'.')) {
        name.remove(0, 1);
    }
    return name.isEmpty() ? RestoreTexts::tr("database") : name.left(80);
}

/// ".db", ".sqlite"; ".db" where the source has none of its own.
QString suffixOf(const QString& sourcePath) {
    const QString suffix = QFileInfo(sourcePath).suffix();
    return u'.' + (suffix.isEmpty() || suffix.size() > 10 ? QStringLiteral("db") : suffix);
}

}  // namespace

QString proposedFileName(const QString& database, const QString& sourcePath, engine::Time moment) {
    const QDateTime local = QDateTime::fromMSecsSinceEpoch(moment.ms);
    const QString stamp = QLocale().toString(
        local, RestoreTexts::tr("d MMM HH.mm.ss", "moment in a file name, in Qt's format"));
    return QStringLiteral("%1 (%2)%3")
        .arg(legalName(database), legalName(stamp), suffixOf(sourcePath));
}

QString nextFileName(const QString& path) {
    const qsizetype folderEnd = path.lastIndexOf(u'/') + 1;
    const qsizetype dot = path.lastIndexOf(u'.');
    const qsizetype baseEnd = dot > folderEnd ? dot : path.size();
    const QString base = path.left(baseEnd);
    const qsizetype space = base.lastIndexOf(u' ');
    bool numbered = false;
    const int number = base.mid(space + 1).toInt(&numbered);
    const QString next = numbered && space > folderEnd && number > 1
                             ? base.left(space + 1) + QString::number(number + 1)
                             : base + QStringLiteral(" 2");
    return next + path.mid(baseEnd);
}

QString pointKindText(engine::PointKind kind) {
    switch (kind) {
        case engine::PointKind::Change:
            return RestoreTexts::tr("Change");
        case engine::PointKind::CatchUp:
            return RestoreTexts::tr("Merged changes");
        case engine::PointKind::Snapshot:
            return RestoreTexts::tr("Snapshot");
    }
    return {};
}

QString pointKindHint(engine::PointKind kind) {
    switch (kind) {
        case engine::PointKind::Change:
            return RestoreTexts::tr("One change, as the app made it");
        case engine::PointKind::CatchUp:
            return RestoreTexts::tr(
                "An exact state; the changes between it and the one before were not seen one by "
                "one");
        case engine::PointKind::Snapshot:
            return RestoreTexts::tr("A full copy");
    }
    return {};
}

std::optional<std::size_t> findPoint(const std::vector<engine::TimelinePoint>& points,
                                     const GoTo& wanted) {
    // From the newest: a number that several generations have means the newest one's.
    for (std::size_t i = points.size(); i-- > 0;) {
        const engine::TimelinePoint& point = points[i];
        const bool fits = wanted.tx ? point.point.tx == *wanted.tx
                                    : wanted.moment && point.time <= *wanted.moment;
        if (fits) {
            return i;
        }
    }
    return std::nullopt;
}

}  // namespace ui
