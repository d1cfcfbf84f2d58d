// SPDX-License-Identifier: Apache-2.0
// One banner: shape, what happened, what it means, one button, and the details for whoever asks.
// Nothing modal ever comes from work in the background; this is what comes instead.
#pragma once

#include "ui/text/status_text.h"
#include "ui/widgets/card.h"

class QLabel;
class QPushButton;
class QToolButton;

namespace ui {

class StateShape;

class Banner final : public Card {
    Q_OBJECT

public:
    explicit Banner(QWidget* parent = nullptr);

    void setText(const BannerText& text);

    const BannerText& text() const noexcept { return m_text; }

signals:
    void actionTriggered(const ui::BannerText& text);

private:
    static QString actionLabel(BannerAction action);

    BannerText m_text;
    StateShape* m_shape;
    QLabel* m_message;
    QLabel* m_details;
    QToolButton* m_more;
    QPushButton* m_action;
};

}  // namespace ui
