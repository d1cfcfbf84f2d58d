// SPDX-License-Identifier: Apache-2.0
#include "ui/models/database_model.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "ui/text/status_text.h"
#include "ui/text/units.h"

namespace ui {

using engine::DatabaseStatus;
using engine::ProtectionState;
using engine::Time;

DatabaseModel::DatabaseModel(QObject* parent)
    : QAbstractTableModel(parent) {}

bool DatabaseModel::Row::showsTheSameAs(const Row& other) const {
    return shown == other.shown && std::equal(std::begin(text), std::end(text), other.text) &&
           std::equal(std::begin(second), std::end(second), other.second);
}

DatabaseModel::Row DatabaseModel::rowFor(const DatabaseStatus& status,
                                         ProtectionState shown,
                                         Time now) {
    const bool known = shown != ProtectionState::Unknown;
    Row row{.status = status, .shown = shown, .text = {}, .second = {}};
    row.text[Name] = toQString(status.name);
    row.second[Name] = toQString(status.captureLabel);
    row.text[State] = stateText(shown);
    row.second[State] = stateLine(status, shown, now);
    row.text[Lag] = known ? lagText(status.lagMs) : QString(u'–');
    row.text[Change] = status.txId.value == 0 ? QString(u'–') : changeText(status.txId);
    row.text[Replicas] = replicasText(status);
    row.text[Generation] =
        status.generation.empty() ? QString(u'–') : generationText(status.generation);
    return row;
}

void DatabaseModel::update(const EngineView& view, Time now) {
    std::vector<Row> next;
    if (view.status != nullptr) {
        for (const DatabaseStatus& status : view.status->databases) {
            // An id is one row, whatever another process says over the socket.
            const bool again = std::any_of(next.begin(), next.end(), [&](const Row& row) {
                return row.status.id == status.id;
            });
            if (!again) {
                next.push_back(rowFor(status, shownState(view, status, now), now));
            }
        }
    }
    removeMissing(next);
    insertAndMove(next);
    takeValues(next);
}

void DatabaseModel::removeMissing(const std::vector<Row>& next) {
    for (int row = static_cast<int>(m_rows.size()) - 1; row >= 0; --row) {
        const engine::DatabaseId id = m_rows[static_cast<std::size_t>(row)].status.id;
        const bool stays =
            std::any_of(next.begin(), next.end(), [&](const Row& r) { return r.status.id == id; });
        if (!stays) {
            beginRemoveRows({}, row, row);
            m_rows.erase(m_rows.begin() + row);
            endRemoveRows();
        }
    }
}

/// Afterwards the ids are those of next, in its order.
void DatabaseModel::insertAndMove(std::vector<Row>& next) {
    for (int row = 0; row < static_cast<int>(next.size()); ++row) {
        const Row& wanted = next[static_cast<std::size_t>(row)];
        const int present = rowOf(wanted.status.id);
        if (present == row) {
            continue;
        }
        if (present < 0) {
            beginInsertRows({}, row, row);
            m_rows.insert(m_rows.begin() + row, wanted);
            endInsertRows();
        } else {
            // Rows before this one are in place already, so it moves up.
            beginMoveRows({}, present, present, {}, row);
            std::rotate(
                m_rows.begin() + row, m_rows.begin() + present, m_rows.begin() + present + 1);
            endMoveRows();
        }
    }
}

void DatabaseModel::takeValues(std::vector<Row>& next) {
    int firstChanged = -1;
    const int count = static_cast<int>(next.size());
    for (int row = 0; row <= count; ++row) {
        bool changed = false;
        if (row < count) {
            Row& present = m_rows[static_cast<std::size_t>(row)];
            Row& wanted = next[static_cast<std::size_t>(row)];
            changed = !present.showsTheSameAs(wanted);
            present = std::move(wanted);
        }
        if (changed && firstChanged < 0) {
            firstChanged = row;
        } else if (!changed && firstChanged >= 0) {
            emit dataChanged(index(firstChanged, 0), index(row - 1, ColumnCount - 1));
            firstChanged = -1;
        }
    }
}

const DatabaseStatus* DatabaseModel::database(int row) const {
    return row < 0 || row >= static_cast<int>(m_rows.size())
               ? nullptr
               : &m_rows[static_cast<std::size_t>(row)].status;
}

int DatabaseModel::rowOf(engine::DatabaseId id) const {
    for (std::size_t row = 0; row < m_rows.size(); ++row) {
        if (m_rows[row].status.id == id) {
            return static_cast<int>(row);
        }
    }
    return -1;
}

int DatabaseModel::rowOf(const QString& name) const {
    for (std::size_t row = 0; row < m_rows.size(); ++row) {
        if (m_rows[row].text[Name] == name) {
            return static_cast<int>(row);
        }
    }
    return -1;
}

int DatabaseModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int DatabaseModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant DatabaseModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
        return {};
    }
    const Row& row = m_rows[static_cast<std::size_t>(index.row())];
    const int column = index.column();
    switch (role) {
        case Qt::DisplayRole:
            return row.text[column];
        case SecondLineRole:
            return row.second[column];
        case Qt::ToolTipRole:
            return toolTip(row, column);
        case Qt::AccessibleTextRole:
            return row.second[column].isEmpty() ? row.text[column]
                                                : row.text[column] + u", " + row.second[column];
        case Qt::TextAlignmentRole:
            return column == Lag || column == Change ? QVariant(Qt::AlignRight | Qt::AlignVCenter)
                                                     : QVariant(Qt::AlignLeft | Qt::AlignVCenter);
        case StateRole:
            return static_cast<int>(row.shown);
        case SortRole:
            return sortValue(row, column);
        case NameRole:
            return row.text[Name];
        default:
            return {};
    }
}

QVariant DatabaseModel::sortValue(const Row& row, int column) const {
    switch (column) {
        case State:
            return static_cast<int>(row.shown);
        case Lag:
            return qlonglong{row.status.lagMs.value_or(std::numeric_limits<std::int64_t>::max())};
        case Change:
            return qulonglong{row.status.txId.value};
        default:
            return row.text[column];
    }
}

QString DatabaseModel::toolTip(const Row& row, int column) const {
    switch (column) {
        case Name:
            return pathText(toQString(row.status.path));
        case State:
            return row.second[State];
        case Lag:
            return tr("Age of the oldest change that is not stored on a replica yet");
        case Change:
            return tr("Number of the newest recorded change");
        case Generation:
            return tr(
                "One unbroken recording: a snapshot and every change after it. A new one "
                "starts when we can't be sure that we saw every change.");
        case Replicas:
        default:
            return row.text[column];
    }
}

QVariant DatabaseModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) {
        return {};
    }
    if (role == Qt::TextAlignmentRole) {
        return section == Lag || section == Change ? QVariant(Qt::AlignRight | Qt::AlignVCenter)
                                                   : QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    }
    if (role != Qt::DisplayRole) {
        return {};
    }
    switch (section) {
        case Name:
            return tr("Database");
        case State:
            return tr("State");
        case Lag:
            return tr("Lag");
        case Change:
            return tr("Change");
        case Replicas:
            return tr("Replicas");
        case Generation:
            return tr("Generation");
        default:
            return {};
    }
}

}  // namespace ui
