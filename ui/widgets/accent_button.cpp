// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/accent_button.h"

#include <QEvent>

#include "ui/widgets/look.h"

namespace ui {

AccentButton::AccentButton(const QString& text, QWidget* parent)
    : QPushButton(text, parent) {
    setFont(strongFont(font()));
    useAccent();
}

void AccentButton::changeEvent(QEvent* event) {
    QPushButton::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        useAccent();
    }
}

void AccentButton::useAccent() {
    const Look look = lookOf(palette());
    if (palette().color(QPalette::Active, QPalette::Button) == look.accent) {
        return;
    }
    QPalette colors = palette();
    for (const auto group : {QPalette::Active, QPalette::Inactive}) {
        colors.setColor(group, QPalette::Button, look.accent);
        colors.setColor(group, QPalette::ButtonText, look.onAccent);
    }
    colors.setColor(QPalette::Disabled, QPalette::Button, look.line);
    setPalette(colors);
}

}  // namespace ui
