// SPDX-License-Identifier: Apache-2.0
// The main window: the sentence, the banners, the databases, the details of the selected one. It
// shows what the bridge's view says and asks the bridge; it knows no engine. GUI thread.
//
// Closing it while it records asks first; then it waits for the engine to stop (ended) and is gone.
#pragma once

#include <QMainWindow>

#include "ui/text/status_text.h"

class QLabel;
class QMenu;
class QPushButton;
class QStackedWidget;

namespace ui {

class BannerList;
class Card;
class DatabaseDetails;
class DatabaseModel;
class DatabaseTable;
class EmptyPage;
class EngineBridge;
class HeroCard;

class MainWindow final : public QMainWindow {
    Q_OBJECT

public:
    explicit MainWindow(EngineBridge& bridge, QWidget* parent = nullptr);

    /// Without asking: the session ends, or somebody asked already.
    void quit();

protected:
    void closeEvent(QCloseEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void makeActions();
    void makeMenus();
    void makePauseMenu();
    void makeContent();
    void makeButtons();
    void makeStatusBar();
    QWidget* makeDatabasesPage();

    void refresh();
    void refreshPage(const EngineView& view, engine::Time now);
    void refreshDetails();
    void refreshActions();
    void takeAction(const BannerText& banner);

    void restoreCurrent();
    void copyNow();
    void pauseFor(std::int64_t ms);
    void pauseUntilTomorrow();
    void showCurrentFile();
    void openConfiguration();
    void protectDatabase();
    void showAbout();
    void askToQuit();
    void showFailure(const engine::Error& error);

    EngineBridge& m_bridge;
    DatabaseModel* m_model;

    QAction* m_protect = nullptr;
    QAction* m_restore = nullptr;
    QAction* m_copyNow = nullptr;
    QAction* m_resume = nullptr;
    QAction* m_showFile = nullptr;
    QAction* m_openConfiguration = nullptr;
    QMenu* m_pauseMenu = nullptr;

    HeroCard* m_hero = nullptr;
    QPushButton* m_restoreButton = nullptr;
    QPushButton* m_copyButton = nullptr;
    QPushButton* m_pauseButton = nullptr;
    BannerList* m_banners = nullptr;
    QStackedWidget* m_pages = nullptr;
    EmptyPage* m_empty = nullptr;
    QWidget* m_emptyPage = nullptr;
    QWidget* m_databasesPage = nullptr;
    QWidget* m_blankPage = nullptr;
    DatabaseTable* m_table = nullptr;
    DatabaseDetails* m_details = nullptr;
    QLabel* m_queueLabel = nullptr;
    QLabel* m_checkedLabel = nullptr;
    std::optional<BannerText> m_failure;  // of the last command, until it is seen to work
    bool m_quitting = false;
};

}  // namespace ui
