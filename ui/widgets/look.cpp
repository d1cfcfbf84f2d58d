// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/look.h"

#include <QFontInfo>
#include <QWidget>

namespace ui {

namespace {

using engine::ProtectionState;

QColor mixed(const QColor& a, const QColor& b, double shareOfB) {
    const auto blend = [&](int x, int y) { return qRound(x + (y - x) * shareOfB); };
    return QColor(blend(a.red(), b.red()), blend(a.green(), b.green()), blend(a.blue(), b.blue()));
}

void addLightTints(Look& look) {
    look.accent = QColor(0x1f6f8b);
    look.onAccent = QColor(0xffffff);
    look.selection = QColor(0xd7e7ee);
    look.good = QColor(0x2e8b57);
    look.goodWash = QColor(0xe7f4ec);
    look.attention = QColor(0xc0392b);
    look.attentionWash = QColor(0xfdf6f5);
    look.behind = QColor(0x8f5d0c);
    look.behindWash = QColor(0xfdf3e0);
    look.activity = QColor(0x9ec5d5);
    look.generation = QColor(0xd4e6ed);
}

void addDarkTints(Look& look) {
    look.accent = QColor(0x4fb0d0);
    look.onAccent = QColor(0x10181d);
    look.selection = QColor(0x2b3d47);
    look.good = QColor(0x5cbf8a);
    look.goodWash = QColor(0x21352b);
    look.attention = QColor(0xf0776a);
    look.attentionWash = QColor(0x3a2424);
    look.behind = QColor(0xe0b252);
    look.behindWash = QColor(0x392f1d);
    look.activity = QColor(0x3d6a7b);
    look.generation = QColor(0x2c4550);
}

double scaleOf(const QWidget& widget) {
    // 13 pixels: the text size that the distances were drawn for.
    return QFontInfo(widget.font()).pixelSize() / 13.0;
}

QFont sized(const QFont& base, double factor, bool bold) {
    QFont font = base;
    if (base.pointSizeF() > 0) {
        font.setPointSizeF(base.pointSizeF() * factor);
    } else {
        font.setPixelSize(qRound(base.pixelSize() * factor));
    }
    font.setBold(bold);
    return font;
}

}  // namespace

Look lookOf(const QPalette& palette) {
    Look look;
    look.page = palette.color(QPalette::Active, QPalette::Window);
    look.card = palette.color(QPalette::Active, QPalette::Base);
    look.text = palette.color(QPalette::Active, QPalette::WindowText);
    look.dark = look.page.lightness() < 128;
    look.quiet = mixed(look.text, look.page, 0.33);
    look.line = mixed(look.page, look.text, look.dark ? 0.12 : 0.1);
    look.field = mixed(look.card, look.text, look.dark ? 0.28 : 0.24);
    look.sidebar = mixed(look.page, look.text, 0.035);
    if (look.dark) {
        addDarkTints(look);
    } else {
        addLightTints(look);
    }
    return look;
}

QColor colorOf(const Look& look, ProtectionState state) {
    switch (state) {
        case ProtectionState::Protected:
            return look.good;
        case ProtectionState::CatchingUp:
        case ProtectionState::Restoring:
            return look.accent;
        case ProtectionState::FallingBehind:
        case ProtectionState::Waiting:
            return look.behind;
        case ProtectionState::NeedsAttention:
            return look.attention;
        case ProtectionState::Paused:
        case ProtectionState::NotProtected:
        case ProtectionState::Unknown:
            break;
    }
    return look.quiet;
}

QColor washOf(const Look& look, ProtectionState state) {
    switch (state) {
        case ProtectionState::Protected:
            return look.goodWash;
        case ProtectionState::FallingBehind:
        case ProtectionState::Waiting:
            return look.behindWash;
        case ProtectionState::NeedsAttention:
            return look.attentionWash;
        case ProtectionState::CatchingUp:
        case ProtectionState::Restoring:
        case ProtectionState::Paused:
        case ProtectionState::NotProtected:
        case ProtectionState::Unknown:
            break;
    }
    return mixed(look.card, look.text, 0.04);
}

QPalette calmPalette(bool dark) {
    const QColor page(dark ? 0x1b1f24 : 0xf6f7f9);
    const QColor card(dark ? 0x252b32 : 0xffffff);
    const QColor text(dark ? 0xe6e9ed : 0x1c2433);
    const QColor quiet(dark ? 0x9aa5b1 : 0x5f6b7a);
    const QColor accent(dark ? 0x4fb0d0 : 0x1f6f8b);
    const QColor selection(dark ? 0x2b3d47 : 0xd7e7ee);
    const QColor button(dark ? 0x2d343c : 0xffffff);
    QPalette palette(button, page);
    palette.setColor(QPalette::Window, page);
    palette.setColor(QPalette::WindowText, text);
    palette.setColor(QPalette::Base, card);
    palette.setColor(QPalette::AlternateBase, mixed(card, text, 0.03));
    palette.setColor(QPalette::Text, text);
    palette.setColor(QPalette::PlaceholderText, quiet);
    palette.setColor(QPalette::Button, button);
    palette.setColor(QPalette::ButtonText, text);
    palette.setColor(QPalette::ToolTipBase, card);
    palette.setColor(QPalette::ToolTipText, text);
    palette.setColor(QPalette::Highlight, selection);
    palette.setColor(QPalette::HighlightedText, text);
    palette.setColor(QPalette::Link, accent);
    palette.setColor(QPalette::Light, mixed(card, QColor(Qt::white), dark ? 0.08 : 1));
    palette.setColor(QPalette::Midlight, mixed(page, card, 0.5));
    palette.setColor(QPalette::Mid, mixed(page, text, 0.2));
    palette.setColor(QPalette::Dark, mixed(page, text, 0.3));
    const QColor faint = mixed(text, page, 0.55);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
        palette.setColor(QPalette::Disabled, role, faint);
    }
    return palette;
}

int scaled(const QWidget& widget, int points) {
    return qRound(points * scaleOf(widget));
}

int distance(const QWidget& widget, Distance distance) {
    return scaled(widget, static_cast<int>(distance));
}

QFont titleFont(const QFont& base) {
    return sized(base, 1.5, true);
}

QFont headlineFont(const QFont& base) {
    return sized(base, 1.35, true);
}

QFont strongFont(const QFont& base) {
    return sized(base, 1, true);
}

QFont smallFont(const QFont& base) {
    return sized(base, 0.9, false);
}

void makeQuiet(QWidget& label) {
    label.setForegroundRole(QPalette::PlaceholderText);
}

}  // namespace ui
