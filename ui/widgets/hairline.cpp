// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/hairline.h"

#include <QPainter>

#include "ui/widgets/look.h"

namespace ui {

Hairline::Hairline(QWidget* parent)
    : QWidget(parent) {
    setFixedHeight(1);
}

void Hairline::paintEvent(QPaintEvent* /*event*/) {
    QPainter(this).fillRect(rect(), lookOf(palette()).line);
}

}  // namespace ui
