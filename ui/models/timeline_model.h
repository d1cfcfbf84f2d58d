// SPDX-License-Identifier: Apache-2.0
// The points of one database on one replica, newest first: exactly what the planner can reach.
// Texts are made when a cell is shown, so 10^5 rows cost their points only. GUI thread; the points
// are made by a job and taken whole.
#pragma once

#include <optional>
#include <vector>

#include <QAbstractTableModel>

#include "engine/api/replica_session.h"

namespace ui {

class TimelineModel final : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Moment, Change, Kind, Pages, ColumnCount };

    enum Role { TxRole = Qt::UserRole + 1, TimeRole };

    explicit TimelineModel(QObject* parent = nullptr);

    /// In the recorded order, as the timeline gives them.
    void setPoints(std::vector<engine::TimelinePoint> points, engine::Time now);
    void clear();

    const std::vector<engine::TimelinePoint>& points() const noexcept { return m_points; }

    const engine::TimelinePoint* point(int row) const;
    int rowOfIndex(std::size_t pointIndex) const;
    /// -1 where it is not there.
    int rowOf(const engine::Point& point) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString text(const engine::TimelinePoint& point, int column) const;
    QString toolTip(const engine::TimelinePoint& point, int column) const;

    std::vector<engine::TimelinePoint> m_points;
    engine::Time m_now;
};

}  // namespace ui
