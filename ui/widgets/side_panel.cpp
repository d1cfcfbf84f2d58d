// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/side_panel.h"

#include <QPainter>

#include "ui/widgets/look.h"

namespace ui {

SidePanel::SidePanel(QWidget* parent)
    : QWidget(parent) {}

void SidePanel::paintEvent(QPaintEvent* /*event*/) {
    const Look look = lookOf(palette());
    QPainter painter(this);
    painter.fillRect(rect(), look.sidebar);
    const int edge = layoutDirection() == Qt::RightToLeft ? 0 : width() - 1;
    painter.fillRect(edge, 0, 1, height(), look.line);
}

}  // namespace ui
