// SPDX-License-Identifier: Apache-2.0
#include "ui/views/database_details.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "ui/text/status_text.h"
#include "ui/text/units.h"
#include "ui/widgets/card.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/look.h"
#include "ui/widgets/state_shape.h"

namespace ui {

namespace {

QLabel* cardTitle(const QString& text, QWidget* parent) {
    auto* title = new QLabel(text, parent);
    title->setFont(strongFont(parent->font()));
    return title;
}

QLabel* columnTitle(const QString& text, QWidget* parent) {
    auto* title = new QLabel(text, parent);
    title->setFont(smallFont(parent->font()));
    makeQuiet(*title);
    return title;
}

}  // namespace

DatabaseDetails::DatabaseDetails(QWidget* parent)
    : QWidget(parent) {
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(distance(*this, Distance::Between));
    layout->addWidget(makeReplicaCard(), 3);
    layout->addWidget(makeRecordingCard(), 2);
}

Card* DatabaseDetails::makeReplicaCard() {
    auto* card = new Card(this);
    auto* layout = new QVBoxLayout(card);
    const int between = distance(*this, Distance::Between);
    layout->setContentsMargins(between, between, between, between);
    layout->setSpacing(distance(*this, Distance::Inside));
    layout->addWidget(cardTitle(tr("Replicas"), card));
    m_noReplica = new QLabel(tr("No replica: changes are kept on this computer only."), card);
    m_noReplica->setWordWrap(true);
    makeQuiet(*m_noReplica);
    layout->addWidget(m_noReplica);
    m_replicaGrid = new QGridLayout;
    m_replicaGrid->setHorizontalSpacing(between);
    m_replicaGrid->setVerticalSpacing(distance(*this, Distance::Inside));
    m_replicaGrid->addWidget(columnTitle(tr("Stored up to"), card), 0, 2);
    m_replicaGrid->addWidget(columnTitle(tr("Lag"), card), 0, 3);
    m_replicaGrid->setColumnStretch(4, 1);
    layout->addLayout(m_replicaGrid);
    layout->addStretch();
    return card;
}

Card* DatabaseDetails::makeRecordingCard() {
    auto* card = new Card(this);
    auto* layout = new QVBoxLayout(card);
    const int between = distance(*this, Distance::Between);
    layout->setContentsMargins(between, between, between, between);
    layout->setSpacing(distance(*this, Distance::Inside));
    layout->addWidget(cardTitle(tr("Recording"), card));
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(between);
    grid->setVerticalSpacing(distance(*this, Distance::Inside));
    grid->setColumnStretch(1, 1);
    m_mode = addFact(*grid, tr("Mode"));
    m_alone = addFact(*grid, tr("One by one"));
    m_file = addFact(*grid, tr("File"));
    m_size = addFact(*grid, tr("Size"));
    m_generation = addFact(*grid, tr("Generation"));
    m_snapshot = addFact(*grid, tr("Last snapshot"));
    m_effect = addFact(*grid, tr("On the app"));
    m_effect.value->setText(tr("reads only"));
    layout->addLayout(grid);
    layout->addStretch();
    return card;
}

DatabaseDetails::Fact DatabaseDetails::addFact(QGridLayout& layout, const QString& label) {
    const Fact fact{new QLabel(label, this), new ElidedLabel(this)};
    makeQuiet(*fact.label);
    fact.label->setAlignment(Qt::AlignTrailing | Qt::AlignVCenter);
    fact.label->setBuddy(fact.value);
    const int row = layout.rowCount();
    layout.addWidget(fact.label, row, 0);
    layout.addWidget(fact.value, row, 1);
    return fact;
}

void DatabaseDetails::setDatabase(const engine::DatabaseStatus& database,
                                  bool stale,
                                  engine::Time now) {
    setReplicaCount(database.replicas.size());
    for (std::size_t i = 0; i < database.replicas.size(); ++i) {
        fillReplica(m_replicas[i], database.replicas[i], stale, now);
    }
    fillRecording(database, now);
}

void DatabaseDetails::setReplicaCount(std::size_t count) {
    while (m_replicas.size() < count) {
        const ReplicaRow row{new StateShape(1, this),
                             new QLabel(this),
                             new QLabel(this),
                             new QLabel(this),
                             new ElidedLabel(this)};
        row.line->setElideMode(Qt::ElideRight);
        makeQuiet(*row.line);
        row.name->setTextFormat(Qt::PlainText);
        const int at = static_cast<int>(m_replicas.size()) + 1;
        m_replicaGrid->addWidget(row.shape, at, 0);
        m_replicaGrid->addWidget(row.name, at, 1);
        m_replicaGrid->addWidget(row.stored, at, 2);
        m_replicaGrid->addWidget(row.lag, at, 3);
        m_replicaGrid->addWidget(row.line, at, 4);
        m_replicas.push_back(row);
    }
    for (std::size_t i = 0; i < m_replicas.size(); ++i) {
        const ReplicaRow& row = m_replicas[i];
        for (QWidget* widget : {static_cast<QWidget*>(row.shape),
                                static_cast<QWidget*>(row.name),
                                static_cast<QWidget*>(row.stored),
                                static_cast<QWidget*>(row.lag),
                                static_cast<QWidget*>(row.line)}) {
            widget->setVisible(i < count);
        }
    }
    m_noReplica->setVisible(count == 0);
    for (const int column : {2, 3}) {
        m_replicaGrid->itemAtPosition(0, column)->widget()->setVisible(count > 0);
    }
}

void DatabaseDetails::fillReplica(const ReplicaRow& row,
                                  const engine::ReplicaStatus& replica,
                                  bool stale,
                                  engine::Time now) {
    row.shape->setState(stale ? engine::ProtectionState::Unknown : replica.state);
    row.name->setText(toQString(replica.name));
    row.name->setToolTip(toQString(replica.kind));
    row.stored->setText(replica.storedTxId.value == 0 ? QString(u'–')
                                                      : changeText(replica.storedTxId));
    row.lag->setText(stale ? QString(u'–') : lagText(replica.lagMs));
    row.line->setText(stale ? QString() : replicaLine(replica, now));
}

void DatabaseDetails::fillRecording(const engine::DatabaseStatus& database, engine::Time now) {
    m_file.value->setText(pathText(toQString(database.path)));
    m_mode.value->setText(toQString(database.captureLabel));
    m_alone.value->setText(aloneText(database));
    const std::uint64_t bytes = database.pageCount * database.pageSize;
    m_size.value->setText(bytes == 0 ? QString(u'–') : sizeText(bytes));
    m_generation.value->setText(database.generation.empty() ? QString(u'–')
                                                            : generationText(database.generation));
    m_snapshot.value->setText(database.lastSnapshotAt.ms == 0
                                  ? QString(u'–')
                                  : momentTitle(database.lastSnapshotAt, now));
}

}  // namespace ui
