// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/state_shape.h"

#include <QPainter>
#include <QPainterPath>

#include "ui/text/status_text.h"

namespace ui {

namespace {

using engine::ProtectionState;

// All shapes are drawn in a box of 24 x 24.

QPainterPath shieldPath() {
    QPainterPath path(QPointF(12, 1.8));
    path.lineTo(21, 5);
    path.lineTo(21, 11.2);
    path.cubicTo(21, 16.6, 17.3, 20.7, 12, 22.6);
    path.cubicTo(6.7, 20.7, 3, 16.6, 3, 11.2);
    path.lineTo(3, 5);
    path.closeSubpath();
    return path;
}

QPen strokeOf(const QColor& color, double width) {
    return QPen(color, width, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin);
}

void stroke(QPainter& painter, const QColor& color, double width, const QPolygonF& line) {
    painter.setBrush(Qt::NoBrush);
    painter.setPen(strokeOf(color, width));
    painter.drawPolyline(line);
}

void fill(QPainter& painter, const QColor& color, const QPainterPath& path) {
    painter.fillPath(path, color);
}

void disc(QPainter& painter, const QColor& color) {
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawEllipse(QPointF(12, 12), 10.2, 10.2);
}

void paintShieldWithCheck(QPainter& painter, const QColor& color, const QColor& inner) {
    fill(painter, color, shieldPath());
    stroke(painter, inner, 2.4, {{7.6, 12.2}, {10.8, 15.4}, {16.4, 8.9}});
}

void paintOpenShield(QPainter& painter, const QColor& color) {
    painter.setBrush(Qt::NoBrush);
    painter.setPen(strokeOf(color, 2));
    painter.drawPath(shieldPath());
}

void paintUpArrow(QPainter& painter, const QColor& inner) {
    stroke(painter, inner, 2.4, {{12, 17.2}, {12, 7.2}});
    stroke(painter, inner, 2.4, {{7.6, 11.2}, {12, 6.8}, {16.4, 11.2}});
}

void paintUpArrowWithClock(QPainter& painter, const QColor& color, const QColor& page) {
    stroke(painter, color, 2.6, {{8.6, 20.4}, {8.6, 4}});
    stroke(painter, color, 2.6, {{3, 9.4}, {8.6, 3.6}, {14.2, 9.4}});
    painter.setPen(strokeOf(color, 2));
    painter.setBrush(page);
    painter.drawEllipse(QPointF(16.6, 16.4), 5.6, 5.6);
    stroke(painter, color, 1.7, {{16.6, 13.4}, {16.6, 16.6}, {18.8, 17.6}});
}

void paintHourglass(QPainter& painter, const QColor& color) {
    stroke(painter, color, 2.4, {{5.4, 3}, {18.6, 3}});
    stroke(painter, color, 2.4, {{5.4, 21}, {18.6, 21}});
    QPainterPath glass(QPointF(6.6, 3.4));
    glass.lineTo(17.4, 3.4);
    glass.cubicTo(17.4, 8, 13.4, 9.6, 13.4, 12);
    glass.cubicTo(13.4, 14.4, 17.4, 16, 17.4, 20.6);
    glass.lineTo(6.6, 20.6);
    glass.cubicTo(6.6, 16, 10.6, 14.4, 10.6, 12);
    glass.cubicTo(10.6, 9.6, 6.6, 8, 6.6, 3.4);
    painter.setPen(strokeOf(color, 1.8));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(glass);
    QPainterPath sand(QPointF(8.4, 19.8));
    sand.cubicTo(8.8, 17.2, 12, 17.4, 12, 15.4);
    sand.cubicTo(12, 17.4, 15.2, 17.2, 15.6, 19.8);
    sand.closeSubpath();
    fill(painter, color, sand);
}

void paintPause(QPainter& painter, const QColor& inner) {
    stroke(painter, inner, 2.8, {{9.2, 7.8}, {9.2, 16.2}});
    stroke(painter, inner, 2.8, {{14.8, 7.8}, {14.8, 16.2}});
}

void paintTriangle(QPainter& painter, const QColor& color, const QColor& inner) {
    QPainterPath path(QPointF(12, 2.8));
    path.lineTo(22.6, 21.2);
    path.lineTo(1.4, 21.2);
    path.closeSubpath();
    painter.setPen(strokeOf(color, 2));
    painter.setBrush(color);
    painter.drawPath(path);
    stroke(painter, inner, 2.4, {{12, 9}, {12, 14.2}});
    stroke(painter, inner, 2.8, {{12, 18}, {12, 18.05}});
}

void paintCircularArrow(QPainter& painter, const QColor& color) {
    painter.setPen(strokeOf(color, 2.4));
    painter.setBrush(Qt::NoBrush);
    painter.drawArc(QRectF(3.6, 3.6, 16.8, 16.8), 60 * 16, 290 * 16);
    stroke(painter, color, 2.4, {{15.4, 0.9}, {16.4, 4.8}, {12.6, 6.2}});
}

void paintQuestion(QPainter& painter, const QColor& inner) {
    QPainterPath hook(QPointF(8.8, 9.4));
    hook.cubicTo(8.8, 4.9, 15.2, 4.9, 15.2, 9.2);
    hook.cubicTo(15.2, 11.8, 12, 11.8, 12, 14.2);
    painter.setPen(strokeOf(inner, 2.3));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(hook);
    stroke(painter, inner, 2.7, {{12, 17.9}, {12, 17.95}});
}

}  // namespace

void paintStateShape(QPainter& painter,
                     const QRectF& box,
                     ProtectionState state,
                     const Look& look) {
    const QColor color = colorOf(look, state);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(box.topLeft());
    painter.scale(box.width() / 24, box.height() / 24);
    switch (state) {
        case ProtectionState::Protected:
            paintShieldWithCheck(painter, color, look.card);
            break;
        case ProtectionState::CatchingUp:
            disc(painter, color);
            paintUpArrow(painter, look.card);
            break;
        case ProtectionState::FallingBehind:
            paintUpArrowWithClock(painter, color, look.card);
            break;
        case ProtectionState::Waiting:
            paintHourglass(painter, color);
            break;
        case ProtectionState::Paused:
            disc(painter, color);
            paintPause(painter, look.card);
            break;
        case ProtectionState::NeedsAttention:
            paintTriangle(painter, color, look.card);
            break;
        case ProtectionState::NotProtected:
            paintOpenShield(painter, color);
            break;
        case ProtectionState::Restoring:
            paintCircularArrow(painter, color);
            break;
        case ProtectionState::Unknown:
            disc(painter, color);
            paintQuestion(painter, look.card);
            break;
    }
    painter.restore();
}

StateShape::StateShape(double factor, QWidget* parent)
    : QWidget(parent)
    , m_factor(factor) {
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setState(m_state);
}

void StateShape::setState(ProtectionState state) {
    m_state = state;
    setAccessibleName(stateText(state));
    update();
}

QSize StateShape::sizeHint() const {
    const int side = qRound(fontMetrics().height() * m_factor);
    return {side, side};
}

void StateShape::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(this);
    const int side = qMin(width(), height());
    const QRectF box((width() - side) / 2.0, (height() - side) / 2.0, side, side);
    paintStateShape(painter, box, m_state, lookOf(palette()));
}

}  // namespace ui
