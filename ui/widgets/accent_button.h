// SPDX-License-Identifier: Apache-2.0
// The one accent button of a page; follows the palette between light and dark.
#pragma once

#include <QPushButton>

namespace ui {

class AccentButton final : public QPushButton {
    Q_OBJECT

public:
    explicit AccentButton(const QString& text, QWidget* parent = nullptr);

protected:
    void changeEvent(QEvent* event) override;

private:
    void useAccent();
};

}  // namespace ui
