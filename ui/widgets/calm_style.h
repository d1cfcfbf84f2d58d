// SPDX-License-Identifier: Apache-2.0
// Fusion with calm buttons, fields and headers: for desktops that bring no style of their own. A
// desktop with one keeps it.
#pragma once

#include <QProxyStyle>

class QApplication;

namespace ui {

class CalmStyle final : public QProxyStyle {
public:
    CalmStyle();

    void drawPrimitive(PrimitiveElement element,
                       const QStyleOption* option,
                       QPainter* painter,
                       const QWidget* widget) const override;
    void drawControl(ControlElement element,
                     const QStyleOption* option,
                     QPainter* painter,
                     const QWidget* widget) const override;
    int pixelMetric(PixelMetric metric,
                    const QStyleOption* option,
                    const QWidget* widget) const override;
    QRect subElementRect(SubElement element,
                         const QStyleOption* option,
                         const QWidget* widget) const override;
    QSize sizeFromContents(ContentsType type,
                           const QStyleOption* option,
                           const QSize& size,
                           const QWidget* widget) const override;
};

/// Style and page colours, light or dark.
void setCalmLook(bool dark);
/// The same where the platform has neither; light or dark as it asks for.
void useCalmLookByDefault();

}  // namespace ui
