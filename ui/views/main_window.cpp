// SPDX-License-Identifier: Apache-2.0
#include "ui/views/main_window.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDateTime>
#include <QDesktopServices>
#include <QFileInfo>
#include <QLabel>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QStackedWidget>
#include <QUrl>

#include "ui/bridge/engine_bridge.h"
#include "ui/models/database_model.h"
#include "ui/text/error_text.h"
#include "ui/text/units.h"
#include "ui/views/banner_list.h"
#include "ui/views/database_details.h"
#include "ui/views/database_table.h"
#include "ui/views/empty_page.h"
#include "ui/views/hero_card.h"
#include "ui/wizard/protect_dialog.h"
#include "ui/wizard/restore_dialog.h"

namespace ui {

MainWindow::MainWindow(EngineBridge& bridge, QWidget* parent)
    : QMainWindow(parent)
    , m_bridge(bridge)
    , m_model(new DatabaseModel(this)) {
    setObjectName(QStringLiteral("mainWindow"));
    setWindowTitle(tr("Strandline"));
    makeActions();
    makeMenus();
    makeContent();
    makeStatusBar();
    connect(&m_bridge, &EngineBridge::viewChanged, this, &MainWindow::refresh);
    connect(&m_bridge, &EngineBridge::commandFailed, this, &MainWindow::showFailure);
    connect(&m_bridge, &EngineBridge::ended, this, [this] {
        m_quitting = true;
        hide();
        QApplication::quit();
    });
    refresh();
}

void MainWindow::refresh() {
    const EngineView& view = m_bridge.view();
    const engine::Time now = presentTime();
    const Headline headline = headlineOf(view, now);
    m_hero->setHeadline(headline);
    setWindowTitle(
        tr("%1 – Strandline", "the headline in the window's title").arg(headline.sentence));
    QList<BannerText> banners = bannersOf(view, now);
    if (m_failure) {
        banners.prepend(*m_failure);
    }
    m_banners->setBanners(banners);
    m_model->update(view, now);
    refreshPage(view, now);
    refreshDetails();
    refreshActions();
    m_queueLabel->setText(isStale(view, now) ? QString() : queueText(view));
    m_checkedLabel->setText(checkedText(view, now));
}

void MainWindow::refreshPage(const EngineView& view, engine::Time /*now*/) {
    const bool known = view.status != nullptr && !view.status->databases.empty();
    const bool nothingSetUp = view.phase == Phase::NoConfiguration || (view.live() && !known);
    m_empty->setConfigurationPath(QString::fromStdString(m_bridge.replicas().configPath));
    m_pages->setCurrentWidget(known ? m_databasesPage : nothingSetUp ? m_emptyPage : m_blankPage);
    if (known) {
        m_table->selectFirstIfNone();
    }
}

void MainWindow::refreshDetails() {
    const engine::DatabaseStatus* database = m_table->current();
    m_details->setVisible(database != nullptr);
    if (database != nullptr) {
        const engine::Time now = presentTime();
        m_details->setDatabase(*database, isStale(m_bridge.view(), now), now);
    }
}

void MainWindow::refreshActions() {
    const EngineView& view = m_bridge.view();
    const bool chosen = m_table->current() != nullptr;
    const bool any = view.status != nullptr && !view.status->databases.empty();
    const bool live = view.live() && any;
    const bool paused = view.status != nullptr && view.status->paused;
    // A restore needs the replica only, whoever records or does not.
    m_restore->setEnabled(chosen && !m_table->current()->replicas.empty());
    m_copyNow->setEnabled(live && chosen);
    m_pauseMenu->setEnabled(live && !paused);
    m_resume->setEnabled(live && paused);
    m_showFile->setEnabled(chosen);
    m_protect->setEnabled(!m_bridge.replicas().configPath.empty());
    m_openConfiguration->setEnabled(m_protect->isEnabled());
    m_pauseButton->setEnabled(live);
    m_pauseButton->setText(paused ? tr("Resume Uploads") : tr("Pause Uploads"));
    m_pauseButton->setMenu(paused ? nullptr : m_pauseMenu);
    for (QPushButton* button : {m_restoreButton, m_copyButton, m_pauseButton}) {
        button->setVisible(any);
    }
    m_restoreButton->setEnabled(m_restore->isEnabled());
    m_copyButton->setEnabled(m_copyNow->isEnabled());
}

void MainWindow::takeAction(const BannerText& banner) {
    switch (banner.action) {
        case BannerAction::TryAgain:
        case BannerAction::RecordHere:
            m_bridge.reopen();
            break;
        case BannerAction::Resume:
            m_bridge.resume();
            break;
        case BannerAction::OpenConfiguration:
            openConfiguration();
            break;
        case BannerAction::ShowDatabase:
            m_table->select(banner.database);
            m_table->setFocus();
            break;
        case BannerAction::None:
            break;
    }
}

void MainWindow::restoreCurrent() {
    if (const engine::DatabaseStatus* database = m_table->current()) {
        auto* dialog = new RestoreDialog(m_bridge, *database, this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->open();
    }
}

void MainWindow::copyNow() {
    m_failure.reset();
    if (const engine::DatabaseStatus* database = m_table->current()) {
        m_bridge.requestSnapshot(toQString(database->name));
    }
}

void MainWindow::pauseFor(std::int64_t ms) {
    m_failure.reset();
    m_bridge.pause(ms == 0 ? engine::Time{} : presentTime().plus(ms));
}

void MainWindow::pauseUntilTomorrow() {
    m_failure.reset();
    const QDateTime morning = QDate::currentDate().addDays(1).startOfDay();
    m_bridge.pause(engine::Time{morning.toMSecsSinceEpoch()});
}

void MainWindow::showCurrentFile() {
    if (const engine::DatabaseStatus* database = m_table->current()) {
        const QFileInfo file(toQString(database->path));
        QDesktopServices::openUrl(QUrl::fromLocalFile(file.absolutePath()));
    }
}

void MainWindow::openConfiguration() {
    const QString path = QString::fromStdString(m_bridge.replicas().configPath);
    QDesktopServices::openUrl(QUrl::fromLocalFile(path));
}

void MainWindow::protectDatabase() {
    auto* dialog = new ProtectDialog(m_bridge, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

void MainWindow::showFailure(const engine::Error& error) {
    BannerText banner;
    banner.title = tr("That did not work.");
    banner.text = sentencesOf(error);
    m_failure = banner;
    refresh();
}

void MainWindow::showAbout() {
    QMessageBox::about(
        this,
        tr("About Strandline"),
        tr("<h3>Strandline %1</h3><p>Records every change of your databases while it happens, and "
           "brings any moment of them back.</p>"
           "<p>Your databases are only ever read.</p><p>Apache License 2.0</p>")
            .arg(QApplication::applicationVersion().toHtmlEscaped()));
}

void MainWindow::askToQuit() {
    auto* question = new QMessageBox(QMessageBox::Question,
                                     tr("Quit Strandline?"),
                                     tr("Recording stops until Strandline runs again."),
                                     QMessageBox::NoButton,
                                     this);
    question->setInformativeText(
        tr("What the databases hold then is caught up at the next start; the moments in between "
           "are not recorded one by one."));
    QPushButton* keep = question->addButton(tr("Keep Running"), QMessageBox::RejectRole);
    QPushButton* quitButton = question->addButton(tr("Quit"), QMessageBox::AcceptRole);
    question->setDefaultButton(keep);
    question->setEscapeButton(keep);
    question->setAttribute(Qt::WA_DeleteOnClose);
    connect(quitButton, &QPushButton::clicked, this, &MainWindow::quit);
    question->open();
}

void MainWindow::quit() {
    if (!m_quitting) {
        m_quitting = true;
        setEnabled(false);
        m_bridge.shutDown();
    }
}

void MainWindow::closeEvent(QCloseEvent* event) {
    // The engine stops first; the window goes when it has.
    event->ignore();
    if (m_quitting) {
        return;
    }
    const EngineView& view = m_bridge.view();
    const bool recording =
        view.phase == Phase::Recording && view.status != nullptr && !view.status->databases.empty();
    if (recording) {
        askToQuit();
    } else {
        quit();
    }
}

void MainWindow::showEvent(QShowEvent* event) {
    QMainWindow::showEvent(event);
    m_bridge.setWatched(true);
}

void MainWindow::hideEvent(QHideEvent* event) {
    QMainWindow::hideEvent(event);
    m_bridge.setWatched(false);
}

void MainWindow::changeEvent(QEvent* event) {
    QMainWindow::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_hero != nullptr) {
        refresh();
    }
}

}  // namespace ui
