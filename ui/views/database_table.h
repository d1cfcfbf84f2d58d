// SPDX-License-Identifier: Apache-2.0
// The databases as rows two lines high: shape and name, word and reason, figures. Sorting keeps the
// selection; widths are reserved so that nothing jumps while values change.
#pragma once

#include <QStyledItemDelegate>
#include <QTableView>

#include "engine/api/status.h"

class QSortFilterProxyModel;

namespace ui {

class DatabaseModel;

class DatabaseDelegate final : public QStyledItemDelegate {
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter,
               const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

class DatabaseTable final : public QTableView {
    Q_OBJECT

public:
    explicit DatabaseTable(DatabaseModel& model, QWidget* parent = nullptr);

    /// Null where none is selected.
    const engine::DatabaseStatus* current() const;
    void select(const QString& name);
    void selectFirstIfNone();

    QSize sizeHint() const override;

signals:
    void currentDatabaseChanged();
    void databaseActivated();

private:
    void reserveWidths();

    DatabaseModel& m_model;
    QSortFilterProxyModel* m_sorted;
};

}  // namespace ui
