// SPDX-License-Identifier: Apache-2.0
// A line between two parts of a window.
#pragma once

#include <QWidget>

namespace ui {

class Hairline final : public QWidget {
    Q_OBJECT

public:
    explicit Hairline(QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;
};

}  // namespace ui
