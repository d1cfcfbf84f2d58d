// SPDX-License-Identifier: Apache-2.0
// The quiet surface at the leading edge of a window, with a hairline.
#pragma once

#include <QWidget>

namespace ui {

class SidePanel final : public QWidget {
    Q_OBJECT

public:
    explicit SidePanel(QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;
};

}  // namespace ui
