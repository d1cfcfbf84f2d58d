// SPDX-License-Identifier: Apache-2.0
#include "ui/views/hero_card.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "ui/widgets/elided_label.h"
#include "ui/widgets/look.h"
#include "ui/widgets/state_shape.h"

namespace ui {

HeroCard::HeroCard(QWidget* parent)
    : Card(parent)
    , m_shape(new StateShape(2.2, this))
    , m_sentence(new QLabel(this))
    , m_detail(new ElidedLabel(this))
    , m_layout(new QHBoxLayout(this)) {
    m_sentence->setObjectName(QStringLiteral("sentence"));
    m_sentence->setFont(headlineFont(font()));
    m_sentence->setTextFormat(Qt::PlainText);
    m_sentence->setWordWrap(true);
    m_detail->setObjectName(QStringLiteral("sentenceDetail"));
    m_detail->setElideMode(Qt::ElideRight);
    makeQuiet(*m_detail);
    auto* texts = new QVBoxLayout;
    texts->setSpacing(distance(*this, Distance::Hair));
    texts->addStretch();
    texts->addWidget(m_sentence);
    texts->addWidget(m_detail);
    texts->addStretch();
    const int between = distance(*this, Distance::Between);
    const int around = distance(*this, Distance::Around);
    m_layout->setContentsMargins(around, between, between, between);
    m_layout->setSpacing(between);
    m_layout->addWidget(m_shape, 0, Qt::AlignVCenter);
    m_layout->addLayout(texts, 1);
}

void HeroCard::setHeadline(const Headline& headline) {
    m_shape->setState(headline.state);
    m_sentence->setText(headline.sentence);
    m_detail->setText(headline.detail);
    m_detail->setVisible(!headline.detail.isEmpty());
    setAccessibleName(headline.sentence);
    setAccessibleDescription(headline.detail);
    setEdge(headline.state);
}

void HeroCard::addButton(QWidget* button) {
    m_layout->addWidget(button, 0, Qt::AlignVCenter);
}

}  // namespace ui
