// SPDX-License-Identifier: Apache-2.0
#include "ui/wizard/notice.h"

#include <utility>

#include <QGridLayout>
#include <QLabel>
#include <QPushButton>

#include "ui/widgets/look.h"
#include "ui/widgets/state_shape.h"

namespace ui {

Notice::Notice(QWidget* parent)
    : Card(parent)
    , m_shape(new StateShape(1.2, this))
    , m_text(new QLabel(this))
    , m_buttons(new QHBoxLayout) {
    m_text->setWordWrap(true);
    m_text->setTextFormat(Qt::PlainText);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* layout = new QGridLayout(this);
    const int row = distance(*this, Distance::Row);
    layout->setContentsMargins(row, row, row, row);
    layout->setHorizontalSpacing(row);
    layout->setVerticalSpacing(distance(*this, Distance::Inside));
    layout->addWidget(m_shape, 0, 0, Qt::AlignTop);
    layout->addWidget(m_text, 0, 1);
    layout->addLayout(m_buttons, 1, 1);
    layout->setColumnStretch(1, 1);
    m_buttons->addStretch();
    hide();
}

void Notice::say(engine::ProtectionState state, const QString& text) {
    while (m_buttons->count() > 1) {
        QLayoutItem* item = m_buttons->takeAt(1);
        item->widget()->hide();
        item->widget()->deleteLater();
        delete item;
    }
    m_shape->setState(state);
    setWash(state);
    m_text->setText(text);
    setAccessibleName(text);
    show();
}

void Notice::addButton(const QString& label, std::function<void()> action) {
    auto* button = new QPushButton(label, this);
    connect(button, &QPushButton::clicked, this, [action = std::move(action)] { action(); });
    m_buttons->addWidget(button);
}

QString Notice::text() const {
    return m_text->text();
}

}  // namespace ui
