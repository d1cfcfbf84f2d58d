// SPDX-License-Identifier: Apache-2.0
// One line of text that gives way in the middle where there is no room; the whole of it is in the
// tooltip and for screen readers.
#pragma once

#include <QWidget>

namespace ui {

class ElidedLabel final : public QWidget {
    Q_OBJECT

public:
    explicit ElidedLabel(QWidget* parent = nullptr);

    void setText(const QString& text);

    const QString& text() const noexcept { return m_text; }

    /// Where the text gives way; in the middle unless told.
    void setElideMode(Qt::TextElideMode mode);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_text;
    Qt::TextElideMode m_mode = Qt::ElideMiddle;
};

}  // namespace ui
