// SPDX-License-Identifier: Apache-2.0
#include "ui/views/database_table.h"

#include <QHeaderView>
#include <QPainter>
#include <QSortFilterProxyModel>

#include "ui/models/database_model.h"
#include "ui/widgets/look.h"
#include "ui/widgets/state_shape.h"

namespace ui {

namespace {

/// Where things go within a cell.
struct CellPlan {
    QRect shape;
    QRect first;
    QRect second;
};

CellPlan planOf(const QStyleOptionViewItem& option, bool withShape, bool twoLines) {
    const int padding = distance(*option.widget, Distance::Inside);
    const int lineHeight = option.fontMetrics.height();
    CellPlan plan;
    QRect texts = option.rect.adjusted(padding, 0, -padding, 0);
    if (withShape) {
        const int side = qRound(lineHeight * 1.25);
        plan.shape = QRect(0, 0, side, side);
        plan.shape.moveCenter(QPoint(texts.left() + side / 2 + padding / 2, texts.center().y()));
        texts.setLeft(plan.shape.right() + padding + padding / 2);
    }
    const int height = twoLines ? 2 * lineHeight : lineHeight;
    plan.first = QRect(texts.left(), texts.center().y() - height / 2, texts.width(), lineHeight);
    plan.second = plan.first.translated(0, lineHeight);
    if (option.direction == Qt::RightToLeft) {
        for (QRect* part : {&plan.shape, &plan.first, &plan.second}) {
            *part = QStyle::visualRect(Qt::RightToLeft, option.rect, *part);
        }
    }
    return plan;
}

void drawLine(QPainter& painter, const QRect& box, const QString& text, Qt::Alignment alignment) {
    const QFontMetrics metrics = painter.fontMetrics();
    painter.drawText(box,
                     static_cast<int>(alignment) | Qt::TextSingleLine,
                     metrics.elidedText(text, Qt::ElideRight, box.width()));
}

}  // namespace

void DatabaseDelegate::paint(QPainter* painter,
                             const QStyleOptionViewItem& option,
                             const QModelIndex& index) const {
    QStyleOptionViewItem shown = option;
    initStyleOption(&shown, index);
    const QString second = index.data(DatabaseModel::SecondLineRole).toString();
    const auto state =
        static_cast<engine::ProtectionState>(index.data(DatabaseModel::StateRole).toInt());
    const Look look = lookOf(shown.palette);
    const bool isName = index.column() == DatabaseModel::Name;
    const bool isState = index.column() == DatabaseModel::State;
    const QString first = shown.text;
    const Qt::Alignment alignment =
        QStyle::visualAlignment(shown.direction, shown.displayAlignment);

    // The style draws selection and focus, we draw what is in the cell.
    shown.text.clear();
    shown.widget->style()->drawControl(QStyle::CE_ItemViewItem, &shown, painter, shown.widget);

    const bool selected = shown.state.testFlag(QStyle::State_Selected);
    const QColor text = selected ? shown.palette.color(QPalette::HighlightedText) : look.text;
    // A selection in a strong colour takes its own text colour for both lines.
    const bool calm =
        qAbs(shown.palette.color(QPalette::Highlight).lightness() - look.card.lightness()) < 60;
    const CellPlan plan = planOf(shown, isName, !second.isEmpty());
    painter->save();
    if (isName) {
        paintStateShape(*painter, plan.shape, state, look);
    }
    painter->setFont(isName ? strongFont(shown.font) : shown.font);
    const bool alarm = isState && state == engine::ProtectionState::NeedsAttention;
    painter->setPen(alarm && (calm || !selected) ? colorOf(look, state) : text);
    drawLine(*painter, plan.first, first, alignment);
    if (!second.isEmpty()) {
        painter->setFont(smallFont(shown.font));
        painter->setPen(selected && !calm ? text : look.quiet);
        drawLine(*painter, plan.second, second, alignment);
    }
    painter->restore();
}

QSize DatabaseDelegate::sizeHint(const QStyleOptionViewItem& option,
                                 const QModelIndex& index) const {
    QSize size = QStyledItemDelegate::sizeHint(option, index);
    size.setHeight(2 * option.fontMetrics.height() + scaled(*option.widget, 14));
    return size;
}

DatabaseTable::DatabaseTable(DatabaseModel& model, QWidget* parent)
    : QTableView(parent)
    , m_model(model)
    , m_sorted(new QSortFilterProxyModel(this)) {
    m_sorted->setSourceModel(&model);
    m_sorted->setSortRole(DatabaseModel::SortRole);
    m_sorted->setSortLocaleAware(true);
    m_sorted->setSortCaseSensitivity(Qt::CaseInsensitive);
    setModel(m_sorted);
    setItemDelegate(new DatabaseDelegate(this));
    setObjectName(QStringLiteral("databases"));
    setAccessibleName(tr("Databases"));
    setFrameShape(QFrame::NoFrame);
    setShowGrid(false);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setTabKeyNavigation(false);
    setHorizontalScrollMode(ScrollPerPixel);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setWordWrap(false);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setDefaultSectionSize(2 * fontMetrics().height() + scaled(*this, 14));
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setSectionsMovable(false);
    setSortingEnabled(true);
    sortByColumn(-1, Qt::AscendingOrder);
    reserveWidths();
    connect(selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this] {
        emit currentDatabaseChanged();
    });
    connect(m_sorted, &QAbstractItemModel::rowsInserted, this, [this] { updateGeometry(); });
    connect(m_sorted, &QAbstractItemModel::rowsRemoved, this, [this] { updateGeometry(); });
    connect(this, &QTableView::activated, this, [this] { emit databaseActivated(); });
}

void DatabaseTable::reserveWidths() {
    const auto wide = [this](const QString& sample) {
        return fontMetrics().horizontalAdvance(sample) + scaled(*this, 24);
    };
    QHeaderView& header = *horizontalHeader();
    header.setStretchLastSection(false);
    header.setSectionResizeMode(QHeaderView::Interactive);
    header.setSectionResizeMode(DatabaseModel::State, QHeaderView::Stretch);
    header.setMinimumSectionSize(wide(QStringLiteral("#999")));
    header.resizeSection(DatabaseModel::Name, wide(QStringLiteral("Firefox History of mine")));
    header.resizeSection(DatabaseModel::Lag, wide(QStringLiteral("999 days")));
    header.resizeSection(DatabaseModel::Change, wide(QStringLiteral("#9 999 999")));
    header.resizeSection(DatabaseModel::Replicas, wide(QStringLiteral("1 of 2: disk, NAS")));
    header.resizeSection(DatabaseModel::Generation, wide(QStringLiteral("Generation  ")));
}

const engine::DatabaseStatus* DatabaseTable::current() const {
    const QModelIndex index = m_sorted->mapToSource(currentIndex());
    return index.isValid() ? m_model.database(index.row()) : nullptr;
}

void DatabaseTable::select(const QString& name) {
    const int row = m_model.rowOf(name);
    if (row >= 0) {
        setCurrentIndex(m_sorted->mapFromSource(m_model.index(row, 0)));
    }
}

void DatabaseTable::selectFirstIfNone() {
    if (!currentIndex().isValid() && m_sorted->rowCount() > 0) {
        setCurrentIndex(m_sorted->index(0, 0));
    }
}

QSize DatabaseTable::sizeHint() const {
    const int rows = qMax(2, m_sorted->rowCount());
    const int height =
        horizontalHeader()->sizeHint().height() + rows * verticalHeader()->defaultSectionSize();
    return {QTableView::sizeHint().width(), height + 2};
}

}  // namespace ui
