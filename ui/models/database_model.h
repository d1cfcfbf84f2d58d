// SPDX-License-Identifier: Apache-2.0
// The databases as a table, one row each, in the engine's order. Rows stay with their database
// (by id) while values change, so that selection and scrolling stay where they are; what changed is
// told in as few dataChanged as there are runs of changed rows. GUI thread.
#pragma once

#include <vector>

#include <QAbstractTableModel>

#include "ui/bridge/engine_view.h"

namespace ui {

class DatabaseModel final : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Name, State, Lag, Change, Replicas, Generation, ColumnCount };

    enum Role {
        StateRole = Qt::UserRole + 1,  // int of engine::ProtectionState, as shown
        SecondLineRole,                // quiet text under the first
        SortRole,                      // a number or a text
        NameRole,
    };

    explicit DatabaseModel(QObject* parent = nullptr);

    /// The clock is the caller's, so that all pages agree on "ago".
    void update(const EngineView& view, engine::Time now);

    const engine::DatabaseStatus* database(int row) const;
    /// -1 where there is no such database.
    int rowOf(engine::DatabaseId id) const;
    int rowOf(const QString& name) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    /// What the cells show; compared to find out what changed.
    struct Row {
        engine::DatabaseStatus status;
        engine::ProtectionState shown = engine::ProtectionState::Unknown;
        QString text[ColumnCount];
        QString second[ColumnCount];

        bool showsTheSameAs(const Row& other) const;
    };

    static Row rowFor(const engine::DatabaseStatus& status,
                      engine::ProtectionState shown,
                      engine::Time now);
    void removeMissing(const std::vector<Row>& next);
    void insertAndMove(std::vector<Row>& next);
    void takeValues(std::vector<Row>& next);
    QVariant sortValue(const Row& row, int column) const;
    QString toolTip(const Row& row, int column) const;

    std::vector<Row> m_rows;
};

}  // namespace ui
