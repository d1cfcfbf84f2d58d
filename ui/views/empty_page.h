// SPDX-License-Identifier: Apache-2.0
// What is shown while nothing is protected: what to do next, with one button.
#pragma once

#include "ui/widgets/card.h"

class QLabel;
class QPushButton;

namespace ui {

class EmptyPage final : public Card {
    Q_OBJECT

public:
    explicit EmptyPage(QWidget* parent = nullptr);

    /// Where the configuration is; shown for those who would rather write it.
    void setConfigurationPath(const QString& path);

signals:
    void protectRequested();

private:
    QLabel* m_hint;
    QPushButton* m_protect;
};

}  // namespace ui
