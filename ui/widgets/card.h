// SPDX-License-Identifier: Apache-2.0
// A surface with round corners and a hairline, optionally with a coloured edge or a wash.
#pragma once

#include <optional>

#include <QWidget>

#include "engine/api/status.h"

namespace ui {

class Card : public QWidget {
    Q_OBJECT

public:
    explicit Card(QWidget* parent = nullptr);

    /// A strip of the state's colour at the leading edge.
    void setEdge(std::optional<engine::ProtectionState> state);
    /// The state's wash instead of the card's white.
    void setWash(std::optional<engine::ProtectionState> state);
    /// Drawn in the accent: the chosen one of several.
    void setChosen(bool chosen);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::optional<engine::ProtectionState> m_edge;
    std::optional<engine::ProtectionState> m_wash;
    bool m_chosen = false;
};

}  // namespace ui
