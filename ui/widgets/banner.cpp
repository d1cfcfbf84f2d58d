// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/banner.h"

#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>

#include "ui/widgets/look.h"
#include "ui/widgets/state_shape.h"

namespace ui {

Banner::Banner(QWidget* parent)
    : Card(parent)
    , m_shape(new StateShape(1.2, this))
    , m_message(new QLabel(this))
    , m_details(new QLabel(this))
    , m_more(new QToolButton(this))
    , m_action(new QPushButton(this)) {
    m_message->setWordWrap(true);
    m_message->setTextFormat(Qt::RichText);
    m_message->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_details->setWordWrap(true);
    m_details->setTextFormat(Qt::PlainText);
    m_details->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_details->hide();
    makeQuiet(*m_details);
    m_more->setText(tr("Details"));
    m_more->setAutoRaise(true);
    m_more->setCheckable(true);
    connect(m_more, &QToolButton::toggled, m_details, &QLabel::setVisible);
    connect(m_action, &QPushButton::clicked, this, [this] { emit actionTriggered(m_text); });

    auto* layout = new QGridLayout(this);
    const int inside = distance(*this, Distance::Row);
    layout->setContentsMargins(inside + scaled(*this, 4), inside, inside, inside);
    layout->setHorizontalSpacing(inside);
    layout->setVerticalSpacing(distance(*this, Distance::Hair));
    layout->addWidget(m_shape, 0, 0);
    layout->addWidget(m_message, 0, 1);
    layout->addWidget(m_more, 0, 2);
    layout->addWidget(m_action, 0, 3);
    layout->addWidget(m_details, 1, 1, 1, 3);
    layout->setColumnStretch(1, 1);
}

void Banner::setText(const BannerText& text) {
    if (m_text == text) {
        return;
    }
    m_text = text;
    m_shape->setState(text.state);
    setWash(text.state);
    m_message->setText(tr("<b>%1</b> %2", "what happened, what it means")
                           .arg(text.title.toHtmlEscaped(), text.text.toHtmlEscaped()));
    setAccessibleName(text.title + u' ' + text.text);
    m_details->setText(text.details);
    // What the sentences say already is not worth a button.
    const bool more =
        !text.details.isEmpty() && !text.text.contains(text.details, Qt::CaseInsensitive);
    m_more->setVisible(more);
    if (!more) {
        m_more->setChecked(false);
    }
    m_action->setText(actionLabel(text.action));
    m_action->setVisible(text.action != BannerAction::None);
}

QString Banner::actionLabel(BannerAction action) {
    switch (action) {
        case BannerAction::TryAgain:
            return tr("Try Again");
        case BannerAction::RecordHere:
            return tr("Record Here");
        case BannerAction::Resume:
            return tr("Resume");
        case BannerAction::OpenConfiguration:
            return tr("Open Configuration");
        case BannerAction::ShowDatabase:
            return tr("Show");
        case BannerAction::None:
            break;
    }
    return {};
}

}  // namespace ui
