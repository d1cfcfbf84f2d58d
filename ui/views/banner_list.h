// SPDX-License-Identifier: Apache-2.0
// The banners of a page, the worst first; at most three, then how many more there are. A banner
// whose text stays keeps its place and what was opened in it.
#pragma once

#include <QList>
#include <QWidget>

#include "ui/text/status_text.h"

class QLabel;
class QVBoxLayout;

namespace ui {

class Banner;

class BannerList final : public QWidget {
    Q_OBJECT

public:
    explicit BannerList(QWidget* parent = nullptr);

    void setBanners(const QList<BannerText>& texts);

signals:
    void actionTriggered(const ui::BannerText& text);

private:
    QVBoxLayout* m_layout;
    QList<Banner*> m_banners;
    QLabel* m_more;
};

}  // namespace ui
