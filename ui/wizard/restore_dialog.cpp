// SPDX-License-Identifier: Apache-2.0
#include "ui/wizard/restore_dialog.h"

#include <QDesktopServices>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>
#include <QUrl>
#include <QVBoxLayout>

#include "ui/bridge/engine_bridge.h"
#include "ui/text/units.h"
#include "ui/widgets/accent_button.h"
#include "ui/widgets/hairline.h"
#include "ui/widgets/look.h"
#include "ui/widgets/side_panel.h"
#include "ui/wizard/from_page.h"
#include "ui/wizard/review_page.h"
#include "ui/wizard/run_page.h"
#include "ui/wizard/when_page.h"
#include "ui/wizard/where_page.h"

namespace ui {

RestoreDialog::RestoreDialog(EngineBridge& bridge,
                             const engine::DatabaseStatus& database,
                             QWidget* parent)
    : QDialog(parent) {
    m_choice.database = database;
    setObjectName(QStringLiteral("restoreDialog"));
    setWindowTitle(tr("Restore %1").arg(toQString(database.name)));
    auto* rows = new QVBoxLayout(this);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(0);
    auto* columns = new QHBoxLayout;
    columns->setSpacing(0);
    m_stack = new QStackedWidget(this);
    makePages(bridge);
    columns->addWidget(makeSteps());
    columns->addWidget(makeBody(), 1);
    rows->addLayout(columns, 1);
    rows->addWidget(new Hairline(this));
    rows->addWidget(makeButtons());
    resize(scaled(*this, 820), scaled(*this, 600));
    showPage(firstPage());
}

void RestoreDialog::makePages(EngineBridge& bridge) {
    m_from = new FromPage(bridge, m_choice, this);
    auto* when = new WhenPage(bridge, m_choice, this);
    auto* where = new WherePage(bridge, m_choice, this);
    m_review = new ReviewPage(bridge, m_choice, this);
    m_run = new RunPage(bridge, m_choice, this);
    m_pages = {m_from, when, where, m_review, m_run};
    for (RestorePage* page : m_pages) {
        m_stack->addWidget(page);
        connect(page, &RestorePage::changed, this, &RestoreDialog::refresh);
    }
    connect(m_review, &ReviewPage::otherMomentWanted, this, [this] { showPage(kWhen); });
    connect(m_run, &RunPage::otherMomentWanted, this, [this] { showPage(kWhen); });
    connect(m_run, &RunPage::nearestMomentWanted, this, [this] { showPage(kReview); });
    connect(m_run, &RunPage::otherReplicaWanted, this, [this](const std::string& replica) {
        m_from->choose(replica);
        showPage(kWhen);
    });
    connect(m_run, &RunPage::openFolderWanted, this, &RestoreDialog::openFolder);
}

QWidget* RestoreDialog::makeSteps() {
    auto* side = new SidePanel(this);
    auto* column = new QVBoxLayout(side);
    const int between = distance(*this, Distance::Between);
    const int around = distance(*this, Distance::Around);
    column->setContentsMargins(between, around, between, around);
    column->setSpacing(distance(*this, Distance::Row));
    for (std::size_t i = 0; i < m_pages.size(); ++i) {
        auto* label = new QLabel(side);
        column->addWidget(label);
        m_steps.push_back(label);
    }
    column->addStretch();
    side->setFixedWidth(scaled(*this, 168));
    return side;
}

QWidget* RestoreDialog::makeBody() {
    auto* body = new QWidget(this);
    body->setBackgroundRole(QPalette::Base);
    body->setAutoFillBackground(true);
    auto* column = new QVBoxLayout(body);
    const int around = distance(*this, Distance::Around);
    column->setContentsMargins(around, around, around, around);
    column->setSpacing(distance(*this, Distance::Inside));
    m_title = new QLabel(body);
    m_title->setFont(titleFont(font()));
    m_title->setTextFormat(Qt::PlainText);
    m_subtitle = new QLabel(body);
    m_subtitle->setTextFormat(Qt::PlainText);
    m_subtitle->setWordWrap(true);
    makeQuiet(*m_subtitle);
    column->addWidget(m_title);
    column->addWidget(m_subtitle);
    column->addSpacing(distance(*this, Distance::Inside));
    column->addWidget(m_stack, 1);
    return body;
}

QWidget* RestoreDialog::makeButtons() {
    auto* bar = new QWidget(this);
    bar->setBackgroundRole(QPalette::Base);
    bar->setAutoFillBackground(true);
    auto* row = new QHBoxLayout(bar);
    const int between = distance(*this, Distance::Between);
    row->setContentsMargins(between, between, between, between);
    m_cancel = new QPushButton(tr("Cancel"), bar);
    m_back = new QPushButton(tr("&Back"), bar);
    m_next = new AccentButton(tr("&Next"), bar);
    m_cancel->setObjectName(QStringLiteral("cancel"));
    m_back->setObjectName(QStringLiteral("back"));
    m_next->setObjectName(QStringLiteral("next"));
    m_cancel->setAutoDefault(false);
    m_back->setAutoDefault(false);
    m_next->setDefault(true);
    row->addWidget(m_cancel);
    row->addStretch();
    row->addWidget(m_back);
    row->addWidget(m_next);
    connect(m_cancel, &QPushButton::clicked, this, &RestoreDialog::reject);
    connect(m_back, &QPushButton::clicked, this, [this] { showPage(m_current - 1); });
    connect(m_next, &QPushButton::clicked, this, [this] {
        if (m_current == kRun) {
            accept();
        } else {
            showPage(m_current + 1);
        }
    });
    return bar;
}

/// Where there is one replica, there is nothing to ask.
std::size_t RestoreDialog::firstPage() const {
    return m_choice.database.replicas.size() > 1 ? kFrom : kWhen;
}

void RestoreDialog::showPage(std::size_t index) {
    m_current = index;
    m_stack->setCurrentWidget(m_pages[index]);
    m_pages[index]->enter();
    refresh();
}

void RestoreDialog::refresh() {
    if (m_next == nullptr) {
        return;
    }
    const RestorePage& page = *m_pages[m_current];
    const bool running = m_current == kRun && m_run->isRunning();
    const bool done = m_current == kRun && m_run->succeeded();
    m_title->setText(page.title());
    m_subtitle->setText(page.subtitle());
    m_subtitle->setVisible(!page.subtitle().isEmpty());
    m_back->setVisible(m_current > firstPage() && !running && !done);
    m_next->setText(m_current == kReview ? tr("Restore")
                    : m_current == kRun  ? tr("Done")
                                         : tr("&Next"));
    m_next->setVisible(m_current != kRun || done);
    m_next->setEnabled(page.isComplete() && !running);
    m_cancel->setVisible(!done);
    m_cancel->setText(m_current == kRun && !running ? tr("Close") : tr("Cancel"));
    refreshSteps();
}

void RestoreDialog::refreshSteps() {
    const bool done = m_current == kRun && m_run->succeeded();
    for (std::size_t i = 0; i < m_steps.size(); ++i) {
        const bool past = i < m_current || done;
        const QString mark = past ? QString(u'✓') : QString::number(i + 1);
        m_steps[i]->setText(QStringLiteral("%1  %2").arg(mark, m_pages[i]->step()));
        m_steps[i]->setFont(i == m_current ? strongFont(font()) : font());
        m_steps[i]->setForegroundRole(i == m_current ? QPalette::WindowText
                                                     : QPalette::PlaceholderText);
    }
}

void RestoreDialog::openFolder() {
    const QString folder = QFileInfo(m_choice.targetPath).path();
    QDesktopServices::openUrl(QUrl::fromLocalFile(folder));
}

void RestoreDialog::reject() {
    if (m_run->isRunning()) {
        m_run->cancel();
    } else {
        QDialog::reject();
    }
}

}  // namespace ui
