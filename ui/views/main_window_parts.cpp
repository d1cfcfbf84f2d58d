// SPDX-License-Identifier: Apache-2.0
// What the main window is made of.
#include <QAction>
#include <QApplication>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QStackedWidget>
#include <QStatusBar>
#include <QVBoxLayout>

#include "ui/bridge/engine_bridge.h"
#include "ui/models/database_model.h"
#include "ui/views/banner_list.h"
#include "ui/views/database_details.h"
#include "ui/views/database_table.h"
#include "ui/views/empty_page.h"
#include "ui/views/hero_card.h"
#include "ui/views/main_window.h"
#include "ui/widgets/accent_button.h"
#include "ui/widgets/card.h"
#include "ui/widgets/look.h"

namespace ui {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;

}  // namespace

void MainWindow::makeActions() {
    const auto make = [this](const QString& text, const QKeySequence& keys, auto slot) {
        auto* action = new QAction(text, this);
        action->setShortcut(keys);
        connect(action, &QAction::triggered, this, slot);
        return action;
    };
    m_protect = make(tr("&Protect a Database…"), QKeySequence::New, &MainWindow::protectDatabase);
    m_restore = make(tr("&Restore…"), tr("Ctrl+R"), &MainWindow::restoreCurrent);
    m_copyNow = make(tr("&Copy Now"), tr("F5"), &MainWindow::copyNow);
    m_copyNow->setToolTip(tr("Stores a full copy of the database now"));
    m_resume = make(tr("Res&ume Uploads"), {}, [this] { m_bridge.resume(); });
    m_showFile = make(tr("Show &File"), {}, &MainWindow::showCurrentFile);
    m_openConfiguration = make(tr("Open C&onfiguration"), {}, &MainWindow::openConfiguration);
    m_restore->setObjectName(QStringLiteral("restoreAction"));
    m_copyNow->setObjectName(QStringLiteral("copyNowAction"));
}

void MainWindow::makeMenus() {
    QMenu* file = menuBar()->addMenu(tr("&File"));
    file->addAction(m_protect);
    file->addAction(m_openConfiguration);
    file->addSeparator();
    file->addAction(tr("&Quit"), QKeySequence::Quit, this, &QWidget::close);

    QMenu* database = menuBar()->addMenu(tr("&Database"));
    database->addAction(m_restore);
    database->addAction(m_copyNow);
    makePauseMenu();
    database->addMenu(m_pauseMenu);
    database->addAction(m_resume);
    database->addSeparator();
    database->addAction(m_showFile);

    QMenu* help = menuBar()->addMenu(tr("&Help"));
    help->addAction(tr("&About Strandline"), this, &MainWindow::showAbout);
    help->addAction(tr("About &Qt"), qApp, &QApplication::aboutQt);
}

void MainWindow::makePauseMenu() {
    m_pauseMenu = new QMenu(tr("&Pause Uploads"), this);
    m_pauseMenu->setToolTip(tr("Recording goes on; changes wait on this computer"));
    m_pauseMenu->addAction(tr("For 30 Minutes"), this, [this] { pauseFor(30 * kMinuteMs); });
    m_pauseMenu->addAction(tr("For 2 Hours"), this, [this] { pauseFor(120 * kMinuteMs); });
    m_pauseMenu->addAction(tr("Until Tomorrow"), this, &MainWindow::pauseUntilTomorrow);
    m_pauseMenu->addAction(tr("Until I Resume"), this, [this] { pauseFor(0); });
}

void MainWindow::makeContent() {
    auto* content = new QWidget(this);
    auto* column = new QVBoxLayout(content);
    const int between = distance(*this, Distance::Between);
    const int around = distance(*this, Distance::Around);
    column->setContentsMargins(around, between, around, between);
    column->setSpacing(between);
    m_hero = new HeroCard(content);
    makeButtons();
    m_banners = new BannerList(content);
    connect(m_banners, &BannerList::actionTriggered, this, &MainWindow::takeAction);
    m_pages = new QStackedWidget(content);
    m_emptyPage = new QWidget(m_pages);
    m_empty = new EmptyPage(m_emptyPage);
    auto* emptyColumn = new QVBoxLayout(m_emptyPage);
    emptyColumn->setContentsMargins(0, 0, 0, 0);
    emptyColumn->addWidget(m_empty);
    emptyColumn->addStretch();
    connect(m_empty, &EmptyPage::protectRequested, this, &MainWindow::protectDatabase);
    m_databasesPage = makeDatabasesPage();
    m_blankPage = new QWidget(m_pages);
    for (QWidget* page : {m_blankPage, m_emptyPage, m_databasesPage}) {
        m_pages->addWidget(page);
    }
    column->addWidget(m_hero);
    column->addWidget(m_banners);
    column->addWidget(m_pages, 1);
    setCentralWidget(content);
}

void MainWindow::makeButtons() {
    const auto make = [this](const QString& text, const char* name) {
        auto* button = new QPushButton(text, m_hero);
        button->setObjectName(QString::fromLatin1(name));
        m_hero->addButton(button);
        return button;
    };
    m_copyButton = make(tr("Copy Now"), "copyNow");
    m_copyButton->setToolTip(m_copyNow->toolTip());
    connect(m_copyButton, &QPushButton::clicked, m_copyNow, &QAction::trigger);
    m_pauseButton = make(tr("Pause Uploads"), "pause");
    connect(m_pauseButton, &QPushButton::clicked, m_resume, &QAction::trigger);
    m_restoreButton = new AccentButton(tr("Restore…"), m_hero);
    m_restoreButton->setObjectName(QStringLiteral("restore"));
    m_hero->addButton(m_restoreButton);
    connect(m_restoreButton, &QPushButton::clicked, m_restore, &QAction::trigger);
}

QWidget* MainWindow::makeDatabasesPage() {
    auto* page = new QWidget(m_pages);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(distance(*this, Distance::Between));
    auto* card = new Card(page);
    auto* inside = new QVBoxLayout(card);
    // The card's round corners stay outside of the table.
    const int inset = scaled(*this, 4);
    inside->setContentsMargins(1, inset, 1, inset);
    m_table = new DatabaseTable(*m_model, card);
    connect(m_table, &DatabaseTable::currentDatabaseChanged, this, [this] {
        refreshDetails();
        refreshActions();
    });
    connect(m_table, &DatabaseTable::databaseActivated, m_restore, &QAction::trigger);
    m_table->addAction(m_restore);
    m_table->addAction(m_copyNow);
    m_table->addAction(m_showFile);
    m_table->setContextMenuPolicy(Qt::ActionsContextMenu);
    inside->addWidget(m_table);
    m_details = new DatabaseDetails(page);
    // As high as its rows, and scrolling where they are too many.
    card->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    column->addWidget(card, 1);
    column->addWidget(m_details);
    column->addStretch();
    return page;
}

void MainWindow::makeStatusBar() {
    m_queueLabel = new QLabel(this);
    m_checkedLabel = new QLabel(this);
    const int inside = distance(*this, Distance::Inside);
    m_queueLabel->setContentsMargins(inside, 0, inside, 0);
    m_checkedLabel->setContentsMargins(inside, 0, inside, 0);
    makeQuiet(*m_queueLabel);
    makeQuiet(*m_checkedLabel);
    statusBar()->addWidget(m_queueLabel, 1);
    statusBar()->addPermanentWidget(m_checkedLabel);
    statusBar()->setSizeGripEnabled(false);
    resize(scaled(*this, 1000), scaled(*this, 660));
}

}  // namespace ui
