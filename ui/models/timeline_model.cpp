// SPDX-License-Identifier: Apache-2.0
#include "ui/models/timeline_model.h"

#include <utility>

#include <QLocale>

#include "ui/text/restore_text.h"
#include "ui/text/units.h"

namespace ui {

TimelineModel::TimelineModel(QObject* parent)
    : QAbstractTableModel(parent) {}

void TimelineModel::setPoints(std::vector<engine::TimelinePoint> points, engine::Time now) {
    beginResetModel();
    m_points = std::move(points);
    m_now = now;
    endResetModel();
}

void TimelineModel::clear() {
    setPoints({}, {});
}

const engine::TimelinePoint* TimelineModel::point(int row) const {
    const auto count = static_cast<int>(m_points.size());
    return row < 0 || row >= count ? nullptr : &m_points[static_cast<std::size_t>(count - 1 - row)];
}

int TimelineModel::rowOfIndex(std::size_t pointIndex) const {
    return static_cast<int>(m_points.size() - 1 - pointIndex);
}

int TimelineModel::rowOf(const engine::Point& point) const {
    for (std::size_t i = m_points.size(); i-- > 0;) {
        if (m_points[i].point == point) {
            return rowOfIndex(i);
        }
    }
    return -1;
}

int TimelineModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_points.size());
}

int TimelineModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant TimelineModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
        return {};
    }
    const engine::TimelinePoint& shown = *point(index.row());
    switch (role) {
        case Qt::DisplayRole:
            return text(shown, index.column());
        case Qt::ToolTipRole:
            return toolTip(shown, index.column());
        case Qt::TextAlignmentRole:
            return index.column() == Change || index.column() == Pages
                       ? QVariant(Qt::AlignRight | Qt::AlignVCenter)
                       : QVariant(Qt::AlignLeft | Qt::AlignVCenter);
        case TxRole:
            return qulonglong{shown.point.tx.value};
        case TimeRole:
            return qlonglong{shown.time.ms};
        default:
            return {};
    }
}

QString TimelineModel::text(const engine::TimelinePoint& point, int column) const {
    switch (column) {
        case Moment:
            return momentTitle(point.time, m_now);
        case Change:
            return changeText(point.point.tx);
        case Kind:
            return pointKindText(point.kind);
        case Pages:
            return QLocale().toString(qulonglong{point.pages});
        default:
            return {};
    }
}

QString TimelineModel::toolTip(const engine::TimelinePoint& point, int column) const {
    switch (column) {
        case Moment:
            return tr("%1 (%2)").arg(exactMomentText(point.time), agoText(point.time, m_now));
        case Change:
            return tr("Change %1 of generation %2")
                .arg(changeText(point.point.tx), generationText(point.point.generation));
        case Kind:
            return pointKindHint(point.kind);
        case Pages:
            return tr("%1 changed").arg(sizeText(point.bytes));
        default:
            return {};
    }
}

QVariant TimelineModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) {
        return {};
    }
    if (role == Qt::TextAlignmentRole) {
        return section == Change || section == Pages ? QVariant(Qt::AlignRight | Qt::AlignVCenter)
                                                     : QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    }
    if (role != Qt::DisplayRole) {
        return {};
    }
    switch (section) {
        case Moment:
            return tr("Moment");
        case Change:
            return tr("Change");
        case Kind:
            return tr("Kind");
        case Pages:
            return tr("Pages");
        default:
            return {};
    }
}

}  // namespace ui
