// SPDX-License-Identifier: Apache-2.0
// "Am I safe?": the shape, the one sentence, the quiet second line, and the buttons beside them.
#pragma once

#include "ui/text/status_text.h"
#include "ui/widgets/card.h"

class QHBoxLayout;
class QLabel;

namespace ui {

class ElidedLabel;
class StateShape;

class HeroCard final : public Card {
    Q_OBJECT

public:
    explicit HeroCard(QWidget* parent = nullptr);

    void setHeadline(const Headline& headline);
    /// At the trailing end, in the order of the calls. Takes it.
    void addButton(QWidget* button);

private:
    StateShape* m_shape;
    QLabel* m_sentence;
    ElidedLabel* m_detail;
    QHBoxLayout* m_layout;
};

}  // namespace ui
