// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/calm_style.h"

#include <QApplication>
#include <QPainter>
#include <QStyleOption>
#include <QTableView>

#include "ui/widgets/look.h"

namespace ui {

namespace {

constexpr qreal kRadius = 5;

QString fusion() {
    return QStringLiteral("fusion");
}

/// The frame that fields and buttons share; the one with the keyboard has it in the accent.
void drawSurface(QPainter& painter, const QStyleOption& option, const QColor& fill, bool border) {
    const Look look = lookOf(option.palette);
    const bool focus = option.state.testFlag(QStyle::State_HasFocus) &&
                       option.state.testFlag(QStyle::State_Enabled);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(fill);
    if (focus) {
        painter.setPen(QPen(border ? look.accent : look.text, 1.6));
    } else {
        painter.setPen(border ? QPen(look.field, 1) : QPen(Qt::NoPen));
    }
    const qreal inset = focus ? 0.8 : 0.5;
    painter.drawRoundedRect(
        QRectF(option.rect).adjusted(inset, inset, -inset, -inset), kRadius, kRadius);
    painter.restore();
}

void drawButton(QPainter& painter, const QStyleOption& option) {
    const Look look = lookOf(option.palette);
    QColor fill = option.palette.color(QPalette::Button);
    const bool accent = fill == look.accent;
    if (option.state.testFlag(QStyle::State_Enabled)) {
        const bool down =
            option.state.testFlag(QStyle::State_Sunken) || option.state.testFlag(QStyle::State_On);
        const bool hover = option.state.testFlag(QStyle::State_MouseOver);
        fill = down ? fill.darker(112) : hover ? fill.darker(104) : fill;
    }
    drawSurface(painter, option, fill, !accent);
}

/// Fusion's is darker than the page, which on a dark page is hardly seen.
void drawRadio(QPainter& painter, const QStyleOption& option) {
    const Look look = lookOf(option.palette);
    const bool enabled = option.state.testFlag(QStyle::State_Enabled);
    const bool chosen = option.state.testFlag(QStyle::State_On);
    const QColor color = !enabled ? look.line : chosen ? look.accent : look.quiet;
    const qreal side = qMin(option.rect.width(), option.rect.height()) - 2;
    QRectF circle(0, 0, side, side);
    circle.moveCenter(QRectF(option.rect).center());
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(color, option.state.testFlag(QStyle::State_MouseOver) ? 1.8 : 1.3));
    painter.setBrush(option.palette.color(QPalette::Base));
    painter.drawEllipse(circle);
    if (chosen) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(color);
        const qreal inset = side * 0.28;
        painter.drawEllipse(circle.adjusted(inset, inset, -inset, -inset));
    }
    painter.restore();
}

}  // namespace

CalmStyle::CalmStyle()
    : QProxyStyle(fusion()) {}

void CalmStyle::drawPrimitive(PrimitiveElement element,
                              const QStyleOption* option,
                              QPainter* painter,
                              const QWidget* widget) const {
    switch (static_cast<int>(element)) {
        case PE_PanelButtonCommand:
            drawButton(*painter, *option);
            return;
        case PE_IndicatorRadioButton:
            drawRadio(*painter, *option);
            return;
        case PE_FrameLineEdit:
        case PE_PanelLineEdit: {
            const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option);
            if (frame != nullptr && frame->lineWidth > 0) {
                drawSurface(*painter, *option, option->palette.color(QPalette::Base), true);
                return;
            }
            break;
        }
        default:
            break;
    }
    QProxyStyle::drawPrimitive(element, option, painter, widget);
}

void CalmStyle::drawControl(ControlElement element,
                            const QStyleOption* option,
                            QPainter* painter,
                            const QWidget* widget) const {
    switch (static_cast<int>(element)) {
        case CE_HeaderSection:
        case CE_HeaderEmptyArea: {
            const Look look = lookOf(option->palette);
            painter->fillRect(option->rect, look.card);
            painter->fillRect(
                option->rect.left(), option->rect.bottom(), option->rect.width(), 1, look.line);
            return;
        }
        case CE_HeaderLabel:
            if (const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option)) {
                QStyleOptionHeader quiet(*header);
                quiet.rect.adjust(6, 0, -6, 0);
                quiet.palette.setColor(QPalette::ButtonText, lookOf(option->palette).quiet);
                QProxyStyle::drawControl(element, &quiet, painter, widget);
                return;
            }
            break;
        default:
            break;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

int CalmStyle::pixelMetric(PixelMetric metric,
                           const QStyleOption* option,
                           const QWidget* widget) const {
    // The text of cells begins under the text of their header.
    if (metric == PM_FocusFrameHMargin && qobject_cast<const QTableView*>(widget) != nullptr) {
        return 7;
    }
    return QProxyStyle::pixelMetric(metric, option, widget);
}

QRect CalmStyle::subElementRect(SubElement element,
                                const QStyleOption* option,
                                const QWidget* widget) const {
    const QRect rect = QProxyStyle::subElementRect(element, option, widget);
    return element == SE_LineEditContents ? rect.adjusted(4, 0, -4, 0) : rect;
}

QSize CalmStyle::sizeFromContents(ContentsType type,
                                  const QStyleOption* option,
                                  const QSize& size,
                                  const QWidget* widget) const {
    QSize result = QProxyStyle::sizeFromContents(type, option, size, widget);
    const int unit = option->fontMetrics.height() / 4;
    switch (static_cast<int>(type)) {
        case CT_PushButton:
            return result + QSize(4 * unit, 2 * unit);
        case CT_LineEdit:
            return result + QSize(0, 2 * unit);
        case CT_HeaderSection:
            return result + QSize(2 * unit, 2 * unit);
        case CT_MenuBarItem:
            return result + QSize(unit, unit);
        default:
            return result;
    }
}

void setCalmLook(bool dark) {
    QApplication::setStyle(new CalmStyle);
    QApplication::setPalette(calmPalette(dark));
}

void useCalmLookByDefault() {
    const QStyle& style = *QApplication::style();
    const bool ownStyle = style.name() != fusion();
    // A desktop with colours of its own sets them over the style's.
    const bool ownColors = QApplication::palette() != style.standardPalette();
    if (!ownStyle && !ownColors) {
        setCalmLook(lookOf(QApplication::palette()).dark);
    }
}

}  // namespace ui
