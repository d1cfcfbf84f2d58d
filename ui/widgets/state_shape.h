// SPDX-License-Identifier: Apache-2.0
// The shapes of the states: told apart without colour, in any size, on any background.
#pragma once

#include <QIcon>
#include <QWidget>

#include "ui/widgets/look.h"

class QPainter;

namespace ui {

/// Fills box, which is square.
void paintStateShape(QPainter& painter,
                     const QRectF& box,
                     engine::ProtectionState state,
                     const Look& look);

/// The shape as a widget, as large as its font asks for times factor.
class StateShape final : public QWidget {
    Q_OBJECT

public:
    explicit StateShape(double factor, QWidget* parent = nullptr);

    void setState(engine::ProtectionState state);

    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const double m_factor;
    engine::ProtectionState m_state = engine::ProtectionState::Unknown;
};

}  // namespace ui
