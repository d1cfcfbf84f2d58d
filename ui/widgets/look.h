// SPDX-License-Identifier: Apache-2.0
// The look as tokens: the one place that names a colour, a distance or a type size. The platform's
// style draws ordinary controls; these are for what we paint ourselves.
#pragma once

#include <QColor>
#include <QFont>
#include <QPalette>

#include "engine/api/status.h"

class QWidget;

namespace ui {

/// Text, page, card and line follow the palette (so a desktop's own, or high contrast, is kept);
/// the tints have a light and a dark form of the same contrast.
struct Look {
    bool dark = false;
    QColor page, card, sidebar, line, text, quiet;
    QColor field;  // the outline of fields and buttons
    QColor accent, onAccent, selection;
    QColor good, goodWash;
    QColor attention, attentionWash;
    QColor behind, behindWash;
    QColor activity, generation;
};

Look lookOf(const QPalette& palette);
/// The colour of a state's shape and word.
QColor colorOf(const Look& look, engine::ProtectionState state);
/// The background of its banner and badge.
QColor washOf(const Look& look, engine::ProtectionState state);

/// Our own page colours, for a desktop that brings none.
QPalette calmPalette(bool dark);

/// Distances on the 4-point grid, scaled with the widget's font.
enum class Distance : int { Hair = 4, Inside = 8, Row = 12, Between = 16, Around = 24 };
int scaled(const QWidget& widget, int points);
int distance(const QWidget& widget, Distance distance);

QFont titleFont(const QFont& base);
QFont headlineFont(const QFont& base);
QFont strongFont(const QFont& base);
/// The quiet second line.
QFont smallFont(const QFont& base);

/// Quiet text, whatever the palette is now.
void makeQuiet(QWidget& label);

}  // namespace ui
