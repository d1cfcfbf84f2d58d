// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/card.h"

#include <QPainter>
#include <QPainterPath>

#include "ui/widgets/look.h"

namespace ui {

Card::Card(QWidget* parent)
    : QWidget(parent) {}

void Card::setEdge(std::optional<engine::ProtectionState> state) {
    if (m_edge != state) {
        m_edge = state;
        update();
    }
}

void Card::setWash(std::optional<engine::ProtectionState> state) {
    if (m_wash != state) {
        m_wash = state;
        update();
    }
}

void Card::setChosen(bool chosen) {
    if (m_chosen != chosen) {
        m_chosen = chosen;
        update();
    }
}

void Card::paintEvent(QPaintEvent* /*event*/) {
    const Look look = lookOf(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const qreal radius = scaled(*this, 8);
    QPainterPath outline;
    outline.addRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius);
    painter.fillPath(outline, m_wash ? washOf(look, *m_wash) : look.card);
    if (m_edge) {
        const int width = scaled(*this, 5);
        const bool rightToLeft = layoutDirection() == Qt::RightToLeft;
        painter.save();
        painter.setClipPath(outline);
        painter.fillRect(
            rightToLeft ? this->width() - width : 0, 0, width, height(), colorOf(look, *m_edge));
        painter.restore();
    }
    painter.setPen(QPen(m_chosen ? look.accent : look.line, 1));
    painter.drawPath(outline);
}

}  // namespace ui
