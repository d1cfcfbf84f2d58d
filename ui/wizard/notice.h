// SPDX-License-Identifier: Apache-2.0
// A sentence on a wash with a button or two: what is in the way, and the way out.
#pragma once

#include <functional>

#include "ui/widgets/card.h"

class QHBoxLayout;
class QLabel;

namespace ui {

class StateShape;

class Notice final : public Card {
    Q_OBJECT

public:
    explicit Notice(QWidget* parent = nullptr);

    /// Shows it, without buttons.
    void say(engine::ProtectionState state, const QString& text);
    void addButton(const QString& label, std::function<void()> action);

    QString text() const;

private:
    StateShape* m_shape;
    QLabel* m_text;
    QHBoxLayout* m_buttons;
};

}  // namespace ui
