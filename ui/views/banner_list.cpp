// SPDX-License-Identifier: Apache-2.0
#include "ui/views/banner_list.h"

#include <QLabel>
#include <QVBoxLayout>

#include "ui/widgets/banner.h"
#include "ui/widgets/look.h"

namespace ui {

namespace {

constexpr qsizetype kShownMax = 3;

}  // namespace

BannerList::BannerList(QWidget* parent)
    : QWidget(parent)
    , m_layout(new QVBoxLayout(this))
    , m_more(new QLabel(this)) {
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(distance(*this, Distance::Inside));
    makeQuiet(*m_more);
    m_layout->addWidget(m_more);
    m_more->hide();
    hide();
}

void BannerList::setBanners(const QList<BannerText>& texts) {
    const qsizetype shown = qMin(texts.size(), kShownMax);
    while (m_banners.size() < shown) {
        auto* banner = new Banner(this);
        connect(banner, &Banner::actionTriggered, this, &BannerList::actionTriggered);
        m_layout->insertWidget(static_cast<int>(m_banners.size()), banner);
        m_banners.append(banner);
    }
    for (qsizetype i = 0; i < m_banners.size(); ++i) {
        if (i < shown) {
            m_banners[i]->setText(texts[i]);
        }
        m_banners[i]->setVisible(i < shown);
    }
    const qsizetype more = texts.size() - shown;
    m_more->setText(more == 1 ? tr("and 1 more") : tr("and %1 more").arg(more));
    m_more->setVisible(more > 0);
    setVisible(shown > 0);
}

}  // namespace ui
